package oauth

import (
	"maps"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/handler/openid"
	"github.com/ory/fosite/token/jwt"

	"github.com/tripgen/tripgen/services/user"
)

// session is what Fosite carries through a request: the TripGen session that the request is about, and where it came
// from.
type session struct {
	user.Session
	// nonce and requested belong to the authorization request; for the id token.
	nonce     string
	requested time.Time
	// grant is the state that the refresh token was found in.
	grant   Grant
	expires map[fosite.TokenType]time.Time
	id      *jwt.IDTokenClaims
	headers *jwt.Headers
}

var _ openid.Session = (*session)(nil)

func newSession(s user.Session) *session {
	return &session{Session: s, expires: make(map[fosite.TokenType]time.Time), headers: &jwt.Headers{}}
}

// SetExpiresAt notes when a token ends.
func (s *session) SetExpiresAt(key fosite.TokenType, exp time.Time) { s.expires[key] = exp }

// GetExpiresAt is when a token ends; zero if nothing was noted.
func (s *session) GetExpiresAt(key fosite.TokenType) time.Time { return s.expires[key] }

// GetUsername is empty: log-in ids stay out of OAuth.
func (s *session) GetUsername() string { return "" }

// GetSubject is the account.
func (s *session) GetSubject() string { return s.AccountID }

// Clone gives a copy that can be changed on its own.
func (s *session) Clone() fosite.Session {
	c := *s
	c.expires = maps.Clone(s.expires)
	c.id = nil
	c.headers = &jwt.Headers{}
	return &c
}

// IDTokenClaims are the id token's, made once and then changed by Fosite.
func (s *session) IDTokenClaims() *jwt.IDTokenClaims {
	if s.id == nil {
		s.id = &jwt.IDTokenClaims{
			Subject: s.AccountID, AuthTime: s.Authenticated, RequestedAt: s.requested,
			Extra: map[string]any{claimSession: s.ID},
		}
	}
	return s.id
}

// IDTokenHeaders are empty: the signer sets them.
func (s *session) IDTokenHeaders() *jwt.Headers { return s.headers }
