package personal

import (
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Adder takes the documents of a collection one by one.
type Adder func(path string, content []byte) error

// Message adds a message of the contract as the document PATH.json.
func (a Adder) Message(path string, m proto.Message) error {
	content, err := protojson.MarshalOptions{Multiline: true, UseProtoNames: true}.Marshal(m)
	if err != nil {
		return err
	}
	return a(path+".json", content)
}
