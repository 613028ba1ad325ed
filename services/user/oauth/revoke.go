package oauth

import (
	"net/http"

	"github.com/ory/fosite"

	"github.com/tripgen/tripgen/services/user"
)

// revoke is token revocation (RFC 7009). A refresh token ends its session; an access token is refused from now on. What
// is no token of the client's is answered like one that is over.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	client, err := s.auth.AuthenticateClient(ctx, r, r.PostForm)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	token := r.PostForm.Get("token")
	if token == "" {
		s.refuse(w, r, fosite.ErrInvalidRequest.WithHint("The parameter 'token' is missing."))
		return
	}
	if claims, err := s.access.read(token); err == nil {
		if claims.ClientID == client.GetID() {
			err = s.Grants.Revoke(ctx, claims.ID, claims.Expiry.Time().UTC())
		}
		s.revoked(w, r, err)
		return
	}
	g, found, err := s.findGrant(ctx, token)
	if err == nil && found && g.ClientID == client.GetID() {
		err = s.Grants.EndGrant(ctx, g.ID, user.TokenRevoked)
	}
	s.revoked(w, r, err)
}

func (s *Server) revoked(w http.ResponseWriter, r *http.Request, err error) {
	if err != nil {
		s.refuse(w, r, storeFailed(err))
		return
	}
	w.WriteHeader(http.StatusOK)
}
