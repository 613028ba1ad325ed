package rpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// heavyLook is how much of a request that is too large is looked at to say what makes it so.
const heavyLook = 1 << 20

// grpcPrefix is what stands before a message in gRPC: a flag for compression and its length.
const grpcPrefix = 5

// heavyField names the field of a request's message that alone goes beyond what is looked at, if it begins in the first
// half of it; "request" where there is none such, or it cannot be told.
func heavyField(r *http.Request) string {
	const unknown = "request"
	message := inputOf(r.URL.Path)
	if message == nil || r.Header.Get("Content-Encoding") != "" {
		return unknown
	}
	look, err := io.ReadAll(io.LimitReader(r.Body, heavyLook))
	if err != nil {
		return unknown
	}
	kind := r.Header.Get("Content-Type")
	if strings.HasPrefix(kind, "application/grpc") {
		if len(look) < grpcPrefix || look[0] != 0 {
			return unknown
		}
		look = look[grpcPrefix:]
	}
	var field protoreflect.FieldDescriptor
	if strings.HasSuffix(kind, "json") {
		field = heavyJSON(look, message.Fields())
	} else {
		field = heavyBinary(look, message.Fields())
	}
	if field == nil {
		return unknown
	}
	return string(field.Name())
}

// inputOf is the message that a procedure takes, or nil.
func inputOf(procedure string) protoreflect.MessageDescriptor {
	name := strings.ReplaceAll(strings.TrimPrefix(procedure, "/"), "/", ".")
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return nil
	}
	method, ok := d.(protoreflect.MethodDescriptor)
	if !ok {
		return nil
	}
	return method.Input()
}

// heavyBinary finds the field in which the first bytes of a message end.
func heavyBinary(look []byte, fields protoreflect.FieldDescriptors) protoreflect.FieldDescriptor {
	for rest := look; len(rest) > len(look)/2; {
		number, kind, n := protowire.ConsumeTag(rest)
		if n < 0 {
			return nil
		}
		size := protowire.ConsumeFieldValue(number, kind, rest[n:])
		if size < 0 { // it goes on behind what is there, or it is none: then no length is told
			if length, m := protowire.ConsumeVarint(rest[n:]); kind == protowire.BytesType && m > 0 && length > uint64(len(rest)-n-m) {
				return fields.ByNumber(number)
			}
			return nil
		}
		rest = rest[n+size:]
	}
	return nil
}

// heavyJSON finds the field in which the first bytes of an object end.
func heavyJSON(look []byte, fields protoreflect.FieldDescriptors) protoreflect.FieldDescriptor {
	d := json.NewDecoder(bytes.NewReader(look))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil
	}
	for d.InputOffset() < int64(len(look)/2) {
		token, err := d.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return nil
		}
		var value json.RawMessage
		switch err := d.Decode(&value); {
		case err == nil:
		case errors.Is(err, io.ErrUnexpectedEOF):
			if field := fields.ByJSONName(name); field != nil {
				return field
			}
			return fields.ByTextName(name)
		default:
			return nil
		}
	}
	return nil
}
