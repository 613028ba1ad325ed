// Package seal encrypts personal data before it is stored, with keys that can be rotated, and makes blind indexes to
// look it up by. The encryption is Tink's AES-256-GCM.
package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"

	"github.com/tink-crypto/tink-go/v2/core/cryptofmt"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// ErrOpen means that a value was not sealed by these keys with this context, or was altered.
var ErrOpen = errors.New("sealed value cannot be opened")

// Sealer seals and opens values. It may be used by several goroutines, also while [Sealer.Reload] or [Sealer.Follow]
// gives it other keys.
type Sealer struct {
	ring  atomic.Pointer[ring]
	index []byte
}

// ring is the keys of one content of the key file.
type ring struct {
	aead    tink.AEAD
	primary uint32
	content [sha256.Size]byte // digest of the file
}

// New makes a sealer from a key file's content.
func New(file []byte) (*Sealer, error) {
	k, err := parse(file)
	if err != nil {
		return nil, err
	}
	r, err := k.ring(file)
	if err != nil {
		return nil, err
	}
	s := &Sealer{index: k.index}
	s.ring.Store(r)
	return s, nil
}

// Load makes a sealer from a key file.
func Load(path string) (*Sealer, error) {
	file, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return New(file)
}

// LoadOrCreate is [Load] for machines without a secret store: it makes the file where it is missing. Of several
// processes that do so at once one wins, and all use its keys.
func LoadOrCreate(path string) (*Sealer, error) {
	sealer, err := Load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return sealer, err
	}
	content, err := Generate()
	if err != nil {
		return nil, err
	}
	if err := createWhole(path, content); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make key file: %w", err)
	}
	return Load(path)
}

// Seal encrypts plain for a place: the context, such as "trip_…/member/name", is not stored and has to be the same for
// opening, so that sealed values cannot be swapped between rows or columns. Sealing twice gives different values.
func (s *Sealer) Seal(plain []byte, context string) ([]byte, error) {
	sealed, err := s.ring.Load().aead.Encrypt(plain, []byte(context))
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal made with the same context, or gives [ErrOpen].
func (s *Sealer) Open(sealed []byte, context string) ([]byte, error) {
	plain, err := s.ring.Load().aead.Decrypt(sealed, []byte(context))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOpen, err)
	}
	return plain, nil
}

// BlindIndex is a keyed hash (HMAC-SHA-256, 32 bytes) of a value within a field, such as "user/email": equal values have
// equal indexes, and without the key nothing can be learned or guessed from one. Normalise the value first.
func (s *Sealer) BlindIndex(field, value string) []byte {
	mac := hmac.New(sha256.New, s.index)
	mac.Write([]byte(field))
	mac.Write([]byte{0}) // fields have no zero bytes
	mac.Write([]byte(value))
	return mac.Sum(nil)
}

// Derive gives 32 bytes of key material for a purpose of its own, such as "page-tokens", the same in all processes with
// this key file.
func (s *Sealer) Derive(purpose string) []byte { return s.BlindIndex("derive", purpose) }

// Header is what everything begins with that is sealed now: see [HeaderOf].
func (s *Sealer) Header() []byte { return HeaderOf(s.ring.Load().primary) }

// HeaderOf is what everything begins with that a key has sealed: Tink's prefix, a version and the key's id (5 bytes).
func HeaderOf(key uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{cryptofmt.TinkStartByte}, key)
}
