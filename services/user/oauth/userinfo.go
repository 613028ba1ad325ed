package oauth

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/ory/fosite"

	"github.com/tripgen/tripgen/services/user"
)

// userinfo tells about the person behind an access token (OpenID Connect Core 1.0, 5.3): the id with the scope openid,
// the profile with the scope account.
func (s *Server) userinfo(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		w.Header().Set("WWW-Authenticate", `Bearer realm="tripgen"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	claims, err := s.access.read(token)
	if err != nil {
		bearerError(w, http.StatusUnauthorized, "invalid_token", "")
		return
	}
	revoked, err := s.Grants.Revoked(r.Context(), claims.IssuedAt.Time(), claims.subjects()...)
	if err != nil {
		s.userinfoFailed(w, r, err)
		return
	}
	scopes := strings.Fields(claims.Scope)
	switch {
	case revoked:
		bearerError(w, http.StatusUnauthorized, "invalid_token", "")
		return
	case !slices.Contains(scopes, ScopeOpenID):
		bearerError(w, http.StatusForbidden, "insufficient_scope", ScopeOpenID)
		return
	}
	account, err := s.Accounts.Account(r.Context(), claims.Subject)
	if errors.Is(err, user.ErrNoAccount) {
		bearerError(w, http.StatusUnauthorized, "invalid_token", "")
		return
	}
	if err != nil {
		s.userinfoFailed(w, r, err)
		return
	}
	told := map[string]any{"sub": account.ID}
	if slices.Contains(scopes, ScopeAccount) {
		told["name"], told["preferred_username"] = account.Name, account.LoginID
		told["email"], told["email_verified"] = account.Email, account.EmailVerified
		told["phone_number"], told["locale"] = account.Phone, string(account.Language)
	}
	writeJSON(w, http.StatusOK, told)
}

func (s *Server) userinfoFailed(w http.ResponseWriter, r *http.Request, err error) {
	s.Log.ErrorContext(r.Context(), "userinfo", "error", err)
	w.Header().Set("Retry-After", retryAfter)
	writeJSON(w, http.StatusServiceUnavailable, map[string]string{"error": fosite.ErrTemporarilyUnavailable.ErrorField})
}

// bearerError is RFC 6750, 3.
func bearerError(w http.ResponseWriter, status int, code, scope string) {
	challenge := `Bearer realm="tripgen", error="` + code + `"`
	if scope != "" {
		challenge += `, scope="` + scope + `"`
	}
	w.Header().Set("WWW-Authenticate", challenge)
	writeJSON(w, status, map[string]string{"error": code})
}
