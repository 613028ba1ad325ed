package tripgen

import (
	"context"
	"fmt"
	"net/http"

	"connectrpc.com/connect"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
)

const tokenPath = "/oauth2/token"

type clientCredentials struct {
	id, secret string
	scopes     []string
}

func (c *clientCredentials) source(base string, h *http.Client) oauth2.TokenSource {
	config := clientcredentials.Config{
		ClientID:     c.id,
		ClientSecret: c.secret,
		TokenURL:     base + tokenPath,
		Scopes:       c.scopes,
		AuthStyle:    oauth2.AuthStyleInHeader,
	}
	// The source outlives any one call, so it must not be bound to a call's context.
	return config.TokenSource(context.WithValue(context.Background(), oauth2.HTTPClient, h))
}

// LogInParams are what [Client.LogIn] needs.
type LogInParams struct {
	// LoginID and Password are the traveller's.
	LoginID, Password string
	// ClientID is the public first-party client that logs in.
	ClientID string
	// RedirectURI is one of that client's; it is bound to the code and not followed.
	RedirectURI string
	// Scopes asked for; empty asks for all that the client may have.
	Scopes []string
	// DeviceName is shown in the list of sessions.
	DeviceName string
}

// LogIn proves a traveller's password, redeems the authorization code with PKCE (RFC 7636, S256), and yields
// a source of tokens that renews itself with the rotating refresh token. Give it to [WithTokenSource].
// Errors: CREDENTIALS_WRONG, ACCOUNT_LOCKED.
func (c *Client) LogIn(ctx context.Context, p LogInParams) (oauth2.TokenSource, error) {
	verifier := oauth2.GenerateVerifier()
	signedIn, err := c.Account.SignIn(ctx, &userv1.SignInRequest{
		LoginId:       p.LoginID,
		Password:      p.Password,
		ClientId:      p.ClientID,
		RedirectUri:   p.RedirectURI,
		Scopes:        p.Scopes,
		CodeChallenge: oauth2.S256ChallengeFromVerifier(verifier),
		DeviceName:    p.DeviceName,
	})
	if err != nil {
		return nil, err
	}
	config := oauth2.Config{
		ClientID:    p.ClientID,
		RedirectURL: p.RedirectURI,
		Endpoint:    oauth2.Endpoint{TokenURL: c.baseURL + tokenPath, AuthStyle: oauth2.AuthStyleInParams},
	}
	withHTTP := func(ctx context.Context) context.Context {
		return context.WithValue(ctx, oauth2.HTTPClient, c.http)
	}
	token, err := config.Exchange(withHTTP(ctx), signedIn.GetAuthorizationCode(), oauth2.VerifierOption(verifier))
	if err != nil {
		return nil, fmt.Errorf("tripgen: redeem the authorization code: %w", err)
	}
	return config.TokenSource(withHTTP(context.Background()), token), nil
}

// tokenInterceptor puts the access token on every call.
type tokenInterceptor struct{ source oauth2.TokenSource }

func (t tokenInterceptor) authorize(header http.Header) error {
	if t.source == nil {
		return nil
	}
	token, err := t.source.Token()
	if err != nil {
		return connect.NewError(connect.CodeUnauthenticated, fmt.Errorf("tripgen: access token: %w", err))
	}
	token.SetAuthHeader(&http.Request{Header: header})
	return nil
}

func (t tokenInterceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if err := t.authorize(req.Header()); err != nil {
			return nil, err
		}
		return next(ctx, req)
	}
}

func (t tokenInterceptor) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, spec)
		if err := t.authorize(conn.RequestHeader()); err != nil {
			return failedConn{StreamingClientConn: conn, err: err}
		}
		return conn
	}
}

func (t tokenInterceptor) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

// failedConn refuses to send or receive: the stream was never opened.
type failedConn struct {
	connect.StreamingClientConn
	err error
}

func (f failedConn) Send(any) error    { return f.err }
func (f failedConn) Receive(any) error { return f.err }
