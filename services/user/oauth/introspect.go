package oauth

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/ory/fosite"
)

// introspection is what is told of a token (RFC 7662, 2.2).
type introspection struct {
	Active    bool   `json:"active"`
	Scope     string `json:"scope,omitempty"`
	ClientID  string `json:"client_id,omitempty"`
	TokenType string `json:"token_type,omitempty"`
	Expires   int64  `json:"exp,omitempty"`
	Issued    int64  `json:"iat,omitempty"`
	Subject   string `json:"sub,omitempty"`
	Audience  string `json:"aud,omitempty"`
	Issuer    string `json:"iss,omitempty"`
	TokenID   string `json:"jti,omitempty"`
	Session   string `json:"sid,omitempty"`
}

// introspect is token introspection (RFC 7662). Only clients with credentials may ask; TripGen's services about any
// token, others about their own: anything else is answered as not active.
func (s *Server) introspect(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	client, err := s.auth.AuthenticateClient(ctx, r, r.PostForm)
	if err == nil && client.IsPublic() {
		err = fosite.ErrInvalidClient
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	token := r.PostForm.Get("token")
	if token == "" {
		s.refuse(w, r, fosite.ErrInvalidRequest.WithHint("The parameter 'token' is missing."))
		return
	}
	told, err := s.look(ctx, token)
	if err != nil {
		s.refuse(w, r, storeFailed(err))
		return
	}
	if told.ClientID != client.GetID() && !slices.Contains(client.GetScopes(), ScopeInternal) {
		told = introspection{}
	}
	writeJSON(w, http.StatusOK, told)
}

func (s *Server) look(ctx context.Context, token string) (introspection, error) {
	if claims, err := s.access.read(token); err == nil {
		revoked, err := s.Grants.Revoked(ctx, claims.IssuedAt.Time(), claims.subjects()...)
		if err != nil || revoked {
			return introspection{}, err
		}
		return introspection{
			Active: true, Scope: claims.Scope, ClientID: claims.ClientID, TokenType: "Bearer",
			Expires: claims.Expiry.Time().Unix(), Issued: claims.IssuedAt.Time().Unix(), Subject: claims.Subject,
			Audience: Audience, Issuer: claims.Issuer, TokenID: claims.ID, Session: claims.Session,
		}, nil
	}
	g, found, err := s.findGrant(ctx, token)
	if err != nil || !found || g.Ended || !s.Clock.Now().Before(g.Expires) || !g.holds(s.refresh, token) {
		return introspection{}, err
	}
	return introspection{
		Active: true, Scope: strings.Join(g.Scopes, " "), ClientID: g.ClientID, Expires: g.Expires.Unix(),
		Issued: g.LastSeen.Unix(), Subject: g.AccountID, Issuer: s.Config.Issuer, Session: g.ID,
	}, nil
}

// findGrant finds the session that a refresh token, current or not, belongs to.
func (s *Server) findGrant(ctx context.Context, token string) (g Grant, found bool, err error) {
	sessionID, _, ok := splitRefresh(s.refresh.RefreshTokenSignature(ctx, token))
	if !ok {
		return Grant{}, false, nil
	}
	g, err = s.Grants.Grant(ctx, sessionID)
	if errors.Is(err, ErrNoGrant) {
		return Grant{}, false, nil
	}
	return g, err == nil, err
}

// holds tells whether the token is the session's current one.
func (g Grant) holds(t refreshTokens, token string) bool {
	_, hash, _ := splitRefresh(t.RefreshTokenSignature(context.Background(), token))
	return len(hash) > 0 && bytes.Equal(hash, g.Current)
}
