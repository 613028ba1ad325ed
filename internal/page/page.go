// Package page makes the opaque page tokens of lists: a cursor, signed and bound to the query that it belongs to, so
// that a token cannot be made up, altered, or carried to another query or caller.
package page

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"github.com/tripgen/tripgen/internal/errs"
)

// ErrToken refuses a token that is not one of this query's. Read again from the first page.
var ErrToken = errs.InvalidArgument(errs.ReasonPageTokenInvalid,
	"목록이 바뀌었습니다. 처음부터 다시 불러와 주세요.", "This page token does not belong to this list. Start again from the first page.")

// Tokens signs and checks page tokens.
type Tokens struct{ key []byte }

// macSize is half of SHA-256: 128 bits of strength in a shorter token.
const macSize = sha256.Size / 2

// NewTokens takes the signing key, 32 bytes or more, the same in all instances of a service.
func NewTokens(key []byte) (*Tokens, error) {
	if len(key) < 32 {
		return nil, fmt.Errorf("page token key has %d bytes, needs 32", len(key))
	}
	return &Tokens{key: key}, nil
}

// Query is what a token is bound to: the procedure, the caller, and every filter and order of the list, but neither
// page size nor token.
type Query []string

// Seal makes the token that stands for cursor in this query. The cursor is signed, not encrypted. An empty cursor (no
// further page) gives an empty token.
func (t *Tokens) Seal(q Query, cursor string) string {
	if cursor == "" {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(append(t.mac(q, cursor), cursor...))
}

// Open gives back the cursor; an empty token (the first page) gives an empty cursor. Anything that Seal did not make
// for this query gives [ErrToken].
func (t *Tokens) Open(q Query, token string) (string, error) {
	if token == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) <= macSize {
		return "", ErrToken
	}
	cursor := string(raw[macSize:])
	if !hmac.Equal(raw[:macSize], t.mac(q, cursor)) {
		return "", ErrToken
	}
	return cursor, nil
}

// mac covers each part with its length, so that no two queries look the same.
func (t *Tokens) mac(q Query, cursor string) []byte {
	h := hmac.New(sha256.New, t.key)
	for _, part := range append(q[:len(q):len(q)], cursor) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	return h.Sum(nil)[:macSize]
}
