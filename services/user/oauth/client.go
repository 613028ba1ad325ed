package oauth

import (
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v3"
	"github.com/ory/fosite"
)

// AuthMethod says how a client proves itself at the token endpoint.
type AuthMethod string

// The methods.
const (
	// AuthNone is for public clients: apps that cannot keep a secret. PKCE protects them.
	AuthNone AuthMethod = "none"
	// AuthSecret is HTTP Basic with a generated secret.
	AuthSecret AuthMethod = "client_secret_basic"
	// AuthKey is a signed assertion (RFC 7523), ES256.
	AuthKey AuthMethod = "private_key_jwt"
)

// Grants that a client may use.
const (
	GrantCode        = "authorization_code"
	GrantRefresh     = "refresh_token"
	GrantCredentials = "client_credentials"
)

// Client is an app that may ask for tokens.
type Client struct {
	ID   string
	Name string
	// FirstParty clients are TripGen's own: they need no consent and may log in natively.
	FirstParty bool
	AuthMethod AuthMethod
	// SecretHash is a keyed hash; OldSecretHash holds until OldSecretEnds, so that a secret can be changed without a gap.
	SecretHash    []byte
	OldSecretHash []byte
	OldSecretEnds time.Time
	// Keys are the public keys of AuthKey.
	Keys         *jose.JSONWebKeySet
	Grants       []string
	Scopes       []string
	RedirectURIs []string
	Created      time.Time
	// Revoked is zero for a client in use.
	Revoked time.Time
}

// AllowsRedirect tells whether an address is one of the client's (RFC 8252, 8.4 and 7.3): the same string, or a loopback
// address that differs in nothing but its port.
func (c Client) AllowsRedirect(uri string) bool {
	asked, err := url.Parse(uri)
	if err != nil || asked.User != nil || strings.Contains(uri, "#") {
		return false
	}
	return slices.ContainsFunc(c.RedirectURIs, func(registered string) bool {
		return registered == uri || sameLoopback(asked, registered)
	})
}

func sameLoopback(asked *url.URL, registered string) bool {
	known, err := url.Parse(registered)
	if err != nil || !isLoopback(known) || !isLoopback(asked) {
		return false
	}
	return known.Hostname() == asked.Hostname() && known.EscapedPath() == asked.EscapedPath() &&
		known.RawQuery == asked.RawQuery
}

// isLoopback holds for http addresses with a literal loopback IP; names such as localhost may resolve to anything.
func isLoopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "http" && ip != nil && ip.IsLoopback()
}

// CheckRedirect says what is wrong with an address that a client wants to register, or nothing: RFC 8252 allows https,
// private-use schemes with a dot in their name, and http on a loopback IP.
func CheckRedirect(uri string) string {
	u, err := url.Parse(uri)
	switch {
	case err != nil || u.Scheme == "":
		return "is not an absolute address"
	case u.User != nil || strings.Contains(uri, "#"):
		return "must have neither a user nor a fragment"
	case u.Scheme == "https" && u.Host != "":
	case u.Scheme == "http" && isLoopback(u):
	case u.Scheme == "http":
		return "must use https: http is only for 127.0.0.1 and [::1]"
	case strings.Contains(u.Scheme, "."):
	default:
		return "must use https, a loopback IP, or a private-use scheme such as com.example.app"
	}
	return ""
}

// allowed narrows scopes down to what the client may have; none asked for means all of them.
func (c Client) allowed(scopes []string) (granted []string, ok bool) {
	if len(scopes) == 0 {
		return c.Scopes, true
	}
	for _, s := range scopes {
		if !slices.Contains(c.Scopes, s) {
			return nil, false
		}
	}
	return scopes, true
}

// fositeClient shows a client to Fosite.
type fositeClient struct {
	Client
	now time.Time
}

var (
	_ fosite.OpenIDConnectClient      = fositeClient{}
	_ fosite.ClientWithSecretRotation = fositeClient{}
)

// GetID is the client's id.
func (c fositeClient) GetID() string { return c.ID }

// GetHashedSecret is the hash of its secret.
func (c fositeClient) GetHashedSecret() []byte { return c.SecretHash }

// GetRotatedHashes is the hash of the secret before, while it holds.
func (c fositeClient) GetRotatedHashes() [][]byte {
	if len(c.OldSecretHash) == 0 || !c.now.Before(c.OldSecretEnds) {
		return nil
	}
	return [][]byte{c.OldSecretHash}
}

// GetRedirectURIs are its addresses.
func (c fositeClient) GetRedirectURIs() []string { return c.RedirectURIs }

// GetGrantTypes are the grants it may use.
func (c fositeClient) GetGrantTypes() fosite.Arguments { return c.Grants }

// GetResponseTypes is code: there is no implicit flow.
func (c fositeClient) GetResponseTypes() fosite.Arguments { return fosite.Arguments{"code"} }

// GetResponseModes is query, the default of the code flow.
func (c fositeClient) GetResponseModes() []fosite.ResponseModeType {
	return []fosite.ResponseModeType{fosite.ResponseModeQuery}
}

// GetScopes are what it may ask for.
func (c fositeClient) GetScopes() fosite.Arguments { return c.Scopes }

// IsPublic tells that it has no credentials.
func (c fositeClient) IsPublic() bool { return c.AuthMethod == AuthNone }

// GetAudience is the only audience there is.
func (c fositeClient) GetAudience() fosite.Arguments { return fosite.Arguments{Audience} }

// GetRequestURIs is empty: request objects are refused.
func (c fositeClient) GetRequestURIs() []string { return nil }

// GetJSONWebKeys are the keys of private_key_jwt.
func (c fositeClient) GetJSONWebKeys() *jose.JSONWebKeySet { return c.Keys }

// GetJSONWebKeysURI is empty: keys are registered, never fetched.
func (c fositeClient) GetJSONWebKeysURI() string { return "" }

// GetRequestObjectSigningAlgorithm is empty: request objects are refused.
func (c fositeClient) GetRequestObjectSigningAlgorithm() string { return "" }

// GetTokenEndpointAuthMethod is how it proves itself.
func (c fositeClient) GetTokenEndpointAuthMethod() string { return string(c.AuthMethod) }

// GetTokenEndpointAuthSigningAlgorithm is the only one that assertions may have.
func (c fositeClient) GetTokenEndpointAuthSigningAlgorithm() string { return string(jose.ES256) }
