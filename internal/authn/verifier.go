package authn

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/maypok86/otter/v2"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/errs"
)

// leeway is how far the clocks of issuer and service may be apart.
const leeway = 5 * time.Second

// VerifierConfig is what access tokens are checked against.
type VerifierConfig struct {
	// Issuer has to be the token's iss.
	Issuer string
	// Audience has to be among the token's aud.
	Audience string
	// KeysURL is where the issuer publishes its keys (JWKS, RFC 7517).
	KeysURL string
	// Client fetches the keys; nil for http.DefaultClient.
	Client *http.Client
	// Clock is nil for the system's.
	Clock clock.Clock
	// Revoked knows the tokens that are refused before their time; nil for none.
	Revoked Revocations
}

// Revocations knows which tokens are refused before their time. *revoked.Set is one.
type Revocations interface {
	// Revoked tells whether the token that the principal was read from is refused. It is asked for each call.
	Revoked(p Principal) bool
}

// Verifier checks access tokens after RFC 9068: type at+jwt, ES256 and nothing else, a key of the issuer, its name, the
// audience and the times. The keys are cached; the issuer is not asked for each token. Nor is a signature checked again
// while the key that it was checked with is in use.
type Verifier struct {
	config VerifierConfig
	keys   *keySet
	signed *otter.Cache[[sha256.Size]byte, signedClaims]
}

// signedClaims are those of a token whose signature was checked, by its hash: see [Verifier.claims].
type signedClaims struct {
	accessClaims
	kid string
	key *ecdsa.PublicKey
}

// signedTokens is how many tokens' signatures are remembered: some 10 MB, and more callers than one process serves
// within the life of a token.
const signedTokens = 10_000

// NewVerifier makes a verifier. Nothing is fetched before the first token comes.
func NewVerifier(c VerifierConfig) *Verifier {
	if c.Client == nil {
		c.Client = http.DefaultClient
	}
	if c.Clock == nil {
		c.Clock = clock.System{}
	}
	return &Verifier{
		config: c, keys: &keySet{url: c.KeysURL, client: c.Client, clock: c.Clock},
		signed: otter.Must(&otter.Options[[sha256.Size]byte, signedClaims]{
			MaximumSize: signedTokens, Executor: func(evict func()) { evict() },
		}),
	}
}

type accessClaims struct {
	jwt.Claims
	ClientID string `json:"client_id"`
	Scope    string `json:"scope"`
	Session  string `json:"sid"`
}

// Verify checks a token and gives its bearer: [ErrUnauthenticated] with a cause for a token that is not valid,
// `unavailable` where the issuer's keys cannot be had.
func (v *Verifier) Verify(ctx context.Context, token string) (Principal, error) {
	claims, err := v.claims(ctx, token)
	if err != nil {
		if _, ok := errs.Of(err); ok {
			return Principal{}, err
		}
		return Principal{}, ErrUnauthenticated.Wrap(err)
	}
	p := Principal{
		Subject:   claims.Subject,
		ClientID:  claims.ClientID,
		Scopes:    strings.Fields(claims.Scope),
		TokenID:   claims.ID,
		SessionID: claims.Session,
		KeyID:     claims.kid,
		Issued:    claims.IssuedAt.Time().UTC(),
		Expires:   claims.Expiry.Time().UTC(),
	}
	if v.config.Revoked != nil && v.config.Revoked.Revoked(p) {
		return Principal{}, ErrUnauthenticated.Wrap(errRevoked)
	}
	return p, nil
}

var errRevoked = errors.New("token was revoked")

// claims gives what a token says, if it is valid now. What was remembered of it goes through everything but the check of
// the signature: a key that is withdrawn, or fetched anew, and a time that is over end it.
func (v *Verifier) claims(ctx context.Context, token string) (signedClaims, error) {
	hash := sha256.Sum256([]byte(token))
	known, ok := v.signed.GetIfPresent(hash)
	if ok {
		key, err := v.key(ctx, known.kid)
		if err != nil {
			return signedClaims{}, err
		}
		ok = key == known.key
	}
	if !ok {
		var err error
		if known, err = v.checkSignature(ctx, token); err != nil {
			return signedClaims{}, err
		}
	}
	expected := jwt.Expected{
		Issuer: v.config.Issuer, AnyAudience: jwt.Audience{v.config.Audience}, Time: v.config.Clock.Now(),
	}
	if err := known.ValidateWithLeeway(expected, leeway); err != nil {
		v.signed.Invalidate(hash)
		return signedClaims{}, fmt.Errorf("check claims: %w", err)
	}
	if !ok {
		v.signed.Set(hash, known)
	}
	return known, nil
}

// key gives a key of the issuer.
func (v *Verifier) key(ctx context.Context, kid string) (*ecdsa.PublicKey, error) {
	key, err := v.keys.find(ctx, kid)
	if err != nil && !errors.Is(err, errUnknownKey) {
		return nil, errs.Unavailable(err).Retry(time.Second)
	}
	return key, err
}

func (v *Verifier) checkSignature(ctx context.Context, token string) (signedClaims, error) {
	var claims signedClaims
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return claims, fmt.Errorf("parse token: %w", err)
	}
	header := parsed.Headers[0]
	if typ, _ := header.ExtraHeaders[jose.HeaderType].(string); !isAccessToken(typ) {
		return claims, fmt.Errorf("token has the type %q", typ)
	}
	claims.kid = header.KeyID
	if claims.key, err = v.key(ctx, claims.kid); err != nil {
		return claims, err
	}
	if err := parsed.Claims(claims.key, &claims.accessClaims); err != nil {
		return claims, fmt.Errorf("check signature: %w", err)
	}
	// The library lets these be absent; RFC 9068, 2.2 does not.
	if claims.Expiry == nil || claims.IssuedAt == nil || claims.Subject == "" || claims.ClientID == "" || claims.ID == "" {
		return claims, errors.New("token lacks one of exp, iat, sub, client_id, jti")
	}
	return claims, nil
}

func isAccessToken(typ string) bool {
	typ = strings.ToLower(typ)
	return typ == "at+jwt" || typ == "application/at+jwt"
}
