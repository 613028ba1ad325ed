package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/ory/fosite"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/services/user"
)

var _ user.Codes = (*Server)(nil)

// Refusals of a native log-in. They are about the app, not about the person.
var (
	errNativeClient = errs.Invalid(errs.Field("client_id",
		"직접 로그인할 수 없는 앱입니다.", "This client cannot log people in natively."))
	errNativeRedirect = errs.Invalid(errs.Field("redirect_uri",
		"등록되지 않은 주소입니다.", "This redirect URI is not registered for the client."))
	errNativeScopes = errs.Invalid(errs.Field("scopes",
		"요청할 수 없는 권한입니다.", "The client may not have one of these scopes."))
	errNativeChallenge = errs.Invalid(errs.Field("code_challenge",
		"형식이 올바르지 않습니다.", "A code challenge of the method S256 has 43 characters."))
)

// CheckNative refuses what no code could be issued for. Only TripGen's own public apps may see a password.
func (s *Server) CheckNative(ctx context.Context, r user.CodeRequest) error {
	_, _, err := s.nativeClient(ctx, r)
	return err
}

func (s *Server) nativeClient(ctx context.Context, r user.CodeRequest) (fositeClient, []string, error) {
	c, err := s.findClient(ctx, r.ClientID)
	if errors.Is(err, ErrNoClient) {
		return fositeClient{}, nil, errNativeClient
	}
	if err != nil {
		return fositeClient{}, nil, fmt.Errorf("find client: %w", err)
	}
	scopes, ok := c.allowed(r.Scopes)
	switch {
	case !c.FirstParty || c.AuthMethod != AuthNone:
		return fositeClient{}, nil, errNativeClient
	case !c.AllowsRedirect(r.RedirectURI):
		return fositeClient{}, nil, errNativeRedirect
	case !ok:
		return fositeClient{}, nil, errNativeScopes
	case !isChallenge(r.CodeChallenge):
		return fositeClient{}, nil, errNativeChallenge
	}
	return fositeClient{c, s.Clock.Now()}, scopes, nil
}

// IssueNative issues a code as the authorization endpoint would have done.
func (s *Server) IssueNative(
	ctx context.Context, r user.CodeRequest, accountID string, authenticated time.Time,
) (code, issuer string, err error) {
	client, scopes, err := s.nativeClient(ctx, r)
	if err != nil {
		return "", "", err
	}
	redirect, err := url.Parse(r.RedirectURI)
	if err != nil {
		return "", "", errNativeRedirect.Wrap(err)
	}
	request := fosite.NewAuthorizeRequest()
	request.ResponseTypes, request.RedirectURI = fosite.Arguments{"code"}, redirect
	request.Client, request.RequestedScope, request.GrantedScope = client, scopes, scopes
	request.GrantAudience(Audience)
	request.Form = url.Values{
		"redirect_uri": {r.RedirectURI}, "code_challenge": {r.CodeChallenge}, "code_challenge_method": {"S256"},
	}
	sess := newSession(user.Session{
		ID: s.IDs.New(id.Session), AccountID: accountID, DeviceName: r.DeviceName, Authenticated: authenticated,
	})
	sess.requested = authenticated
	response, err := s.fosite.NewAuthorizeResponse(ctx, request, sess)
	if err != nil {
		return "", "", fmt.Errorf("issue authorization code: %w", err)
	}
	return response.GetCode(), s.Config.Issuer, nil
}

// isChallenge holds for the base64url of a SHA-256 (RFC 7636, 4.2).
func isChallenge(s string) bool {
	if len(s) != 43 {
		return false
	}
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
		default:
			return false
		}
	}
	return true
}
