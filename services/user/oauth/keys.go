package oauth

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tripgen/tripgen/internal/clock"
)

// KeyTimes are the times of signing keys.
type KeyTimes struct {
	// Every is how long a key signs before the next one does; zero never rotates by itself.
	Every time.Duration
	// Lead is how long a new key is published before it signs, so that everybody who caches keys has it by then.
	Lead time.Duration
	// Keep is how long a key is published after it signed last: no shorter than the longest life of a token.
	Keep time.Duration
	// Reload is how often a process looks for keys that others made; much shorter than Lead.
	Reload time.Duration
}

// Keys are the signing keys of one process, as the store has them.
type Keys struct {
	store KeyStore
	clock clock.Clock
	times KeyTimes
	ring  atomic.Pointer[ring]
}

type ring struct {
	keys []signingKey // by the time they sign
	byID map[string]*ecdsa.PublicKey
}

type signingKey struct {
	id       string
	signs    time.Time
	access   jose.Signer
	identity jose.Signer
	public   jose.JSONWebKey
}

// OpenKeys makes the first key if there is none, and loads all.
func OpenKeys(ctx context.Context, store KeyStore, c clock.Clock, t KeyTimes) (*Keys, error) {
	k := &Keys{store: store, clock: c, times: t}
	if err := k.RotateIfDue(ctx); err != nil {
		return nil, err
	}
	return k, nil
}

// Run loads the keys again and again, and rotates them when it is time, until ctx ends. A store that is away does no
// harm: the keys at hand go on.
func (k *Keys) Run(ctx context.Context, failed func(error)) error {
	tick := time.NewTicker(k.times.Reload)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := k.RotateIfDue(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
	}
}

// RotateIfDue adds the next key when the newest one has signed for long enough, and loads all keys.
func (k *Keys) RotateIfDue(ctx context.Context) error {
	return k.rotate(ctx, func(newest StoredKey, now time.Time) bool {
		return k.times.Every > 0 && !now.Before(newest.Signs.Add(k.times.Every-k.times.Lead))
	})
}

// Rotate adds a key that signs after the lead, whatever the age of the newest one; it gives the key's id and when it
// starts to sign. A key that waits for its turn already is the answer to a second call.
func (k *Keys) Rotate(ctx context.Context) (id string, signs time.Time, err error) {
	err = k.rotate(ctx, func(newest StoredKey, now time.Time) bool { return !newest.Signs.After(now) })
	if err != nil {
		return "", time.Time{}, err
	}
	newest := k.ring.Load().keys[len(k.ring.Load().keys)-1]
	return newest.id, newest.signs, nil
}

func (k *Keys) rotate(ctx context.Context, due func(newest StoredKey, now time.Time) bool) error {
	now := k.clock.Now()
	stored, err := k.store.SigningKeys(ctx, now)
	if err != nil {
		return fmt.Errorf("load signing keys: %w", err)
	}
	if newest, ok := newestOf(stored); !ok || due(newest, now) {
		err := k.store.RotateKeys(ctx, now, func(there []StoredKey) ([]StoredKey, map[string]time.Time, error) {
			return k.next(there, now, due)
		})
		if err != nil {
			return fmt.Errorf("rotate signing keys: %w", err)
		}
		if stored, err = k.store.SigningKeys(ctx, now); err != nil {
			return fmt.Errorf("load signing keys: %w", err)
		}
	}
	loaded, err := load(stored)
	if err != nil {
		return err
	}
	k.ring.Store(loaded)
	return nil
}

// next decides under the store's lock, where another process may have been faster.
func (k *Keys) next(there []StoredKey, now time.Time, due func(StoredKey, time.Time) bool) ([]StoredKey, map[string]time.Time, error) {
	signs := now
	newest, ok := newestOf(there)
	if ok {
		if !due(newest, now) {
			return nil, nil, nil
		}
		signs = now.Add(k.times.Lead)
	}
	fresh, err := newKey(now, signs)
	if err != nil {
		return nil, nil, err
	}
	end := make(map[string]time.Time)
	for _, old := range there {
		if old.Ends.IsZero() {
			end[old.ID] = signs.Add(k.times.Keep)
		}
	}
	return []StoredKey{fresh}, end, nil
}

func newestOf(keys []StoredKey) (StoredKey, bool) {
	if len(keys) == 0 {
		return StoredKey{}, false
	}
	return slices.MaxFunc(keys, func(a, b StoredKey) int { return a.Signs.Compare(b.Signs) }), true
}

func newKey(now, signs time.Time) (StoredKey, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return StoredKey{}, fmt.Errorf("make signing key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return StoredKey{}, fmt.Errorf("encode signing key: %w", err)
	}
	return StoredKey{ID: rand.Text()[:16], Private: der, Created: now, Signs: signs}, nil
}

func load(stored []StoredKey) (*ring, error) {
	r := &ring{byID: make(map[string]*ecdsa.PublicKey, len(stored))}
	for _, s := range stored {
		key, err := loadKey(s)
		if err != nil {
			return nil, fmt.Errorf("signing key %s: %w", s.ID, err)
		}
		r.keys = append(r.keys, key)
		r.byID[s.ID], _ = key.public.Key.(*ecdsa.PublicKey)
	}
	if len(r.keys) == 0 {
		return nil, errors.New("there is no signing key")
	}
	slices.SortFunc(r.keys, func(a, b signingKey) int { return a.signs.Compare(b.signs) })
	return r, nil
}

func loadKey(s StoredKey) (signingKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(s.Private)
	if err != nil {
		return signingKey{}, err
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || private.Curve != elliptic.P256() {
		return signingKey{}, errors.New("is not an ECDSA key on P-256")
	}
	jwk := jose.JSONWebKey{Key: private, KeyID: s.ID, Algorithm: string(jose.ES256), Use: "sig"}
	access, err := newSigner(jwk, typeAccess)
	if err != nil {
		return signingKey{}, err
	}
	identity, err := newSigner(jwk, typeID)
	if err != nil {
		return signingKey{}, err
	}
	return signingKey{id: s.ID, signs: s.Signs, access: access, identity: identity, public: jwk.Public()}, nil
}

func newSigner(key jose.JSONWebKey, typ jose.ContentType) (jose.Signer, error) {
	return jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{}).WithType(typ))
}

// Public are the keys to publish (RFC 7517).
func (k *Keys) Public() jose.JSONWebKeySet {
	var set jose.JSONWebKeySet
	for _, key := range k.ring.Load().keys {
		set.Keys = append(set.Keys, key.public)
	}
	return set
}

// IDs are the ids of all published keys.
func (k *Keys) IDs() []string { return slices.Sorted(maps.Keys(k.ring.Load().byID)) }

// signing is the newest key whose time to sign has come.
func (k *Keys) signing() signingKey {
	keys, now := k.ring.Load().keys, k.clock.Now()
	for _, key := range slices.Backward(keys) {
		if !key.signs.After(now) {
			return key
		}
	}
	return keys[0]
}

// find is the public key of an id, or nil.
func (k *Keys) find(id string) *ecdsa.PublicKey { return k.ring.Load().byID[id] }
