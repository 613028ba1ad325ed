package seal

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
)

// Why keys are not changed as asked.
var (
	// ErrYoung means that a key has not been in the file for long enough: a process that does not have it yet could not
	// open what it seals.
	ErrYoung = errors.New("the newest key is too young")
	// ErrPrimary means that the key is the one that seals.
	ErrPrimary = errors.New("the key is the primary one")
	// ErrEnabled means that the key still opens.
	ErrEnabled = errors.New("the key is enabled")
	// ErrNoKey means that the file has no such key.
	ErrNoKey = errors.New("no such key")
)

// Keys are the content of a key file. A new key is brought in by stages, so that processes that share the file and read
// it at different times always open each other's values: [Keys.Add] lets all of them open with it, and once they have
// read the file [Keys.Promote] lets them seal with it.
type Keys struct {
	handle *keyset.Handle
	index  []byte
	made   map[uint32]time.Time
}

// Key tells of one key, without its secret.
type Key struct {
	ID uint32
	// Made is when it was added; zero where that was not noted.
	Made time.Time
	// Primary is the key that seals; enabled ones open.
	Primary, Enabled bool
}

// keyFile is the key file's form: a Tink keyset in clear text (the file has to be guarded like one: mounted from a
// secret store, mode 0600), the key of the blind indexes, which cannot be rotated without indexing again, and when the
// AEAD's keys were made.
type keyFile struct {
	AEAD  json.RawMessage      `json:"aead"`
	Index []byte               `json:"index"`
	Made  map[uint32]time.Time `json:"made,omitempty"`
}

const indexKeySize = 32

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
	return (&Keys{handle: handle, index: index}).bytes()
}

// Change gives the key file's content after change; see [Edit] for a file.
func Change(file []byte, change func(*Keys) error) ([]byte, error) {
	k, err := parse(file)
	if err != nil {
		return nil, err
	}
	if err := change(k); err != nil {
		return nil, err
	}
	changed, err := k.bytes()
	if err != nil {
		return nil, err
	}
	if _, err := New(changed); err != nil { // what no process could read is not written
		return nil, err
	}
	return changed, nil
}

// List gives the keys in the order in which they were added.
func (k *Keys) List() []Key {
	info := k.handle.KeysetInfo()
	var list []Key
	for _, key := range info.GetKeyInfo() {
		id := key.GetKeyId()
		list = append(list, Key{
			ID: id, Made: k.made[id], Primary: id == info.GetPrimaryKeyId(), Enabled: key.GetStatus() == tinkpb.KeyStatusType_ENABLED,
		})
	}
	return list
}

// Add makes a key that opens and does not seal yet.
func (k *Keys) Add(now time.Time) (id uint32, err error) {
	err = k.manage("add a key", func(m *keyset.Manager) error {
		id, err = m.Add(aead.AES256GCMKeyTemplate())
		return err
	})
	if err != nil {
		return 0, err
	}
	made := maps.Clone(k.made)
	if made == nil {
		made = make(map[uint32]time.Time)
	}
	made[id] = now.UTC().Truncate(time.Second)
	k.made = made
	return id, nil
}

// Promote makes the newest enabled key the one that seals. It gives [ErrYoung] while the key has been in the file for
// less than settled or nobody knows since when, unless settled is 0, and [ErrPrimary] where that key seals already.
func (k *Keys) Promote(now time.Time, settled time.Duration) (uint32, error) {
	var newest Key
	for _, key := range k.List() {
		if key.Enabled {
			newest = key
		}
	}
	if newest.Primary {
		return 0, fmt.Errorf("promote key %d: %w: add one first", newest.ID, ErrPrimary)
	}
	if settled > 0 && (newest.Made.IsZero() || now.Sub(newest.Made) < settled) {
		since := "at an unknown time"
		if !newest.Made.IsZero() {
			since = newest.Made.Format(time.RFC3339)
		}
		return 0, fmt.Errorf("promote key %d, added %s: %w: every process has to have it first, for which %s are given",
			newest.ID, since, ErrYoung, settled)
	}
	return newest.ID, k.manage("promote", func(m *keyset.Manager) error { return m.SetPrimary(newest.ID) })
}

// Disable ends a key: what it sealed opens no more. It gives [ErrPrimary] or [ErrNoKey].
func (k *Keys) Disable(id uint32) error {
	for _, key := range k.List() {
		switch {
		case key.ID != id:
		case key.Primary:
			return fmt.Errorf("disable key %d: %w: promote another first", id, ErrPrimary)
		default:
			return k.manage("disable", func(m *keyset.Manager) error { return m.Disable(id) })
		}
	}
	return fmt.Errorf("disable key %d: %w", id, ErrNoKey)
}

// Drop takes a disabled key out of the file. It gives [ErrEnabled] or [ErrNoKey].
func (k *Keys) Drop(id uint32) error {
	for _, key := range k.List() {
		switch {
		case key.ID != id:
		case key.Enabled:
			return fmt.Errorf("drop key %d: %w: disable it first", id, ErrEnabled)
		default:
			return k.manage("drop", func(m *keyset.Manager) error { return m.Delete(id) })
		}
	}
	return fmt.Errorf("drop key %d: %w", id, ErrNoKey)
}

func (k *Keys) manage(what string, change func(*keyset.Manager) error) error {
	manager := keyset.NewManagerFromHandle(k.handle)
	err := change(manager)
	if err == nil {
		k.handle, err = manager.Handle()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (k *Keys) ring(file []byte) (*ring, error) {
	primitive, err := aead.New(k.handle)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return &ring{aead: primitive, primary: k.handle.KeysetInfo().GetPrimaryKeyId(), content: sha256.Sum256(file)}, nil
}

func parse(file []byte) (*Keys, error) {
	var f keyFile
	if err := json.Unmarshal(file, &f); err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(f.AEAD)))
	if err != nil {
		// The cause may quote the value that it stumbled over, which may be a key: it must not reach a log.
		return nil, errors.New("read keys: aead is not a Tink keyset")
	}
	if len(f.Index) != indexKeySize {
		return nil, fmt.Errorf("read keys: index key has %d bytes, not %d", len(f.Index), indexKeySize)
	}
	return &Keys{handle: handle, index: f.Index, made: f.Made}, nil
}

func (k *Keys) bytes() ([]byte, error) {
	var set bytes.Buffer
	if err := insecurecleartextkeyset.Write(k.handle, keyset.NewJSONWriter(&set)); err != nil {
		return nil, fmt.Errorf("write keys: %w", err)
	}
	file, err := json.Marshal(keyFile{AEAD: set.Bytes(), Index: k.index, Made: k.made})
	if err != nil {
		return nil, fmt.Errorf("write keys: %w", err)
	}
	return file, nil
}
