package authn

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

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
// audience and the times. The keys are cached; the issuer is not asked for each token.
type Verifier struct {
	config VerifierConfig
	keys   *keySet
}

// NewVerifier makes a verifier. Nothing is fetched before the first token comes.
func NewVerifier(c VerifierConfig) *Verifier {
	if c.Client == nil {
		c.Client = http.DefaultClient
	}
	if c.Clock == nil {
		c.Clock = clock.System{}
	}
	return &Verifier{config: c, keys: &keySet{url: c.KeysURL, client: c.Client, clock: c.Clock}}
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
	claims, key, err := v.claims(ctx, token)
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
		KeyID:     key,
		Issued:    claims.IssuedAt.Time().UTC(),
		Expires:   claims.Expiry.Time().UTC(),
	}
	if v.config.Revoked != nil && v.config.Revoked.Revoked(p) {
		return Principal{}, ErrUnauthenticated.Wrap(errRevoked)
	}
	return p, nil
}

var errRevoked = errors.New("token was revoked")

// claims checks a token by itself and gives what it says, and the id of the key that it is signed with.
func (v *Verifier) claims(ctx context.Context, token string) (claims accessClaims, keyID string, err error) {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return claims, "", fmt.Errorf("parse token: %w", err)
	}
	header := parsed.Headers[0]
	if typ, _ := header.ExtraHeaders[jose.HeaderType].(string); !isAccessToken(typ) {
		return claims, "", fmt.Errorf("token has the type %q", typ)
	}
	key, err := v.keys.find(ctx, header.KeyID)
	switch {
	case errors.Is(err, errUnknownKey):
		return claims, "", err
	case err != nil:
		return claims, "", errs.Unavailable(err).Retry(time.Second)
	}
	if err := parsed.Claims(key, &claims); err != nil {
		return claims, "", fmt.Errorf("check signature: %w", err)
	}
	expected := jwt.Expected{
		Issuer: v.config.Issuer, AnyAudience: jwt.Audience{v.config.Audience}, Time: v.config.Clock.Now(),
	}
	if err := claims.ValidateWithLeeway(expected, leeway); err != nil {
		return claims, "", fmt.Errorf("check claims: %w", err)
	}
	// The library lets these be absent; RFC 9068, 2.2 does not.
	if claims.Expiry == nil || claims.IssuedAt == nil || claims.Subject == "" || claims.ClientID == "" || claims.ID == "" {
		return claims, "", errors.New("token lacks one of exp, iat, sub, client_id, jti")
	}
	return claims, header.KeyID, nil
}

func isAccessToken(typ string) bool {
	typ = strings.ToLower(typ)
	return typ == "at+jwt" || typ == "application/at+jwt"
}
