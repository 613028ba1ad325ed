package oauth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	joseold "github.com/go-jose/go-jose/v3"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/tripgen/tripgen/services/user/oauth"
	"github.com/tripgen/tripgen/services/user/usertest"
)

func TestTheTokenEndpointRefusesWithTheRFCsCodes(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	credentials := url.Values{"grant_type": {"client_credentials"}}
	with := func(pairs ...string) url.Values {
		v := url.Values{"grant_type": {"client_credentials"}}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	for _, c := range []struct {
		name, user, password string
		form                 url.Values
		status               int
		want                 string
	}{
		{"wrong secret", usertest.PartnerClient, "wrong", credentials, 401, "invalid_client"},
		{"no secret", usertest.PartnerClient, "", credentials, 401, "invalid_client"},
		{"unknown client", "nobody", "x", credentials, 401, "invalid_client"},
		{"secret in the body", "", "", with("client_id", usertest.PartnerClient, "client_secret", usertest.PartnerSecret), 401, "invalid_client"},
		{"no client", "", "", credentials, 400, "invalid_request"},
		{"public client", "", "", with("client_id", oauth.ClientCLI), 400, "invalid_grant"},
		{"not its scope", usertest.PartnerClient, usertest.PartnerSecret, with("scope", "internal"), 400, "invalid_scope"},
		{"unknown scope", usertest.PartnerClient, usertest.PartnerSecret, with("scope", "root"), 400, "invalid_scope"},
		{"a person's scope", usertest.PartnerClient, usertest.PartnerSecret, with("scope", "account"), 400, "invalid_scope"},
		{"password grant", usertest.PartnerClient, usertest.PartnerSecret, with("grant_type", "password"), 400, "unsupported_grant_type"},
		{"unknown grant", usertest.PartnerClient, usertest.PartnerSecret, with("grant_type", "dance"), 400, "unsupported_grant_type"},
		{"two grants", usertest.PartnerClient, usertest.PartnerSecret, with("grant_type", "client_credentials refresh_token"), 400, "unsupported_grant_type"},
		{"no grant", usertest.PartnerClient, usertest.PartnerSecret, with("grant_type", ""), 400, "invalid_request"},
		{"twice", usertest.PartnerClient, usertest.PartnerSecret, url.Values{"grant_type": {"client_credentials", "client_credentials"}}, 400, "invalid_request"},
		{"another audience", usertest.PartnerClient, usertest.PartnerSecret, with("audience", "bank"), 400, "invalid_request"},
		{"not its grant", usertest.InternalClient, usertest.InternalSecret, refreshForm("tgr_x"), 400, "unauthorized_client"},
		{"garbage as refresh token", "", "", refreshForm("tgr_x"), 400, "invalid_grant"},
		{"unknown assertion type", "", "", with("client_assertion_type", "urn:x", "client_assertion", "x"), 400, "invalid_request"},
		{"garbage as assertion", "", "", with("client_assertion_type", assertionType, "client_assertion", "x"), 401, "invalid_client"},
	} {
		got := post(t, s, "/oauth2/token", c.user, c.password, c.form)
		if got.status != c.status || got.code() != c.want {
			t.Errorf("%s: %d %v, want %d %s", c.name, got.status, got.body, c.status, c.want)
		}
		if got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: may be cached", c.name)
		}
		if c.user != "" && c.status == 401 && !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Basic ") {
			t.Errorf("%s: no challenge", c.name)
		}
	}
}

func TestTheTokenEndpointWantsABoundedPost(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/oauth2/token?grant_type=client_credentials", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := send(t, r); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "POST" {
		t.Errorf("GET = %d %v", got.status, got.header)
	}
	huge := url.Values{"grant_type": {"client_credentials"}, "x": {strings.Repeat("x", 100_000)}}
	if got := post(t, s, "/oauth2/token", usertest.PartnerClient, usertest.PartnerSecret, huge); got.code() != "invalid_request" {
		t.Errorf("a huge form = %d %v", got.status, got.body)
	}
	inQuery := url.Values{"client_id": {oauth.ClientCLI}}
	if got := post(t, s, "/oauth2/token?grant_type=client_credentials", "", "", inQuery); got.code() != "invalid_request" {
		t.Errorf("the grant in the query = %d %v", got.status, got.body)
	}
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// keyClient registers a client that proves itself by a key.
func keyClient(t *testing.T, s *usertest.Service) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := oauth.NewClient(oauth.Client{
		ID: "key-partner", Name: "Key partner", AuthMethod: oauth.AuthKey, Grants: []string{oauth.GrantCredentials},
		Scopes: oauth.PartnerScopes(),
		Keys:   &joseold.JSONWebKeySet{Keys: []joseold.JSONWebKey{{Key: key.Public(), KeyID: "k1", Algorithm: "ES256", Use: "sig"}}},
	}, s.Secrets, s.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store.SaveClient(t.Context(), c, "client.created"); err != nil {
		t.Fatal(err)
	}
	return key
}

func assertion(t *testing.T, key any, alg jose.SignatureAlgorithm, claims jwt.Claims) url.Values {
	t.Helper()
	options := (&jose.SignerOptions{}).WithHeader("kid", "k1")
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {assertionType}, "client_assertion": {raw}}
}

// RFC 7523, as strict clients send it: the audience is the issuer; the token endpoint is accepted, too.
func TestAClientProvesItselfByASignedAssertion(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	key := keyClient(t, s)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	claims := func(change func(*jwt.Claims)) jwt.Claims {
		now := time.Now()
		c := jwt.Claims{
			Issuer: "key-partner", Subject: "key-partner", Audience: jwt.Audience{s.URL}, ID: rand.Text(),
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
		}
		change(&c)
		return c
	}
	for _, c := range []struct {
		name   string
		key    any
		alg    jose.SignatureAlgorithm
		change func(*jwt.Claims)
		status int
	}{
		{"issuer as audience", key, jose.ES256, func(*jwt.Claims) {}, 200},
		{"endpoint as audience", key, jose.ES256, func(c *jwt.Claims) { c.Audience = jwt.Audience{s.URL + "/oauth2/token"} }, 200},
		{"another audience", key, jose.ES256, func(c *jwt.Claims) { c.Audience = jwt.Audience{"https://bank.example"} }, 401},
		{"another issuer", key, jose.ES256, func(c *jwt.Claims) { c.Issuer = "tripgen-trip" }, 401},
		{"expired", key, jose.ES256, func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(time.Now().Add(-time.Minute)) }, 401},
		{"that lives for ever", key, jose.ES256, func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(time.Now().Add(24 * time.Hour)) }, 401},
		{"without an end", key, jose.ES256, func(c *jwt.Claims) { c.Expiry = nil }, 401},
		{"without an id", key, jose.ES256, func(c *jwt.Claims) { c.ID = "" }, 401},
		{"another key", other, jose.ES256, func(*jwt.Claims) {}, 401},
		{"signed with a shared secret", []byte(strings.Repeat("k", 32)), jose.HS256, func(*jwt.Claims) {}, 401},
	} {
		got := post(t, s, "/oauth2/token", "", "", assertion(t, c.key, c.alg, claims(c.change)))
		if got.status != c.status || c.status == 401 && got.code() != "invalid_client" {
			t.Errorf("%s: %d %v", c.name, got.status, got.body)
		}
	}
	once := assertion(t, key, jose.ES256, claims(func(*jwt.Claims) {}))
	answers := atOnce(20, func() answer { return post(t, s, "/oauth2/token", "", "", once) })
	won := 0
	for _, a := range answers {
		if a.status == http.StatusOK {
			won++
		} else if a.code() != "invalid_client" {
			t.Errorf("a replay: %d %v", a.status, a.body)
		}
	}
	if won != 1 {
		t.Errorf("an assertion was good for %d tokens", won)
	}
}

func TestRevocationAndIntrospection(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	token := s.LogIn(p, "phone")
	look := func(user, password, token string) map[string]any {
		t.Helper()
		got := post(t, s, "/oauth2/introspect", user, password, url.Values{"token": {token}})
		if got.status != http.StatusOK {
			t.Fatalf("introspection = %d %v", got.status, got.body)
		}
		return got.body
	}
	service := func(token string) map[string]any {
		return look(usertest.InternalClient, usertest.InternalSecret, token)
	}
	told := service(token.AccessToken)
	if told["active"] != true || told["sub"] != p.Account.GetId() || told["client_id"] != oauth.ClientCLI || told["token_type"] != "Bearer" {
		t.Errorf("access token: %v", told)
	}
	if told := service(token.RefreshToken); told["active"] != true || told["sub"] != p.Account.GetId() {
		t.Errorf("refresh token: %v", told)
	}
	// Somebody else's tokens are nobody's business.
	if told := look(usertest.PartnerClient, usertest.PartnerSecret, token.AccessToken); len(told) != 1 || told["active"] != false {
		t.Errorf("told to a partner: %v", told)
	}
	if got := post(t, s, "/oauth2/introspect", "", "", url.Values{"token": {token.AccessToken}, "client_id": {oauth.ClientCLI}}); got.code() != "invalid_client" {
		t.Errorf("a public client: %v", got.body)
	}
	if got := post(t, s, "/oauth2/revoke", usertest.PartnerClient, usertest.PartnerSecret, url.Values{"token": {token.AccessToken}}); got.status != http.StatusOK {
		t.Errorf("a stranger's revocation = %d", got.status)
	}
	if service(token.AccessToken)["active"] != true {
		t.Error("a stranger has revoked the token")
	}
	mine := func(token string) url.Values { return url.Values{"token": {token}, "client_id": {oauth.ClientCLI}} }
	if got := post(t, s, "/oauth2/revoke", "", "", mine(token.AccessToken)); got.status != http.StatusOK {
		t.Errorf("revocation = %d", got.status)
	}
	if service(token.AccessToken)["active"] != false || service(token.RefreshToken)["active"] != true {
		t.Error("revoking the access token does not end it alone")
	}
	if got := post(t, s, "/oauth2/revoke", "", "", mine(token.RefreshToken)); got.status != http.StatusOK {
		t.Errorf("revocation = %d", got.status)
	}
	if got := post(t, s, "/oauth2/token", "", "", refreshForm(token.RefreshToken)); got.code() != "invalid_grant" || service(token.RefreshToken)["active"] != false {
		t.Errorf("the revoked refresh token: %v", got.body)
	}
	for _, form := range []url.Values{mine("garbage"), mine(token.RefreshToken)} {
		if got := post(t, s, "/oauth2/revoke", "", "", form); got.status != http.StatusOK {
			t.Errorf("what is over = %d", got.status)
		}
	}
	if got := post(t, s, "/oauth2/revoke", "", "", mine("")); got.code() != "invalid_request" {
		t.Errorf("no token = %v", got.body)
	}
}

func TestUserinfoTellsByScope(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	token := s.LogIn(p, "phone").AccessToken
	ask := func(authorization string) answer {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/oauth2/userinfo", nil)
		if err != nil {
			t.Fatal(err)
		}
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		return send(t, r)
	}
	got := ask("Bearer " + token)
	if got.status != http.StatusOK || got.body["sub"] != p.Account.GetId() || got.body["name"] != "김민수" || got.body["email_verified"] != false {
		t.Errorf("userinfo = %d %v", got.status, got.body)
	}
	partner := post(t, s, "/oauth2/token", usertest.PartnerClient, usertest.PartnerSecret, url.Values{"grant_type": {"client_credentials"}})
	access, _ := partner.body["access_token"].(string)
	if got := ask("Bearer " + access); got.status != http.StatusForbidden || got.code() != "insufficient_scope" {
		t.Errorf("a client's own token: %d %v", got.status, got.body)
	}
	for _, bad := range []string{"", "Bearer x", "Basic eDp5"} {
		if got := ask(bad); got.status != http.StatusUnauthorized || !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%q: %d %v", bad, got.status, got.header)
		}
	}
}

func TestMetadataNamesWhatIsThere(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	for _, path := range []string{"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		doc := send(t, r).body
		if doc["issuer"] != s.URL || doc["authorization_response_iss_parameter_supported"] != true {
			t.Errorf("%s: %v", path, doc)
		}
		for _, name := range []string{"token_endpoint", "revocation_endpoint", "introspection_endpoint", "userinfo_endpoint", "authorization_endpoint", "jwks_uri"} {
			endpoint, _ := doc[name].(string)
			res, err := http.Get(endpoint)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode == http.StatusNotFound {
				t.Errorf("%s: %s is not there", path, name)
			}
		}
		raw, err := json.Marshal(doc)
		if err != nil || strings.Contains(string(raw), "internal") || strings.Contains(string(raw), "implicit") {
			t.Errorf("%s tells of what is not public: %s", path, raw)
		}
	}
}

func kidOf(t *testing.T, token string) string {
	t.Helper()
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Headers[0].KeyID
}

// RFC 9068, and nothing else passes for one.
func TestAccessTokensAreOfTheirType(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	token := s.LogIn(s.SignUp(), "phone")
	parsed, err := jwt.ParseSigned(token.AccessToken, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	keys := s.Keys.Public()
	if err := parsed.Claims(keys.Key(parsed.Headers[0].KeyID)[0], &claims); err != nil {
		t.Fatal(err)
	}
	if parsed.Headers[0].ExtraHeaders["typ"] != "at+jwt" || claims["iss"] != s.URL || claims["aud"] != "tripgen" {
		t.Errorf("header %v, claims %v", parsed.Headers[0], claims)
	}
	for _, name := range []string{"sub", "client_id", "scope", "jti", "iat", "exp", "sid", "auth_time"} {
		if claims[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}
	exp, _ := claims["exp"].(float64)
	iat, _ := claims["iat"].(float64)
	if exp <= iat || exp-iat > (15*time.Minute).Seconds() {
		t.Errorf("it lives for %v s", exp-iat)
	}
	idToken, _ := token.Extra("id_token").(string)
	if _, err := s.Verifier().Verify(t.Context(), idToken); err == nil {
		t.Error("an id token passes for an access token")
	}
	if got := post(t, s, "/oauth2/introspect", usertest.InternalClient, usertest.InternalSecret, url.Values{"token": {idToken}}); got.body["active"] != false {
		t.Errorf("an id token is told to be active: %v", got.body)
	}
}

// slowClients answers when it is let.
type slowClients struct {
	oauth.Clients
	asked chan struct{}
	let   chan struct{}
}

func (c slowClients) Client(ctx context.Context, id string) (oauth.Client, error) {
	c.asked <- struct{}{}
	<-c.let
	return c.Clients.Client(ctx, id)
}

// What is too much is shed at once, and the endpoint recovers by itself.
func TestTooMuchIsShed(t *testing.T) {
	t.Parallel()
	slow := slowClients{asked: make(chan struct{}, 10), let: make(chan struct{})}
	s := usertest.Start(t, usertest.Options{AtOnce: 2, Clients: func(c oauth.Clients) oauth.Clients {
		slow.Clients = c
		return slow
	}})
	ask := func() answer {
		return post(t, s, "/oauth2/token", usertest.PartnerClient, usertest.PartnerSecret, url.Values{"grant_type": {"client_credentials"}})
	}
	under := make(chan answer, 2)
	for range 2 {
		go func() { under <- ask() }()
	}
	<-slow.asked
	<-slow.asked
	if got := ask(); got.status != http.StatusServiceUnavailable || got.code() != "temporarily_unavailable" || got.header.Get("Retry-After") == "" {
		t.Errorf("the third = %d %v %v", got.status, got.body, got.header)
	}
	close(slow.let)
	for range 2 {
		if got := <-under; got.status != http.StatusOK {
			t.Errorf("one under way = %d %v", got.status, got.body)
		}
	}
	if got := ask(); got.status != http.StatusOK {
		t.Errorf("afterwards = %d %v", got.status, got.body)
	}
}

// A store that is away is nobody's wrong secret.
func TestAStoreThatIsAwayIsTold(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	token := s.LogIn(s.SignUp(), "phone")
	s.Pool.Close()
	for name, got := range map[string]answer{
		"client credentials": post(t, s, "/oauth2/token", usertest.PartnerClient, usertest.PartnerSecret, url.Values{"grant_type": {"client_credentials"}}),
		"refresh":            post(t, s, "/oauth2/token", "", "", refreshForm(token.RefreshToken)),
		"introspection":      post(t, s, "/oauth2/introspect", usertest.InternalClient, usertest.InternalSecret, url.Values{"token": {token.AccessToken}}),
	} {
		if got.status != http.StatusServiceUnavailable || got.code() != "temporarily_unavailable" {
			t.Errorf("%s: %d %v", name, got.status, got.body)
		}
		if description, _ := got.body["error_description"].(string); strings.Contains(description, "pool") {
			t.Errorf("%s tells of the inside: %s", name, description)
		}
	}
}
