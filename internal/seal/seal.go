// Package seal encrypts personal data before it is stored, with keys that can be rotated, and makes blind indexes to
// look it up by. The encryption is Tink's AES-256-GCM.
package seal

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// ErrOpen means that a value was not sealed by these keys with this context, or was altered.
var ErrOpen = errors.New("sealed value cannot be opened")

// Sealer seals and opens values. It may be used by several goroutines.
type Sealer struct {
	aead  tink.AEAD
	index []byte
}

// keys is the key file: a Tink keyset in clear text (the file has to be guarded like one: mounted from a secret store,
// mode 0600) and the key of the blind indexes, which cannot be rotated without indexing again.
type keys struct {
	AEAD  json.RawMessage `json:"aead"`
	Index []byte          `json:"index"`
}

const (
	indexKeySize = 32
	keyFileMode  = 0o600
)

// Generate makes the content of a key file with fresh keys.
func Generate() ([]byte, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	index := make([]byte, indexKeySize)
	if _, err := rand.Read(index); err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	return write(handle, index)
}

// Rotate gives the key file's content with a new key to seal with; what the old keys sealed still opens.
func Rotate(file []byte) ([]byte, error) {
	handle, index, err := read(file)
	if err != nil {
		return nil, err
	}
	manager := keyset.NewManagerFromHandle(handle)
	added, err := manager.Add(aead.AES256GCMKeyTemplate())
	if err == nil {
		err = manager.SetPrimary(added)
	}
	if err == nil {
		handle, err = manager.Handle()
	}
	if err != nil {
		return nil, fmt.Errorf("rotate keys: %w", err)
	}
	return write(handle, index)
}

// New makes a sealer from a key file's content.
func New(file []byte) (*Sealer, error) {
	handle, index, err := read(file)
	if err != nil {
		return nil, err
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return &Sealer{aead: primitive, index: index}, nil
}

// Load makes a sealer from a key file.
func Load(path string) (*Sealer, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
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

// createWhole makes a file that nobody ever sees in part; fs.ErrExist where it is there.
func createWhole(path string, content []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".keys-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, err = temp.Write(content)
	err = errors.Join(err, temp.Chmod(keyFileMode), temp.Sync(), temp.Close())
	if err != nil {
		return err
	}
	return os.Link(temp.Name(), path)
}

// Seal encrypts plain for a place: the context, such as "trip_…/member/name", is not stored and has to be the same for
// opening, so that sealed values cannot be swapped between rows or columns. Sealing twice gives different values.
func (s *Sealer) Seal(plain []byte, context string) ([]byte, error) {
	sealed, err := s.aead.Encrypt(plain, []byte(context))
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal made with the same context, or gives [ErrOpen].
func (s *Sealer) Open(sealed []byte, context string) ([]byte, error) {
	plain, err := s.aead.Decrypt(sealed, []byte(context))
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

func read(file []byte) (*keyset.Handle, []byte, error) {
	var k keys
	if err := json.Unmarshal(file, &k); err != nil {
		return nil, nil, fmt.Errorf("read keys: %w", err)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(k.AEAD)))
	if err != nil {
		return nil, nil, fmt.Errorf("read keys: %w", err)
	}
	if len(k.Index) != indexKeySize {
		return nil, nil, fmt.Errorf("read keys: index key has %d bytes, not %d", len(k.Index), indexKeySize)
	}
	return handle, k.Index, nil
}

func write(handle *keyset.Handle, index []byte) ([]byte, error) {
	var set bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&set)); err != nil {
		return nil, fmt.Errorf("write keys: %w", err)
	}
	file, err := json.Marshal(keys{AEAD: set.Bytes(), Index: index})
	if err != nil {
		return nil, fmt.Errorf("write keys: %w", err)
	}
	return file, nil
}
