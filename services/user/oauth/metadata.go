package oauth

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// keysMaxAge is for how long published keys may be cached; new keys are published for much longer before they sign.
const keysMaxAge = 5 * time.Minute

// makeMetadata describes the server as RFC 8414 and OpenID Connect Discovery 1.0 have it, in one document.
func (s *Server) makeMetadata() ([]byte, error) {
	at := func(path string) string { return s.Config.Issuer + path }
	authMethods := []AuthMethod{AuthSecret, AuthKey, AuthNone}
	doc := map[string]any{
		"issuer":                                                   s.Config.Issuer,
		"authorization_endpoint":                                   at(pathAuthorize),
		"token_endpoint":                                           at(pathToken),
		"revocation_endpoint":                                      at(pathRevoke),
		"introspection_endpoint":                                   at(pathIntrospect),
		"userinfo_endpoint":                                        at(pathUserinfo),
		"jwks_uri":                                                 at(pathKeys),
		"scopes_supported":                                         PublicScopes(),
		"response_types_supported":                                 []string{"code"},
		"response_modes_supported":                                 []string{"query"},
		"grant_types_supported":                                    []string{GrantCode, GrantRefresh, GrantCredentials},
		"code_challenge_methods_supported":                         []string{"S256"},
		"token_endpoint_auth_methods_supported":                    authMethods,
		"token_endpoint_auth_signing_alg_values_supported":         []string{"ES256"},
		"revocation_endpoint_auth_methods_supported":               authMethods,
		"revocation_endpoint_auth_signing_alg_values_supported":    []string{"ES256"},
		"introspection_endpoint_auth_methods_supported":            authMethods[:2],
		"introspection_endpoint_auth_signing_alg_values_supported": []string{"ES256"},
		"subject_types_supported":                                  []string{"public"},
		"id_token_signing_alg_values_supported":                    []string{"ES256"},
		"claims_supported": []string{
			"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid",
			"name", "preferred_username", "email", "email_verified", "phone_number", "locale",
		},
		"prompt_values_supported":                        []string{"none", "login", "consent"},
		"ui_locales_supported":                           []string{"ko", "en"},
		"claims_parameter_supported":                     false,
		"request_parameter_supported":                    false,
		"request_uri_parameter_supported":                false,
		"authorization_response_iss_parameter_supported": true,
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("oauth metadata: %w", err)
	}
	return raw, nil
}

func (s *Server) publicMetadata(w http.ResponseWriter, _ *http.Request) { s.public(w, s.metadata) }

// publicKeys is the JWKS (RFC 7517).
func (s *Server) publicKeys(w http.ResponseWriter, _ *http.Request) {
	raw, err := json.Marshal(s.Keys.Public())
	if err != nil {
		s.Log.Error("encode public keys", "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	s.public(w, raw)
}

func (s *Server) public(w http.ResponseWriter, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(keysMaxAge.Seconds())))
	h.Set("Access-Control-Allow-Origin", "*") // nothing in it is secret
	_, _ = w.Write(body)                      // the client has gone if this fails
}
