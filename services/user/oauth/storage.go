package oauth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/oauth2"
	"github.com/ory/fosite/handler/openid"
	"github.com/ory/fosite/handler/pkce"
	fositestorage "github.com/ory/fosite/storage"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/services/user"
)

// storage shows our stores to Fosite. Fosite spreads one redemption over several calls between BeginTX and Commit; they
// are gathered in a unit and done by Commit in one go, so that exactly one of many at once gets through.
type storage struct {
	clients  Clients
	grants   Grants
	clock    clock.Clock
	grace    GraceTimes
	lifetime time.Duration // of a session that is not renewed
	access   time.Duration // of an access token
}

var (
	_ fosite.Storage                     = (*storage)(nil)
	_ oauth2.CoreStorage                 = (*storage)(nil)
	_ oauth2.TokenRevocationStorage      = (*storage)(nil)
	_ pkce.PKCERequestStorage            = (*storage)(nil)
	_ openid.OpenIDConnectRequestStorage = (*storage)(nil)
	_ fositestorage.Transactional        = (*storage)(nil)
)

// unit is what one redemption does.
type unit struct {
	code    []byte
	session *session
	refresh []byte
	// presented is the hash of the refresh token that was shown.
	presented []byte
}

type unitKey struct{}

// errStore marks failures of the store, which Fosite would take for a client's fault.
var errStore = errors.New("store failed")

func storeFailed(err error) error { return fmt.Errorf("%w: %w", errStore, err) }

// memo keeps the code of one token request, which Fosite reads several times: it must not see it change in between.
type memo struct {
	hash []byte
	code Code
}

type memoKey struct{}

func withMemo(ctx context.Context) context.Context {
	return context.WithValue(ctx, memoKey{}, new(memo))
}

func unitOf(ctx context.Context) *unit {
	u, _ := ctx.Value(unitKey{}).(*unit)
	if u == nil {
		return new(unit) // outside of a redemption nothing is gathered
	}
	return u
}

// BeginTX starts to gather.
func (*storage) BeginTX(ctx context.Context) (context.Context, error) {
	return context.WithValue(ctx, unitKey{}, new(unit)), nil
}

// Rollback forgets what was gathered.
func (*storage) Rollback(ctx context.Context) error {
	*unitOf(ctx) = unit{}
	return nil
}

// Commit does what was gathered.
func (s *storage) Commit(ctx context.Context) error {
	u, now := unitOf(ctx), s.clock.Now()
	switch {
	case u.code != nil && u.session != nil:
		begun := u.session.Session
		begun.Created, begun.LastSeen = now, now
		// Without a refresh token the session is as long as its only access token.
		begun.Expires = now.Add(s.access)
		if u.refresh != nil {
			begun.Expires = now.Add(s.lifetime)
		}
		return s.grants.Redeem(ctx, u.code, begun, u.refresh)
	case u.refresh != nil && u.session != nil:
		return s.grants.Rotate(ctx, Rotation{
			SessionID: u.session.ID, Current: u.session.grant.Current, Presented: u.presented, Next: u.refresh,
			Now: now, Expires: now.Add(s.lifetime),
		})
	}
	return nil
}

// GetClient finds a client.
func (s *storage) GetClient(ctx context.Context, id string) (fosite.Client, error) {
	if !isID(id) {
		return nil, fosite.ErrNotFound
	}
	c, err := s.clients.Client(ctx, id)
	if errors.Is(err, ErrNoClient) {
		return nil, fosite.ErrNotFound
	}
	if err != nil {
		return nil, storeFailed(err)
	}
	return fositeClient{c, s.clock.Now()}, nil
}

// ClientAssertionJWTValid leaves the decision to SetClientAssertionJWT, which is atomic.
func (*storage) ClientAssertionJWTValid(context.Context, string) error { return nil }

// assertionLife bounds the life of client assertions: their ids have to be remembered for as long.
const assertionLife = time.Hour

// SetClientAssertionJWT uses up an assertion.
func (s *storage) SetClientAssertionJWT(ctx context.Context, jti string, exp time.Time) error {
	if exp.Sub(s.clock.Now()) > assertionLife || !isID(jti) {
		return fosite.ErrInvalidClient.WithHint("The client assertion lives for too long, or its id is too long or no id.")
	}
	err := s.clients.UseAssertion(ctx, jti, exp)
	if errors.Is(err, ErrAssertionUsed) {
		return fosite.ErrJTIKnown
	}
	if err != nil {
		return storeFailed(err)
	}
	return nil
}

// code finds a code, once for each request.
func (s *storage) code(ctx context.Context, hash []byte) (Code, error) {
	m, ok := ctx.Value(memoKey{}).(*memo)
	if ok && bytes.Equal(m.hash, hash) {
		return m.code, nil
	}
	c, err := s.grants.Code(ctx, hash)
	if errors.Is(err, ErrNoGrant) {
		return Code{}, fosite.ErrNotFound
	}
	if err != nil {
		return Code{}, storeFailed(err)
	}
	if ok {
		m.hash, m.code = hash, c
	}
	return c, nil
}

func codeHash(signature string) []byte {
	sum := sha256.Sum256([]byte(signature))
	return sum[:]
}

// CreateAuthorizeCodeSession stores a code.
func (s *storage) CreateAuthorizeCodeSession(ctx context.Context, signature string, r fosite.Requester) error {
	sess, ok := r.GetSession().(*session)
	if !ok {
		return errors.New("authorization code without a session")
	}
	begun := sess.Session
	begun.ClientID, begun.Scopes = r.GetClient().GetID(), r.GetGrantedScopes()
	form := r.GetRequestForm()
	return s.grants.SaveCode(ctx, Code{
		Hash: codeHash(signature), Session: begun, RedirectURI: form.Get("redirect_uri"),
		CodeChallenge: form.Get("code_challenge"), Nonce: form.Get("nonce"),
		Requested: sess.requested, Expires: sess.GetExpiresAt(fosite.AuthorizeCode),
	})
}

// GetAuthorizeCodeSession finds a code; with one that was used the request comes back beside the error.
func (s *storage) GetAuthorizeCodeSession(ctx context.Context, signature string, _ fosite.Session) (fosite.Requester, error) {
	c, err := s.code(ctx, codeHash(signature))
	if err != nil {
		return nil, err
	}
	client, err := s.GetClient(ctx, c.Session.ClientID)
	if err != nil {
		return nil, err
	}
	sess := newSession(c.Session)
	sess.nonce, sess.requested = c.Nonce, c.Requested
	sess.SetExpiresAt(fosite.AuthorizeCode, c.Expires)
	request := &fosite.Request{
		ID: c.Session.ID, RequestedAt: c.Requested, Client: client, Session: sess,
		RequestedScope: c.Session.Scopes, GrantedScope: c.Session.Scopes,
		RequestedAudience: fosite.Arguments{Audience}, GrantedAudience: fosite.Arguments{Audience},
		Form: url.Values{
			"redirect_uri": {c.RedirectURI}, "nonce": {c.Nonce},
			"code_challenge": {c.CodeChallenge}, "code_challenge_method": {"S256"},
		},
	}
	if c.Used {
		return request, fosite.ErrInvalidatedAuthorizeCode
	}
	if !s.clock.Now().Before(c.Expires) {
		return nil, fosite.ErrNotFound // Fosite would look too late, and call it invalid_request
	}
	return request, nil
}

// InvalidateAuthorizeCodeSession gathers which code is redeemed.
func (*storage) InvalidateAuthorizeCodeSession(ctx context.Context, signature string) error {
	unitOf(ctx).code = codeHash(signature)
	return nil
}

// CreateAccessTokenSession gathers whose token it is; access tokens are not stored.
func (*storage) CreateAccessTokenSession(ctx context.Context, _ string, r fosite.Requester) error {
	sess, ok := r.GetSession().(*session)
	if !ok {
		return errors.New("access token without a session")
	}
	unitOf(ctx).session = sess
	return nil
}

// GetAccessTokenSession finds nothing: access tokens are not stored.
func (*storage) GetAccessTokenSession(context.Context, string, fosite.Session) (fosite.Requester, error) {
	return nil, fosite.ErrNotFound
}

// DeleteAccessTokenSession has nothing to do.
func (*storage) DeleteAccessTokenSession(context.Context, string) error { return nil }

// CreateRefreshTokenSession gathers the new refresh token.
func (*storage) CreateRefreshTokenSession(ctx context.Context, signature, _ string, _ fosite.Requester) error {
	_, unitOf(ctx).refresh, _ = splitRefresh(signature)
	return nil
}

// GetRefreshTokenSession finds a refresh token: ErrInactiveToken with the request beside it where a used one was shown,
// which ends the session.
func (s *storage) GetRefreshTokenSession(ctx context.Context, signature string, _ fosite.Session) (fosite.Requester, error) {
	sessionID, hash, ok := splitRefresh(signature)
	if !ok {
		return nil, fosite.ErrNotFound
	}
	g, err := s.grants.Grant(ctx, sessionID)
	if errors.Is(err, ErrNoGrant) || err == nil && g.Ended {
		return nil, fosite.ErrNotFound
	}
	if err != nil {
		return nil, storeFailed(err)
	}
	client, err := s.GetClient(ctx, g.ClientID)
	if err != nil {
		return nil, err
	}
	sess := newSession(g.Session)
	sess.grant, sess.requested = g, g.Authenticated
	request := &fosite.Request{
		ID: g.ID, RequestedAt: g.Created, Client: client, Session: sess,
		RequestedScope: g.Scopes, GrantedScope: g.Scopes,
		RequestedAudience: fosite.Arguments{Audience}, GrantedAudience: fosite.Arguments{Audience}, Form: url.Values{},
	}
	switch g.standing(hash, s.clock.Now(), s.grace) {
	case standsReused:
		return request, fosite.ErrInactiveToken
	case standsTooLate:
		return nil, fosite.ErrNotFound
	}
	return request, nil
}

// RotateRefreshToken gathers which token was shown.
func (*storage) RotateRefreshToken(ctx context.Context, _, signature string) error {
	_, unitOf(ctx).presented, _ = splitRefresh(signature)
	return nil
}

// DeleteRefreshTokenSession has nothing to do: RevokeRefreshToken ends the session.
func (*storage) DeleteRefreshTokenSession(context.Context, string) error { return nil }

// RevokeRefreshToken ends the session whose refresh token, or code, was used twice.
func (s *storage) RevokeRefreshToken(ctx context.Context, sessionID string) error {
	return s.grants.EndGrant(ctx, sessionID, user.TokenReused)
}

// RevokeAccessToken has nothing to do: ending the session revokes them.
func (*storage) RevokeAccessToken(context.Context, string) error { return nil }

// CreatePKCERequestSession has nothing to do: the challenge is stored with the code.
func (*storage) CreatePKCERequestSession(context.Context, string, fosite.Requester) error { return nil }

// GetPKCERequestSession finds the challenge.
func (s *storage) GetPKCERequestSession(ctx context.Context, signature string, sess fosite.Session) (fosite.Requester, error) {
	return s.GetAuthorizeCodeSession(ctx, signature, sess)
}

// DeletePKCERequestSession has nothing to do: the challenge goes with the code.
func (*storage) DeletePKCERequestSession(context.Context, string) error { return nil }

// CreateOpenIDConnectSession has nothing to do: the nonce is stored with the code.
func (*storage) CreateOpenIDConnectSession(context.Context, string, fosite.Requester) error {
	return nil
}

// GetOpenIDConnectSession gives the request itself, which knows all that an id token says, if one was asked for.
func (*storage) GetOpenIDConnectSession(_ context.Context, _ string, r fosite.Requester) (fosite.Requester, error) {
	sess, ok := r.GetSession().(*session)
	if !ok || !r.GetGrantedScopes().Has(ScopeOpenID) {
		return nil, openid.ErrNoSessionFound
	}
	return &fosite.Request{
		ID: r.GetID(), RequestedAt: r.GetRequestedAt(), Client: r.GetClient(), Session: sess,
		GrantedScope: r.GetGrantedScopes(), Form: url.Values{"nonce": {sess.nonce}},
	}, nil
}

// DeleteOpenIDConnectSession has nothing to do.
func (*storage) DeleteOpenIDConnectSession(context.Context, string) error { return nil }
