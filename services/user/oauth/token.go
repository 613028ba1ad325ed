package oauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ory/fosite"

	"github.com/tripgen/tripgen/services/user"
)

// form reads the body as a form within bounds, refuses repeated parameters (RFC 6749, 3.2) and lets nobody cache.
func (s *Server) form(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Pragma", "no-cache")
		if r.Method != http.MethodPost {
			refuseMethod(w, http.MethodPost)
			return
		}
		// Neither a client that dawdles nor a database that hangs may keep one of the few places.
		ctx, cancel := context.WithTimeout(r.Context(), s.Config.Patience)
		defer cancel()
		r = r.WithContext(ctx)
		if err := s.readForm(w, r); err != nil {
			s.refuse(w, r, fosite.ErrInvalidRequest.WithHint("The body is not a form, or is too large.").WithWrap(err))
			return
		}
		if err := checkParameters(r.PostForm); err != nil {
			s.refuse(w, r, err)
			return
		}
		next(w, r.WithContext(user.WithOrigin(ctx, s.Origin(r))))
	})
}

// readForm reads the body in bounds of size and time.
func (s *Server) readForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	control := http.NewResponseController(w)
	// A writer that cannot set a deadline (none of net/http's) reads without one.
	if err := control.SetReadDeadline(time.Now().Add(s.Config.Patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	if err := control.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// token is the token endpoint (RFC 6749, 3.2).
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	ctx := withMemo(r.Context())
	grant := r.PostForm.Get("grant_type")
	switch grant {
	case GrantCode, GrantRefresh, GrantCredentials:
	case "":
		s.refuse(w, r, fosite.ErrInvalidRequest.WithHint("The parameter 'grant_type' is missing."))
		return
	default:
		s.refuse(w, r, fosite.ErrUnsupportedGrantType)
		return
	}
	request, err := s.fosite.NewAccessRequest(ctx, r, newSession(user.Session{}))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	switch grant {
	case GrantCredentials:
		err = grantToClient(request)
	case GrantRefresh:
		err = narrow(request, r.PostForm.Get("scope"))
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	response, err := s.fosite.NewAccessResponse(ctx, request)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.fosite.WriteAccessResponse(ctx, w, request, response)
}

// personal scopes make sense only where a person stands behind the token.
func isPersonal(scope string) bool {
	return scope == ScopeAccount || scope == ScopeOpenID || scope == ScopeOffline
}

// grantToClient grants a client what it asked for itself; without a scope all that it may have.
func grantToClient(r fosite.AccessRequester) error {
	asked := r.GetRequestedScopes()
	if slices.ContainsFunc(asked, isPersonal) {
		return fosite.ErrInvalidScope.WithHint("The scope needs a person: use the authorization code flow.")
	}
	if len(asked) == 0 {
		asked = slices.DeleteFunc(slices.Clone(r.GetClient().GetScopes()), isPersonal)
	}
	for _, scope := range asked {
		r.GrantScope(scope)
	}
	r.GrantAudience(Audience)
	return nil
}

// narrow gives the new access token no more than the scopes that a refresh asks for (RFC 6749, 6); the session keeps all
// of them. Fosite would not look.
func narrow(r fosite.AccessRequester, asked string) error {
	scopes := strings.Fields(asked)
	request, ok := r.(*fosite.AccessRequest)
	if len(scopes) == 0 || !ok {
		return nil
	}
	for _, scope := range scopes {
		if !slices.Contains(request.GrantedScope, scope) {
			return fosite.ErrInvalidScope.WithHintf("The scope '%s' was not granted.", scope)
		}
	}
	request.GrantedScope = scopes
	return nil
}

// refuse answers with the RFC's error. What Fosite has no code for is logged with its cause and told as server_error.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	rfc := refusal(err)
	if rfc.CodeField >= http.StatusInternalServerError {
		s.Log.ErrorContext(r.Context(), "oauth request", "path", r.URL.Path, "error", causes(err))
	}
	if rfc.ErrorField == fosite.ErrInvalidClient.ErrorField && strings.HasPrefix(r.Header.Get("Authorization"), "Basic ") {
		w.Header().Set("WWW-Authenticate", `Basic realm="tripgen", charset="UTF-8"`) // RFC 6749, 5.2
	}
	if rfc.CodeField == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	writeJSON(w, rfc.CodeField, map[string]string{"error": rfc.ErrorField, "error_description": description(rfc)})
}

// refusal is the RFC's error for what went wrong.
func refusal(err error) *fosite.RFC6749Error {
	switch {
	case errors.Is(err, errStore):
		return fosite.ErrTemporarilyUnavailable.WithWrap(err)
	case errors.Is(err, ErrLost):
		// Fosite knows no better than server_error or invalid_request for a race that was lost.
		return fosite.ErrInvalidGrant.WithHint("The code or token was used by another request.").WithWrap(err)
	case errors.Is(err, fosite.ErrTokenExpired):
		return fosite.ErrInvalidGrant.WithHint("The code or token has expired.").WithWrap(err)
	case errors.Is(err, fosite.ErrJTIKnown):
		return fosite.ErrInvalidClient.WithHint("The client assertion was used before.").WithWrap(err)
	}
	rfc := fosite.ErrorToRFC6749Error(err)
	switch rfc.ErrorField {
	case "error":
		return fosite.ErrServerError.WithWrap(err)
	case fosite.ErrInvalidClient.ErrorField:
		// One text for an unknown client, a wrong secret and a bad assertion.
		return fosite.ErrInvalidClient.WithWrap(err)
	}
	return rfc
}

// causes are the texts of an error and of what it wraps. Fosite's own text says nothing of a cause, and its errors carry
// stacks that would fill the log.
func causes(err error) string {
	text := err.Error()
	for err = errors.Unwrap(err); err != nil; err = errors.Unwrap(err) {
		if more := err.Error(); !strings.Contains(text, more) {
			text += ": " + more
		}
	}
	return text
}

// authenticateClient is Fosite's own way to authenticate clients, with its bare errors (of a client assertion that has
// expired, for one) told for what they are.
func (s *Server) authenticateClient(ctx context.Context, r *http.Request, form url.Values) (fosite.Client, error) {
	client, err := s.auth.DefaultClientAuthenticationStrategy(ctx, r, form)
	if err == nil || errors.Is(err, errStore) {
		return client, err
	}
	if _, ok := errors.AsType[*fosite.RFC6749Error](err); !ok {
		return nil, fosite.ErrInvalidClient.WithWrap(err)
	}
	return nil, err
}
