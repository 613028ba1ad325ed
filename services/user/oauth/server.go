package oauth

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/handler/oauth2"
	"github.com/ory/fosite/handler/openid"
	"github.com/ory/fosite/token/hmac"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/services/user"
)

// Config is what can be set about the server.
type Config struct {
	// Issuer is the public address of the gateway, without a slash at its end: the iss of all tokens, and what the
	// metadata's endpoints stand below.
	Issuer string
	// AccessToken is the life of access tokens, at most 15 minutes.
	AccessToken time.Duration
	// Session is how long a session lasts without being renewed.
	Session time.Duration
	// Code is the life of authorization codes.
	Code time.Duration
	// Grace says when a used refresh token may be shown once more.
	Grace GraceTimes
	// AtOnce bounds how many requests may be under way at the endpoints that take forms; three times as many may wait for
	// a moment. More would only wait for the database and time out: they are told to come back.
	AtOnce int
	// Patience is how long such a request may take, from its first byte to its answer.
	Patience time.Duration
}

// MaxAccessToken bounds the life of access tokens, and with it for how long revocations have to be remembered.
const MaxAccessToken = 15 * time.Minute

// Defaults are the times that fit travellers' phones.
func Defaults(issuer string) Config {
	return Config{
		Issuer: issuer, AccessToken: 10 * time.Minute, Session: 60 * 24 * time.Hour, Code: time.Minute,
		Grace: GraceTimes{From: time.Second, Until: 30 * time.Second}, AtOnce: 64,
		Patience: 5 * time.Second,
	}
}

// Validate says what is wrong with the configuration, or nil.
func (c Config) Validate() error {
	u, err := url.Parse(c.Issuer)
	switch {
	case err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || (u.Scheme != "https" && u.Scheme != "http"):
		return fmt.Errorf("issuer %q is not a plain http or https address", c.Issuer)
	case c.AccessToken <= 0 || c.AccessToken > MaxAccessToken:
		return fmt.Errorf("access tokens live for %v; at most %v is allowed", c.AccessToken, MaxAccessToken)
	case c.Session <= c.AccessToken || c.Code <= 0 || c.Code > 10*time.Minute:
		return fmt.Errorf("sessions of %v and codes of %v are not sensible", c.Session, c.Code)
	case c.AtOnce <= 0 || c.Patience <= 0:
		return fmt.Errorf("%d requests at once, for %v each, are none", c.AtOnce, c.Patience)
	}
	return nil
}

// Deps is what the server works with.
type Deps struct {
	Config   Config
	Clients  Clients
	Grants   Grants
	Accounts Accounts
	Keys     *Keys
	// CodeKey and RefreshKeys (32 bytes each, the newest first) authenticate codes and refresh tokens; SecretKey hashes
	// client secrets.
	CodeKey     []byte
	RefreshKeys [][]byte
	SecretKey   []byte
	// Origin is where a request came from, for the journal.
	Origin func(*http.Request) user.Origin
	// Shed is called with each request that is refused for there being too many; nil for nobody.
	Shed  func()
	Log   *slog.Logger
	Clock clock.Clock
	IDs   id.Source
}

// Server has the OAuth endpoints.
type Server struct {
	Deps
	fosite   fosite.OAuth2Provider
	auth     *fosite.Fosite
	access   accessTokens
	refresh  refreshTokens
	storage  *storage
	secrets  SecretHasher
	metadata []byte
	gate     *gate
}

// strategy is what makes and reads codes and tokens.
type strategy struct {
	accessTokens
	refreshTokens
	codes
	openid.DefaultStrategy
}

type codes struct {
	hmac *oauth2.HMACSHAStrategyUnPrefixed
}

// AuthorizeCodeSignature is the part that a code is found by.
func (c codes) AuthorizeCodeSignature(ctx context.Context, token string) string {
	return c.hmac.AuthorizeCodeSignature(ctx, token)
}

// GenerateAuthorizeCode makes a code.
func (c codes) GenerateAuthorizeCode(ctx context.Context, r fosite.Requester) (token, signature string, err error) {
	return c.hmac.GenerateAuthorizeCode(ctx, r)
}

// ValidateAuthorizeCode checks a code's HMAC and its time.
func (c codes) ValidateAuthorizeCode(ctx context.Context, r fosite.Requester, token string) error {
	return c.hmac.ValidateAuthorizeCode(ctx, r, token)
}

// fositeConfig accepts the issuer, too, as the audience of client assertions, as strict clients send it.
type fositeConfig struct {
	*fosite.Config
	audiences []string
}

// GetTokenURLs are the audiences that client assertions may have.
func (c fositeConfig) GetTokenURLs(context.Context) []string { return c.audiences }

// New puts the server together.
func New(d Deps) (*Server, error) {
	if err := d.Config.Validate(); err != nil {
		return nil, fmt.Errorf("oauth: %w", err)
	}
	s := &Server{
		Deps:    d,
		access:  accessTokens{keys: d.Keys, issuer: d.Config.Issuer},
		refresh: refreshTokens{keys: d.RefreshKeys, clock: d.Clock},
		secrets: SecretHasher{key: d.SecretKey},
		gate:    newGate(d.Config.AtOnce),
		storage: &storage{
			clients: d.Clients, grants: d.Grants, clock: d.Clock, grace: d.Config.Grace,
			lifetime: d.Config.Session, access: d.Config.AccessToken,
		},
	}
	config := s.fositeConfig()
	s.auth = fosite.NewOAuth2Provider(s.storage, config)
	config.ClientAuthenticationStrategy = s.authenticateClient
	s.fosite = s.auth
	sign := signer{d.Keys}
	codes := codes{oauth2.NewHMACSHAStrategyUnPrefixed(&hmac.HMACStrategy{Config: config}, config)}
	all := strategy{s.access, s.refresh, codes, openid.DefaultStrategy{Signer: sign, Config: config}}
	for _, factory := range []compose.Factory{
		compose.OAuth2AuthorizeExplicitFactory, compose.OAuth2RefreshTokenGrantFactory,
		compose.OAuth2ClientCredentialsGrantFactory, compose.OpenIDConnectExplicitFactory,
		compose.OpenIDConnectRefreshFactory, compose.OAuth2PKCEFactory,
	} {
		handler := factory(config, s.storage, all)
		if h, ok := handler.(fosite.AuthorizeEndpointHandler); ok {
			config.AuthorizeEndpointHandlers.Append(h)
		}
		if h, ok := handler.(fosite.TokenEndpointHandler); ok {
			config.TokenEndpointHandlers.Append(h)
		}
	}
	metadata, err := s.makeMetadata()
	if err != nil {
		return nil, err
	}
	s.metadata = metadata
	return s, nil
}

func (s *Server) fositeConfig() fositeConfig {
	c := s.Config
	return fositeConfig{
		Config: &fosite.Config{
			AccessTokenLifespan: c.AccessToken, RefreshTokenLifespan: c.Session, AuthorizeCodeLifespan: c.Code,
			IDTokenLifespan: c.AccessToken, IDTokenIssuer: c.Issuer, AccessTokenIssuer: c.Issuer,
			EnforcePKCE: true, EnforcePKCEForPublicClients: true,
			ScopeStrategy: fosite.ExactScopeStrategy, AudienceMatchingStrategy: fosite.ExactAudienceMatchingStrategy,
			RefreshTokenScopes: []string{ScopeOffline}, MinParameterEntropy: 1, OmitRedirectScopeParam: true,
			SanitationWhiteList:   []string{"redirect_uri", "nonce", "code_challenge", "code_challenge_method"},
			AllowedPromptValues:   []string{"none", "login", "consent"},
			ClientSecretsHasher:   s.secrets,
			GlobalSecret:          s.CodeKey,
			TokenURL:              c.Issuer + pathToken,
			HMACHasher:            sha256.New,
			RedirectSecureChecker: func(_ context.Context, u *url.URL) bool { return CheckRedirect(u.String()) == "" },
		},
		audiences: []string{c.Issuer + pathToken, c.Issuer},
	}
}

// The paths of the endpoints.
const (
	pathAuthorize  = "/oauth2/auth"
	pathToken      = "/oauth2/token"
	pathRevoke     = "/oauth2/revoke"
	pathIntrospect = "/oauth2/introspect"
	pathUserinfo   = "/oauth2/userinfo"
	pathKeys       = "/.well-known/jwks.json"
	pathMetadata   = "/.well-known/oauth-authorization-server"
	pathOpenID     = "/.well-known/openid-configuration"
)

// maxBody bounds a request's form.
const maxBody = 64 << 10

// Mount adds the endpoints that speak JSON; the log-in pages are package web's. measure wraps what is let in; nil does not.
func (s *Server) Mount(mount func(pattern string, h http.Handler), measure func(pattern string, h http.Handler) http.Handler) {
	if measure == nil {
		measure = func(_ string, h http.Handler) http.Handler { return h }
	}
	for path, h := range map[string]http.HandlerFunc{pathToken: s.token, pathRevoke: s.revoke, pathIntrospect: s.introspect} {
		mount(path, s.admit(measure(path, s.form(h))))
	}
	for path, h := range map[string]http.HandlerFunc{
		pathUserinfo: only(s.userinfo, http.MethodGet, http.MethodPost), pathKeys: only(s.publicKeys, http.MethodGet, http.MethodHead),
		pathMetadata: only(s.publicMetadata, http.MethodGet, http.MethodHead), pathOpenID: only(s.publicMetadata, http.MethodGet, http.MethodHead),
	} {
		mount(path, measure(path, h))
	}
}
