package authn

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tripgen/tripgen/internal/clock"
)

const (
	// KeysFresh is how long fetched keys are used without asking again: how long a service goes on accepting a key that
	// the issuer has withdrawn.
	KeysFresh = 5 * time.Minute
	// keysUsable is how long they are used while the issuer cannot be reached.
	keysUsable = time.Hour
	// keysRetry bounds how often the issuer is asked, whatever key ids callers make up.
	keysRetry = 2 * time.Second
	// keysTimeout bounds one fetch.
	keysTimeout = 3 * time.Second
	// keysSize bounds the document, in bytes.
	keysSize = 1 << 20
)

var errUnknownKey = errors.New("the token's key is not among the issuer's")

// keySet caches the issuer's verification keys by key id.
type keySet struct {
	url    string
	client *http.Client
	clock  clock.Clock

	mu      sync.Mutex // held while fetching: callers of an unknown key wait for one fetch together
	keys    map[string]*ecdsa.PublicKey
	fetched time.Time
	asked   time.Time
	lastErr error
}

// find gives the key of this id; errUnknownKey where the issuer does not have it, another error where the issuer could
// not be asked.
func (s *keySet) find(ctx context.Context, kid string) (*ecdsa.PublicKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	key, age := s.keys[kid], now.Sub(s.fetched)
	if key != nil && age < KeysFresh {
		return key, nil
	}
	if now.Sub(s.asked) >= keysRetry || s.asked.IsZero() {
		s.refresh(ctx, now)
		key, age = s.keys[kid], now.Sub(s.fetched)
	}
	switch {
	case key != nil && age < keysUsable:
		return key, nil
	case s.lastErr != nil:
		return nil, s.lastErr
	}
	return nil, errUnknownKey
}

func (s *keySet) refresh(ctx context.Context, now time.Time) {
	s.asked = now
	// A caller that goes away must not spoil the fetch for those who wait for it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keysTimeout)
	defer cancel()
	keys, err := s.fetch(ctx)
	s.lastErr = err
	if err == nil {
		s.keys, s.fetched = keys, now
	}
}

func (s *keySet) fetch(ctx context.Context) (map[string]*ecdsa.PublicKey, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, fmt.Errorf("fetch keys: %w", err)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch keys: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch keys from %s: %s", s.url, res.Status)
	}
	var doc jose.JSONWebKeySet
	if err := json.NewDecoder(io.LimitReader(res.Body, keysSize)).Decode(&doc); err != nil {
		return nil, fmt.Errorf("read keys from %s: %w", s.url, err)
	}
	keys := make(map[string]*ecdsa.PublicKey, len(doc.Keys))
	for _, k := range doc.Keys {
		if pub := signingKey(k); pub != nil {
			keys[k.KeyID] = pub
		}
	}
	return keys, nil
}

// signingKey is the key if it can verify ES256, or nil.
func signingKey(k jose.JSONWebKey) *ecdsa.PublicKey {
	pub, ok := k.Key.(*ecdsa.PublicKey)
	wrongUse := k.Use != "" && k.Use != "sig"
	wrongAlg := k.Algorithm != "" && k.Algorithm != string(jose.ES256)
	if !ok || !k.Valid() || wrongUse || wrongAlg || pub.Curve != elliptic.P256() {
		return nil
	}
	return pub
}
