package oauth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/tripgen/tripgen/services/user/oauth"
	"github.com/tripgen/tripgen/services/user/usertest"
)

// raw sends a request as it is.
func raw(t *testing.T, s *usertest.Service, method, path, body string, header ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return send(t, r)
}

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

// inside are words that would tell of how the server is made.
var inside = []string{"sql", "pgx", "postgres", "fosite", "goroutine", "panic", ".go:", "services/", "jose", "hmac", "encoding", "0x00", "*", "nil"}

// sound checks what every refusal has: the RFC's form, and nothing of the inside.
func (a answer) sound(t *testing.T, name string) {
	t.Helper()
	for key, value := range a.body {
		text, ok := value.(string)
		if !ok || key != "error" && key != "error_description" {
			t.Errorf("%s: %s is %v", name, key, value)
		}
		for _, word := range inside {
			if strings.Contains(strings.ToLower(text), word) {
				t.Errorf("%s tells of %q: %s", name, word, text)
			}
		}
		// RFC 6749, 5.2: what error_description may have.
		if i := strings.IndexFunc(text, func(r rune) bool { return r < 0x20 || r > 0x7e || r == '"' || r == '\\' }); i >= 0 {
			t.Errorf("%s: %s has the character %q", name, key, text[i])
		}
	}
	if a.status >= http.StatusInternalServerError {
		t.Errorf("%s: %d %v", name, a.status, a.body)
	}
}

// What is wrong in the same way at all endpoints that take forms is refused in the same way.
func TestEveryFormEndpointRefusesWhatIsNoRequest(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	good := basic(usertest.PartnerClient, usertest.PartnerSecret)
	const form = "grant_type=client_credentials&token=x"
	for _, path := range []string{"/oauth2/token", "/oauth2/revoke", "/oauth2/introspect"} {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions} {
			if got := raw(t, s, method, path, ""); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "POST" || got.code() != "invalid_request" {
				t.Errorf("%s %s: %d %v", method, path, got.status, got.body)
			}
		}
		for _, c := range []struct {
			name, body string
			header     []string
			status     int
			want       string
		}{
			{"nothing", "", []string{"Authorization", good}, 400, "invalid_request"},
			{"JSON", `{"grant_type":"client_credentials","token":"x"}`, []string{"Content-Type", "application/json", "Authorization", good}, 400, "invalid_request"},
			{"a type that is none", form, []string{"Content-Type", "; /", "Authorization", good}, 400, "invalid_request"},
			{"several parts", "--b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\nx\r\n--b--\r\n", []string{"Content-Type", "multipart/form-data; boundary=b", "Authorization", good}, 400, "invalid_request"},
			{"a broken escape", "grant_type=%zz", []string{"Authorization", good}, 400, "invalid_request"},
			{"a semicolon", "grant_type=client_credentials;token=x", []string{"Authorization", good}, 400, "invalid_request"},
			{"twice", form + "&" + form, []string{"Authorization", good}, 400, "invalid_request"},
			{"a parameter that nobody knows, twice", form + "&x=1&x=2", []string{"Authorization", good}, 400, "invalid_request"},
			{"a NUL", form + "&x=%00", []string{"Authorization", good}, 400, "invalid_request"},
			{"no UTF-8", form + "&x=%ff%fe", []string{"Authorization", good}, 400, "invalid_request"},
			{"no UTF-8 in a name", form + "&%ff=1", []string{"Authorization", good}, 400, "invalid_request"},
			{"too much", form + "&x=" + strings.Repeat("x", 70<<10), []string{"Authorization", good}, 400, "invalid_request"},
			{"no client", form, nil, 400, "invalid_request"},
			{"a NUL as client", form, []string{"Authorization", basic("\x00", "x")}, 401, "invalid_client"},
			{"no UTF-8 as client", form, []string{"Authorization", basic("%ff", "x")}, 401, "invalid_client"},
			{"a huge client", form, []string{"Authorization", basic(strings.Repeat("c", 10<<10), "x")}, 401, "invalid_client"},
			{"a wrong secret", form, []string{"Authorization", basic(usertest.PartnerClient, "%00")}, 401, "invalid_client"},
			{"no Base64", form, []string{"Authorization", "Basic !"}, 400, "invalid_request"},
			{"no colon", form, []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("x"))}, 400, "invalid_request"},
			{"a bearer", form, []string{"Authorization", "Bearer x"}, 400, "invalid_request"},
			{"an assertion that is none", form + "&client_assertion=x&client_assertion_type=" + url.QueryEscape(assertionType), nil, 401, "invalid_client"},
			{"an assertion without its type", form + "&client_assertion=x", nil, 400, "invalid_request"},
			{"a type without its assertion", form + "&client_assertion_type=" + url.QueryEscape(assertionType), nil, 400, "invalid_request"},
		} {
			name := path + ": " + c.name
			got := raw(t, s, http.MethodPost, path, c.body, c.header...)
			if got.status != c.status || got.code() != c.want {
				t.Errorf("%s: %d %v, want %d %s", name, got.status, got.body, c.status, c.want)
			}
			if got.header.Get("Cache-Control") != "no-store" || got.header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: %v", name, got.header)
			}
			got.sound(t, name)
		}
	}
}

func TestEveryGrantRefusesWhatIsNoRequest(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	long := strings.Repeat("x", 60<<10)
	cli := "&client_id=" + oauth.ClientCLI
	code := "grant_type=authorization_code" + cli + "&redirect_uri=" + url.QueryEscape(usertest.RedirectURI)
	verifier := "&code_verifier=" + strings.Repeat("v", 43)
	for _, c := range []struct{ name, body, want string }{
		{"code: none", code + verifier, "invalid_grant"},
		{"code: empty", code + verifier + "&code=", "invalid_grant"},
		{"code: garbage", code + verifier + "&code=" + url.QueryEscape("한국어 \"\\"), "invalid_grant"},
		{"code: one part", code + verifier + "&code=abc", "invalid_grant"},
		{"code: two parts", code + verifier + "&code=abc.def", "invalid_grant"},
		{"code: huge", code + verifier + "&code=" + long, "invalid_grant"},
		{"code: of a client that may not", "grant_type=authorization_code&code=x&client_id=" + usertest.PartnerClient, "invalid_client"},
		{"refresh: none", "grant_type=refresh_token" + cli, "invalid_grant"},
		{"refresh: empty", "grant_type=refresh_token&refresh_token=" + cli, "invalid_grant"},
		{"refresh: garbage", "grant_type=refresh_token&refresh_token=" + url.QueryEscape("tgr_한국어") + cli, "invalid_grant"},
		{"refresh: nobody's", "grant_type=refresh_token&refresh_token=tgr_" + base64.RawURLEncoding.EncodeToString(make([]byte, 64)) + cli, "invalid_grant"},
		{"refresh: huge", "grant_type=refresh_token&refresh_token=tgr_" + long + cli, "invalid_grant"},
		{"the implicit grant", "grant_type=implicit" + cli, "unsupported_grant_type"},
		{"a grant with a quote", "grant_type=" + url.QueryEscape("\"\\") + cli, "unsupported_grant_type"},
		{"the device grant", "grant_type=" + url.QueryEscape("urn:ietf:params:oauth:grant-type:device_code") + cli, "unsupported_grant_type"},
	} {
		got := raw(t, s, http.MethodPost, "/oauth2/token", c.body)
		if got.code() != c.want || got.status != http.StatusBadRequest && got.status != http.StatusUnauthorized {
			t.Errorf("%s: %d %v, want %s", c.name, got.status, got.body, c.want)
		}
		got.sound(t, c.name)
	}
	for name, scope := range map[string]string{"a quote": `"`, "Hangul": "여행", "a newline": "trips.read\nx", "a backslash": "\\", "a long one": strings.Repeat("a", 1000)} {
		got := raw(t, s, http.MethodPost, "/oauth2/token", "grant_type=client_credentials&scope="+url.QueryEscape(scope),
			"Authorization", basic(usertest.PartnerClient, usertest.PartnerSecret))
		if got.status != http.StatusBadRequest || got.code() != "invalid_scope" {
			t.Errorf("the scope is %s: %d %v", name, got.status, got.body)
		}
		got.sound(t, "the scope is "+name)
	}
}

// RFC 7662, 2.2, and RFC 7009, 2.2: what is no token is told to be not active, and is revoked already.
func TestWhatIsNoTokenIsNotActive(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	for _, token := range []string{
		"x", "a.b.c", "..", "tgr_", "tgr_!", "여행", "eyJhbGciOiJub25lIn0.e30.", strings.Repeat("x", 60<<10),
		"tgr_" + base64.RawURLEncoding.EncodeToString(make([]byte, 64)),
	} {
		form := url.Values{"token": {token}, "token_type_hint": {"something"}}
		got := post(t, s, "/oauth2/introspect", usertest.InternalClient, usertest.InternalSecret, form)
		if got.status != http.StatusOK || len(got.body) != 1 || got.body["active"] != false {
			t.Errorf("introspection of %.20q: %d %v", token, got.status, got.body)
		}
		if got := post(t, s, "/oauth2/revoke", usertest.InternalClient, usertest.InternalSecret, form); got.status != http.StatusOK || len(got.body) != 0 {
			t.Errorf("revocation of %.20q: %d %v", token, got.status, got.body)
		}
	}
}

// RFC 6750, 3.1.
func TestUserinfoRefusesWhatIsNoToken(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	for _, header := range []string{"Bearer", "Bearer ", "Bearer x", "bearer x", "Bearer a.b.c", "Bearer eyJhbGciOiJub25lIn0.e30.", "Bearer " + strings.Repeat("x", 8<<10)} {
		got := raw(t, s, http.MethodGet, "/oauth2/userinfo", "", "Authorization", header)
		if got.status != http.StatusUnauthorized || got.code() != "invalid_token" || !strings.Contains(got.header.Get("WWW-Authenticate"), `error="invalid_token"`) {
			t.Errorf("%.20q: %d %v %v", header, got.status, got.body, got.header)
		}
		got.sound(t, header)
	}
	token := s.LogIn(s.SignUp(), "phone").AccessToken
	for _, method := range []string{http.MethodGet, http.MethodPost} { // OpenID Connect Core 1.0, 5.3.1
		if got := raw(t, s, method, "/oauth2/userinfo", "", "Authorization", "bearer "+token); got.status != http.StatusOK {
			t.Errorf("%s: %d %v", method, got.status, got.body)
		}
	}
	for _, path := range []string{"/oauth2/userinfo", "/.well-known/jwks.json", "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"} {
		if got := raw(t, s, http.MethodDelete, path, ""); got.status != http.StatusMethodNotAllowed || !strings.HasPrefix(got.header.Get("Allow"), "GET") {
			t.Errorf("DELETE %s: %d %v", path, got.status, got.header)
		}
	}
}

// An assertion's id goes into the database: what no id is does not.
func TestAnAssertionsIDIsAnID(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	key := keyClient(t, s)
	for _, id := range []string{"a\x00b", "여행", strings.Repeat("i", 300)} {
		now := time.Now()
		got := post(t, s, "/oauth2/token", "", "", assertion(t, key, jose.ES256, jwt.Claims{
			Issuer: "key-partner", Subject: "key-partner", Audience: jwt.Audience{s.URL}, ID: id,
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
		}))
		if got.status != http.StatusUnauthorized || got.code() != "invalid_client" {
			t.Errorf("%.10q: %d %v", id, got.status, got.body)
		}
		got.sound(t, id)
	}
}

// RFC 7517: public keys, each with its id, use and algorithm, and nothing that is private.
func TestThePublishedKeysArePublic(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	res, err := http.Get(s.URL + "/.well-known/jwks.json")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(body, &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("%s: %v", body, err)
	}
	public, ok := set.Keys[0].Key.(*ecdsa.PublicKey)
	if !ok || public.Curve != elliptic.P256() || set.Keys[0].Algorithm != "ES256" || set.Keys[0].Use != "sig" || set.Keys[0].KeyID == "" {
		t.Errorf("key %+v", set.Keys[0])
	}
	if strings.Contains(string(body), `"d"`) || !strings.HasPrefix(res.Header.Get("Cache-Control"), "public, max-age=") {
		t.Errorf("%s %v", body, res.Header)
	}
}

// A client's secret can be changed without a gap, and the old one ends.
func TestAnOldSecretHoldsForTheOverlapOnly(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	c, err := s.Store.Client(t.Context(), usertest.PartnerClient)
	if err != nil {
		t.Fatal(err)
	}
	c, fresh, err := c.RotateSecret(s.Secrets, s.Clock.Now(), time.Hour)
	if err == nil {
		err = s.Store.SaveClient(t.Context(), c, "client.rotated")
	}
	if err != nil {
		t.Fatal(err)
	}
	holds := func(secret string) bool {
		got := post(t, s, "/oauth2/token", usertest.PartnerClient, secret, url.Values{"grant_type": {"client_credentials"}})
		return got.status == http.StatusOK
	}
	if !holds(fresh) || !holds(usertest.PartnerSecret) || holds(rand.Text()) {
		t.Error("in the overlap")
	}
	s.Clock.Advance(61 * time.Minute)
	if !holds(fresh) || holds(usertest.PartnerSecret) {
		t.Error("after the overlap")
	}
}

// Tokens that live for longer than revocations are remembered must not be.
func TestWhatCannotBeIsNotConfigured(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*oauth.Config){
		"access tokens of 16 minutes": func(c *oauth.Config) { c.AccessToken = 16 * time.Minute },
		"none":                        func(c *oauth.Config) { c.AccessToken = 0 },
		"an issuer without a host":    func(c *oauth.Config) { c.Issuer = "https:///x" },
		"an issuer with a query":      func(c *oauth.Config) { c.Issuer = "https://a.example/?x=1" },
		"codes of an hour":            func(c *oauth.Config) { c.Code = time.Hour },
		"nobody at once":              func(c *oauth.Config) { c.AtOnce = 0 },
	} {
		c := oauth.Defaults("https://trips.example")
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		if change(&c); c.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// RFC 8252, 7: the three kinds of addresses of native apps, and nothing else; on loopback any port.
func TestRedirectAddresses(t *testing.T) {
	t.Parallel()
	for uri, fine := range map[string]bool{
		"https://app.example/callback":  true,
		"com.example.app:/callback":     true,
		"http://127.0.0.1/callback":     true,
		"http://[::1]/callback":         true,
		"http://127.0.0.1:8080/x":       true,
		"http://localhost/callback":     false,
		"http://app.example/callback":   false,
		"myapp:/callback":               false,
		"javascript:alert(1)":           false,
		"data:text/html,x":              false,
		"https:///callback":             false,
		"https://app.example/#f":        false,
		"https://app.example/callback#": false,
		"https://user@app.example/":     false,
		"/callback":                     false,
		"":                              false,
		"https://app.example/%zz":       false,
	} {
		if problem := oauth.CheckRedirect(uri); (problem == "") != fine {
			t.Errorf("CheckRedirect(%q) = %q", uri, problem)
		}
	}
	c := oauth.Client{RedirectURIs: []string{"http://127.0.0.1/callback", "http://[::1]/callback?a=1", "com.example.app:/callback", "https://app.example/callback"}}
	var allowed []string
	for _, uri := range []string{
		"http://127.0.0.1/callback", "http://127.0.0.1:1/callback", "http://127.0.0.1:65535/callback", "http://[::1]:49152/callback?a=1",
		"com.example.app:/callback", "https://app.example/callback",
		"http://[::1]:49152/callback", "http://127.0.0.1:1/callback?a=1", "http://127.0.0.1:1/Callback", "http://127.1:1/callback",
		"http://localhost:1/callback", "https://app.example:444/callback", "https://app.example:443/callback", "com.example.app:/callback/", "com.example.app:/callback?x",
		"COM.example.app:/callback",
	} {
		if c.AllowsRedirect(uri) {
			allowed = append(allowed, uri)
		}
	}
	if want := []string{
		"http://127.0.0.1/callback", "http://127.0.0.1:1/callback", "http://127.0.0.1:65535/callback", "http://[::1]:49152/callback?a=1",
		"com.example.app:/callback", "https://app.example/callback",
	}; !slices.Equal(allowed, want) {
		t.Errorf("allowed are %q", allowed)
	}
}
