package oauth

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/ory/fosite"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
)

// A refresh token is tgr_ and the base64url of: the session's UUID, 32 random bytes, and an HMAC over both. The session
// in it finds the family in one look-up even when the token is long used, and the HMAC makes sure that it really was one
// of ours before reuse ends the family.
const (
	refreshPrefix = "tgr_"
	randomSize    = 32
	macSize       = 16
	refreshSize   = 16 + randomSize + macSize
)

// refreshTokens makes and reads refresh tokens. The first key makes them, the others are those before it.
type refreshTokens struct {
	keys  [][]byte
	clock clock.Clock
}

// GenerateRefreshToken makes a token for the request's session. Its signature is what the storage finds it by.
func (t refreshTokens) GenerateRefreshToken(_ context.Context, r fosite.Requester) (token, signature string, err error) {
	s, ok := r.GetSession().(*session)
	if !ok {
		return "", "", fmt.Errorf("refresh token for a session of type %T", r.GetSession())
	}
	of, err := id.Parse(id.Session, s.ID)
	if err != nil {
		return "", "", fmt.Errorf("refresh token: %w", err)
	}
	raw := make([]byte, 16+randomSize, refreshSize)
	copy(raw, of[:])
	_, _ = rand.Read(raw[16:]) // never fails
	raw = append(raw, mac(t.keys[0], raw)...)
	token = refreshPrefix + base64.RawURLEncoding.EncodeToString(raw)
	return token, t.RefreshTokenSignature(context.Background(), token), nil
}

// RefreshTokenSignature is the session's id and the token's hash, or empty for what never was a token of ours.
func (t refreshTokens) RefreshTokenSignature(_ context.Context, token string) string {
	encoded, ok := strings.CutPrefix(token, refreshPrefix)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if !ok || err != nil || len(raw) != refreshSize || !t.isOurs(raw) {
		return ""
	}
	sum := sha256.Sum256(raw)
	return string(id.Session) + "_" + uuid.UUID(raw[:16]).String() + "." + string(sum[:])
}

// ValidateRefreshToken checks that the session has not expired; the storage has compared the hash.
func (t refreshTokens) ValidateRefreshToken(_ context.Context, r fosite.Requester, _ string) error {
	s, ok := r.GetSession().(*session)
	if !ok || !t.clock.Now().Before(s.grant.Expires) {
		return fosite.ErrTokenExpired
	}
	return nil
}

func (t refreshTokens) isOurs(raw []byte) bool {
	for _, key := range t.keys {
		if hmac.Equal(raw[refreshSize-macSize:], mac(key, raw[:refreshSize-macSize])) {
			return true
		}
	}
	return false
}

func mac(key, data []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(data)
	return h.Sum(nil)[:macSize]
}

// splitRefresh takes a signature apart.
func splitRefresh(signature string) (sessionID string, hash []byte, ok bool) {
	sessionID, sum, ok := strings.Cut(signature, ".")
	return sessionID, []byte(sum), ok && sum != ""
}

// standing says what a token that was shown is to its session.
type standing int

const (
	// standsUsable: it is the current one, or the one before and its answer was lost.
	standsUsable standing = iota
	// standsTooLate: it is the one before, used a moment ago: a request at the same time was faster.
	standsTooLate
	// standsReused: it was used, and not a moment ago.
	standsReused
)

// GraceTimes say when a used refresh token may be shown again by a client that lost the answer.
type GraceTimes struct {
	// From is how long after its use a token is refused as a race that another request has won.
	From time.Duration
	// Until is how long after its use it is accepted once more, if its successor was never shown; then it is a theft.
	Until time.Duration
}

func (g Grant) standing(hash []byte, now time.Time, grace GraceTimes) standing {
	age := now.Sub(g.Rotated)
	switch {
	case bytes.Equal(hash, g.Current):
		return standsUsable
	case !bytes.Equal(hash, g.Previous) || age > grace.Until:
		return standsReused
	case age < grace.From:
		return standsTooLate
	default:
		return standsUsable
	}
}
