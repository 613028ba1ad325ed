package oauth

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ory/fosite"

	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/services/user"
)

// PathAuthorize is the authorization endpoint, where a browser comes with an app's request.
const PathAuthorize = pathAuthorize

// Authorization is an authorization request that is sound: its client is known, its redirect address is the client's.
type Authorization struct {
	Client Client
	// Scopes are what is asked for.
	Scopes []string
	// Prompt is none, or any of login and consent.
	Prompt []string
	// MaxAge is how long ago the log-in may be; negative where nothing is said.
	MaxAge time.Duration
	// LoginHint may be the log-in id of the person that the app has in mind.
	LoginHint string
	// Locales are the languages that the app wishes for, best first.
	Locales []string

	request  *fosite.AuthorizeRequest
	redirect *url.URL
	hasState bool
}

// AuthorizationError refuses an authorization request.
type AuthorizationError struct {
	// Code is the RFC's, and Description says more.
	Code, Description string
	// Location is where to send the browser with the error; empty where that is not safe, so that it has to be shown.
	Location string
}

// Error is the code and the description.
func (e *AuthorizationError) Error() string { return e.Code + ": " + e.Description }

// ParseAuthorization reads the parameters of an authorization request (RFC 6749, 4.1.1; OpenID Connect Core 1.0, 3.1.2.1).
// All refusals are *AuthorizationError; other errors are failures.
func (s *Server) ParseAuthorization(ctx context.Context, params url.Values) (*Authorization, error) {
	if len(params["client_id"]) > 1 {
		return nil, &AuthorizationError{Code: "invalid_request", Description: "The parameter 'client_id' is there more than once."}
	}
	client, err := s.findClient(ctx, params.Get("client_id"))
	if errors.Is(err, ErrNoClient) {
		return nil, &AuthorizationError{Code: "invalid_client", Description: "There is no such client."}
	}
	if err != nil {
		return nil, fmt.Errorf("find client: %w", err)
	}
	a := &Authorization{Client: client, MaxAge: -1, hasState: params.Has("state")}
	if a.redirect = redirectOf(client, params); a.redirect == nil {
		return nil, &AuthorizationError{
			Code: "invalid_request", Description: "The redirect address is not one of those that the client has registered.",
		}
	}
	// From here on it is safe to send the browser back with an error.
	if err := a.read(params); err != nil {
		return nil, s.backWith(a, params, err)
	}
	form := maps.Clone(params)
	// What they ask for is enforced here; Fosite would compare times that an interaction has moved.
	form.Del("prompt")
	form.Del("max_age")
	if !a.hasState {
		form.Set("state", "-") // PKCE protects the request, but Fosite insists
	}
	asked, err := s.fosite.NewAuthorizeRequest(ctx, &http.Request{Method: http.MethodPost, Form: form, PostForm: form})
	if err != nil {
		return nil, s.backWith(a, params, err)
	}
	request, ok := asked.(*fosite.AuthorizeRequest)
	if !ok {
		return nil, fmt.Errorf("authorization request is a %T", asked)
	}
	a.request, a.Scopes = request, request.GetRequestedScopes()
	if len(a.Scopes) == 0 {
		a.Scopes = slices.DeleteFunc(slices.Clone(client.Scopes), func(scope string) bool { return scope == ScopeOpenID })
	}
	return a, nil
}

// findClient finds a client: ErrNoClient.
func (s *Server) findClient(ctx context.Context, id string) (Client, error) {
	if !isID(id) {
		return Client{}, ErrNoClient
	}
	return s.Clients.Client(ctx, id)
}

// redirectOf is the address to send the browser back to, or nil where none can be trusted.
func redirectOf(client Client, params url.Values) *url.URL {
	asked := params["redirect_uri"]
	switch {
	case len(asked) == 1 && client.AllowsRedirect(asked[0]):
	case len(asked) == 0 && len(client.RedirectURIs) == 1:
		asked = client.RedirectURIs
	default:
		return nil
	}
	u, err := url.Parse(asked[0])
	if err != nil {
		return nil
	}
	return u
}

// read checks what Fosite leaves open.
func (a *Authorization) read(params url.Values) error {
	if err := checkParameters(params); err != nil {
		return err
	}
	switch {
	case params.Has("request"):
		return fosite.ErrRequestNotSupported
	case params.Has("request_uri"):
		return fosite.ErrRequestURINotSupported
	case params.Has("registration"):
		return fosite.ErrRegistrationNotSupported
	case !slices.Contains(a.Client.Grants, GrantCode):
		return fosite.ErrUnauthorizedClient
	case params.Get("code_challenge_method") != "S256" || !isChallenge(params.Get("code_challenge")):
		return fosite.ErrInvalidRequest.WithHint("PKCE with the method S256 is required.")
	}
	a.LoginHint, a.Locales = params.Get("login_hint"), strings.Fields(params.Get("ui_locales"))
	a.Prompt = strings.Fields(params.Get("prompt"))
	for _, p := range a.Prompt {
		if p != "none" && p != "login" && p != "consent" || p == "none" && len(a.Prompt) > 1 {
			return fosite.ErrInvalidRequest.WithHint("The parameter 'prompt' has none by itself, or login, or consent.")
		}
	}
	if text := params.Get("max_age"); text != "" {
		seconds, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return fosite.ErrInvalidRequest.WithHint("The parameter 'max_age' is a number of seconds.")
		}
		a.MaxAge = time.Duration(seconds) * time.Second
	}
	return nil
}

// Wants tells whether the app asks for a prompt.
func (a *Authorization) Wants(prompt string) bool { return slices.Contains(a.Prompt, prompt) }

// Redirect is the address that the browser will be sent back to.
func (a *Authorization) Redirect() *url.URL { return a.redirect }

// backWith is the refusal that a redirect carries.
func (s *Server) backWith(a *Authorization, params url.Values, err error) error {
	rfc := fosite.ErrorToRFC6749Error(err)
	if rfc.ErrorField == "error" || rfc.ErrorField == fosite.ErrServerError.ErrorField {
		return fmt.Errorf("authorization request: %w", err)
	}
	code := rfc.ErrorField
	if code == fosite.ErrInvalidState.ErrorField { // no RFC knows it
		code = fosite.ErrInvalidRequest.ErrorField
	}
	return &AuthorizationError{
		Code: code, Description: description(rfc), Location: s.location(a, params.Get("state"), url.Values{
			"error": {code}, "error_description": {description(rfc)},
		}),
	}
}

// Deny is the address to send the browser to with a refusal, such as access_denied.
func (s *Server) Deny(a *Authorization, code string) (location string) {
	return s.location(a, a.request.GetState(), url.Values{"error": {code}})
}

// Approve issues a code and gives the address to send the browser to. browser is what the log-in is known by at the
// authorization server itself, so that logging out of the app ends it, too.
func (s *Server) Approve(
	ctx context.Context, a *Authorization, accountID string, authenticated time.Time, browser []byte,
) (location string, err error) {
	for _, scope := range a.Scopes {
		a.request.GrantScope(scope)
	}
	a.request.GrantAudience(Audience)
	sess := newSession(user.Session{
		ID: s.IDs.New(id.Session), AccountID: accountID, Authenticated: authenticated, Browser: browser,
		DeviceName: a.Client.Name,
	})
	sess.requested = s.Clock.Now()
	response, err := s.fosite.NewAuthorizeResponse(ctx, a.request, sess)
	if err != nil {
		return "", s.backWith(a, a.request.Form, err)
	}
	return s.location(a, a.request.GetState(), url.Values{"code": {response.GetCode()}}), nil
}

// location adds the answer, the state and the issuer (RFC 9207) to the redirect address, whose own query stays.
func (s *Server) location(a *Authorization, state string, answer url.Values) string {
	if a.hasState {
		answer.Set("state", state)
	}
	answer.Set("iss", s.Config.Issuer)
	to := *a.redirect
	query := to.Query()
	for name, values := range answer {
		query[name] = values
	}
	to.RawQuery = query.Encode()
	return to.String()
}
