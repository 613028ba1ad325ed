// Package authntest is an issuer of access tokens for tests: it publishes its keys and signs what the test asks for.
package authntest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"github.com/tripgen/tripgen/internal/authn"
)

// Audience is what the issuer's tokens are for.
const Audience = "tripgen"

// Issuer signs access tokens and publishes its keys on a server of its own.
type Issuer struct {
	t       testing.TB
	server  *httptest.Server
	mu      sync.Mutex
	key     jose.JSONWebKey
	old     []jose.JSONWebKey
	fetches atomic.Int64
}

// New starts an issuer that ends with the test.
func New(t testing.TB) *Issuer {
	t.Helper()
	i := &Issuer{t: t}
	i.Rotate()
	i.old = nil
	i.server = httptest.NewServer(http.HandlerFunc(i.serveKeys))
	t.Cleanup(i.server.Close)
	return i
}

// URL is the issuer's name.
func (i *Issuer) URL() string { return i.server.URL }

// Fetches is how often the keys were asked for.
func (i *Issuer) Fetches() int64 { return i.fetches.Load() }

// Stop takes the issuer's server away.
func (i *Issuer) Stop() { i.server.Close() }

// Verifier makes a verifier of this issuer's tokens.
func (i *Issuer) Verifier() *authn.Verifier {
	return authn.NewVerifier(authn.VerifierConfig{Issuer: i.URL(), Audience: Audience, KeysURL: i.URL()})
}

// Rotate makes a new signing key; the old ones stay published.
func (i *Issuer) Rotate() {
	i.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		i.t.Fatal(err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.key.Key != nil {
		i.old = append(i.old, i.key.Public())
	}
	i.key = jose.JSONWebKey{Key: key, KeyID: uuid.NewString(), Algorithm: string(jose.ES256), Use: "sig"}
}

// KeyID is the id of the key that signs.
func (i *Issuer) KeyID() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.key.KeyID
}

// Forget publishes no key but the one that signs.
func (i *Issuer) Forget() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.old = nil
}

// Claims are a token's payload; change them before [Issuer.Sign] to make a bad token.
type Claims struct {
	jwt.Claims
	ClientID string `json:"client_id,omitempty"`
	Scope    string `json:"scope,omitempty"`
}

// Claims are valid for an hour, for this subject and these scopes.
func (i *Issuer) Claims(subject string, scopes ...string) Claims {
	now := time.Now()
	return Claims{
		Claims: jwt.Claims{
			Issuer: i.URL(), Subject: subject, Audience: jwt.Audience{Audience}, ID: uuid.NewString(),
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Hour)),
		},
		ClientID: "test-app",
		Scope:    strings.Join(scopes, " "),
	}
}

// Token is a valid access token of a user.
func (i *Issuer) Token(subject string, scopes ...string) string {
	return i.Sign("at+jwt", i.Claims(subject, scopes...))
}

// ServiceToken is a valid access token of one of TripGen's services.
func (i *Issuer) ServiceToken(client string) string {
	claims := i.Claims(client, authn.ScopeInternal)
	claims.ClientID = client
	return i.Sign("at+jwt", claims)
}

// Sign makes a token of any payload with the current key and the given typ header.
func (i *Issuer) Sign(typ string, claims any) string {
	i.t.Helper()
	i.mu.Lock()
	key := i.key
	i.mu.Unlock()
	return Sign(i.t, jose.ES256, key, typ, claims)
}

// Sign makes a token with any key and algorithm.
func Sign(t testing.TB, alg jose.SignatureAlgorithm, key any, typ string, claims any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key},
		(&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (i *Issuer) serveKeys(w http.ResponseWriter, _ *http.Request) {
	i.fetches.Add(1)
	i.mu.Lock()
	set := jose.JSONWebKeySet{Keys: append([]jose.JSONWebKey{i.key.Public()}, i.old...)}
	i.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(set); err != nil {
		i.t.Error(err)
	}
}
