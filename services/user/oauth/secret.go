package oauth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
)

// SecretHasher hashes generated client secrets with HMAC-SHA-256. They have 130 bits of randomness or more, so that a
// slow hash would only make tokens slow.
type SecretHasher struct{ key []byte }

// NewSecretHasher takes the key, 32 bytes.
func NewSecretHasher(key []byte) SecretHasher { return SecretHasher{key} }

var errSecret = errors.New("client secret is wrong")

// Compare is nil if the secret has the hash.
func (h SecretHasher) Compare(ctx context.Context, hash, secret []byte) error {
	got, err := h.Hash(ctx, secret)
	if err != nil {
		return err
	}
	if len(hash) == 0 || !hmac.Equal(hash, got) {
		return errSecret
	}
	return nil
}

// Hash is what is stored.
func (h SecretHasher) Hash(_ context.Context, secret []byte) ([]byte, error) {
	m := hmac.New(sha256.New, h.key)
	m.Write(secret)
	return m.Sum(nil), nil
}

// NewSecret makes a client secret. The prefix is for scanners that look for secrets in the wrong places.
func NewSecret() string { return "tgs_" + rand.Text() + rand.Text() }
