package authn

import (
	"context"
	"net/http"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// ClientConfig is a service's own OAuth2 client.
type ClientConfig struct {
	// TokenURL is the issuer's token endpoint.
	TokenURL string
	ID       string
	Secret   string
	// Scopes are asked for; empty for [ScopeInternal] alone.
	Scopes []string
	// Audience is asked for with the token, where the issuer needs it; may be empty.
	Audience string
	// HTTP fetches the tokens; nil for http.DefaultClient.
	HTTP *http.Client
}

// ServiceTokens gets a service's tokens by its client credentials (RFC 6749, 4.4), cached until shortly before they
// expire. The first is fetched with the first call. Closing ctx does not end the source; each fetch is bounded by the
// HTTP client's time-out.
func ServiceTokens(ctx context.Context, c ClientConfig) oauth2.TokenSource {
	if c.HTTP != nil {
		ctx = context.WithValue(ctx, oauth2.HTTPClient, c.HTTP)
	}
	if len(c.Scopes) == 0 {
		c.Scopes = []string{ScopeInternal}
	}
	config := clientcredentials.Config{
		ClientID: c.ID, ClientSecret: c.Secret, TokenURL: c.TokenURL, Scopes: c.Scopes,
		AuthStyle: oauth2.AuthStyleInHeader,
	}
	if c.Audience != "" {
		config.EndpointParams = map[string][]string{"audience": {c.Audience}}
	}
	return config.TokenSource(context.WithoutCancel(ctx))
}
