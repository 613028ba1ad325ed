package oauth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"github.com/ory/fosite"
)

// claimSession carries the session, for revocation.
const claimSession = "sid"

// accessClaims are an access token's (RFC 9068, 2.2).
type accessClaims struct {
	josejwt.Claims
	ClientID string               `json:"client_id"`
	Scope    string               `json:"scope"`
	Session  string               `json:"sid,omitempty"`
	AuthTime *josejwt.NumericDate `json:"auth_time,omitempty"`
}

// accessTokens makes and reads access tokens. They are not stored.
type accessTokens struct {
	keys   *Keys
	issuer string
}

// AccessTokenSignature is the last part of the token; nothing is looked up by it.
func (accessTokens) AccessTokenSignature(_ context.Context, token string) string {
	return signatureOf(token)
}

// GenerateAccessToken signs a token for what was granted.
func (a accessTokens) GenerateAccessToken(_ context.Context, r fosite.Requester) (token, signature string, err error) {
	s, ok := r.GetSession().(*session)
	if !ok {
		return "", "", fmt.Errorf("access token for a session of type %T", r.GetSession())
	}
	now := a.keys.clock.Now()
	claims := accessClaims{
		Claims: josejwt.Claims{
			Issuer: a.issuer, Subject: s.AccountID, Audience: josejwt.Audience{Audience}, ID: rand.Text(),
			IssuedAt: josejwt.NewNumericDate(now), Expiry: josejwt.NewNumericDate(s.GetExpiresAt(fosite.AccessToken)),
		},
		ClientID: r.GetClient().GetID(),
		Scope:    strings.Join(r.GetGrantedScopes(), " "),
		Session:  s.ID,
	}
	if s.AccountID == "" {
		claims.Subject = claims.ClientID
	} else {
		claims.AuthTime = josejwt.NewNumericDate(s.Authenticated)
	}
	token, err = josejwt.Signed(a.keys.signing().access).Claims(claims).Serialize()
	if err != nil {
		return "", "", fmt.Errorf("sign access token: %w", err)
	}
	return token, signatureOf(token), nil
}

// ValidateAccessToken checks a token by itself; whether it was revoked is not asked.
func (a accessTokens) ValidateAccessToken(_ context.Context, _ fosite.Requester, token string) error {
	_, err := a.read(token)
	return err
}

// read checks type, signature, issuer, audience and times.
func (a accessTokens) read(token string) (accessClaims, error) {
	var claims accessClaims
	parsed, err := josejwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return claims, fmt.Errorf("parse access token: %w", err)
	}
	header := parsed.Headers[0]
	if typ, _ := header.ExtraHeaders[jose.HeaderType].(string); typ != string(typeAccess) {
		return claims, errors.New("token is not an access token")
	}
	key := a.keys.find(header.KeyID)
	if key == nil {
		return claims, errors.New("access token is signed with an unknown key")
	}
	if err := parsed.Claims(key, &claims); err != nil {
		return claims, fmt.Errorf("verify access token: %w", err)
	}
	expected := josejwt.Expected{Issuer: a.issuer, AnyAudience: josejwt.Audience{Audience}, Time: a.keys.clock.Now()}
	if err := claims.ValidateWithLeeway(expected, time.Second); err != nil {
		return claims, fmt.Errorf("verify access token: %w", err)
	}
	if claims.Expiry == nil || claims.IssuedAt == nil {
		return claims, errors.New("access token lacks exp or iat")
	}
	return claims, nil
}

// subjects are the names under which the token can be revoked.
func (c accessClaims) subjects() []string {
	all := []string{RevokedToken(c.ID), RevokedClient(c.ClientID)}
	if c.Session != "" {
		all = append(all, RevokedSession(c.Session))
	}
	return all
}

// RevokedSession is the subject that revokes all tokens of a session. Verifiers compare subjects with a token's sid, jti,
// client_id and kid.
func RevokedSession(id string) string { return "sid:" + id }

// RevokedToken is the subject that revokes one access token by its jti.
func RevokedToken(id string) string { return "jti:" + id }

// RevokedClient is the subject that revokes all tokens of a client.
func RevokedClient(id string) string { return "client:" + id }

const revokedKey = "kid:"

// RevokedKey is the subject that revokes all tokens signed with a key, whatever they say of when they were issued.
func RevokedKey(id string) string { return revokedKey + id }
