package postgres

import (
	"fmt"

	"github.com/klauspost/compress/s2"
)

// packed begins documents that are stored packed. A marshalled message never begins so: there is no field 0. What was
// stored before is read as it is.
const packed = 0

// pack makes a document smaller before it is sealed, after which PostgreSQL cannot: an edit writes all of it anew.
func pack(document []byte) []byte {
	if len(document) == 0 {
		return document
	}
	out := make([]byte, 1+s2.MaxEncodedLen(len(document)))
	out[0] = packed
	return out[:1+len(s2.Encode(out[1:], document))]
}

func unpack(stored []byte) ([]byte, error) {
	if len(stored) == 0 || stored[0] != packed {
		return stored, nil
	}
	document, err := s2.Decode(nil, stored[1:])
	if err != nil {
		return nil, fmt.Errorf("unpack a document: %w", err)
	}
	return document, nil
}
