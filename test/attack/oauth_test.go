package attack

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/tripgen/tripgen/test/people"
)

func redeem(t *testing.T, code, verifier string, more ...string) answer {
	t.Helper()
	values := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "code_verifier": {verifier}, "client_id": {people.ClientID}, "redirect_uri": {people.RedirectURI},
	}
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] == "" {
			values.Del(more[i])
			continue
		}
		values.Set(more[i], more[i+1])
	}
	return form(t, "/oauth2/token", values)
}

type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

func granted(t *testing.T, a answer) tokens {
	t.Helper()
	var got tokens
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != http.StatusOK || got.Access == "" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	return got
}

func TestCodes(t *testing.T) {
	attack(t, "a code redeemed twice ends its tokens", func(t *testing.T) {
		c, v := code(t, person(t))
		first := granted(t, redeem(t, c, v))
		refused(t, redeem(t, c, v), http.StatusBadRequest, "invalid_grant")
		refused(t, refresh(t, first.Refresh), http.StatusBadRequest, "invalid_grant")
	})
	for name, change := range map[string][]string{
		"another verifier":             {"code_verifier", oauth2.GenerateVerifier()},
		"no verifier (PKCE downgrade)": {"code_verifier", ""},
		"the challenge as verifier":    {"code_verifier", "challenge"},
		"another redirection":          {"redirect_uri", "http://127.0.0.1/callback/more"},
		"another client":               {"client_id", "tripgen-mobile"},
	} {
		attack(t, "code with "+name, func(t *testing.T) {
			c, v := code(t, person(t))
			use := slices.Clone(change)
			if use[1] == "challenge" {
				use[1] = oauth2.S256ChallengeFromVerifier(v)
			}
			refused(t, redeem(t, c, v, use...), http.StatusBadRequest, "invalid_grant", "invalid_request")
		})
	}
	attack(t, "50 redemptions at once: one wins", func(t *testing.T) {
		c, v := code(t, person(t))
		won := make(chan bool, 50)
		for range 50 {
			go func() {
				res, err := plain.PostForm(whole.Gateway+"/oauth2/token", url.Values{
					"grant_type": {"authorization_code"}, "code": {c}, "code_verifier": {v}, "client_id": {people.ClientID}, "redirect_uri": {people.RedirectURI},
				})
				if err == nil {
					_ = res.Body.Close()
				}
				won <- err == nil && res.StatusCode == http.StatusOK
			}()
		}
		n := 0
		for range 50 {
			if <-won {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d won", n)
		}
	})
}

// authorizeURL asks for a code at the page; change sets or (empty) removes parameters.
func authorizeURL(change ...string) string {
	values := url.Values{
		"response_type": {"code"}, "client_id": {people.ClientID}, "redirect_uri": {people.RedirectURI}, "state": {"0123456789abcdef"},
		"code_challenge": {oauth2.S256ChallengeFromVerifier(oauth2.GenerateVerifier())}, "code_challenge_method": {"S256"}, "scope": {"openid"},
	}
	for i := 0; i+1 < len(change); i += 2 {
		values.Del(change[i])
		if change[i+1] != "" {
			values.Set(change[i], change[i+1])
		}
	}
	return whole.Gateway + "/oauth2/auth?" + values.Encode()
}

func TestRedirections(t *testing.T) {
	for _, uri := range []string{
		"https://evil.example/callback", "http://127.0.0.1.evil.example/callback", "http://127.0.0.1@evil.example/callback",
		"http://127.0.0.1/callback/../evil", "http://127.0.0.1/callback%2f..%2fevil", "http://127.0.0.1/callback?next=//evil.example",
		"http://127.0.0.1/callback#evil", "javascript:alert(1)", "//evil.example/callback", "HTTP://127.0.0.1/CALLBACK", "http://localhost/callback",
	} {
		attack(t, "redirection to "+uri, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, authorizeURL("redirect_uri", uri), nil)
			if err != nil {
				t.Fatal(err)
			}
			got := do(t, req)
			if got.header.Get("Location") != "" || got.status < 400 || got.status >= 500 {
				t.Errorf("%d to %q", got.status, got.header.Get("Location"))
			}
			discreet(t, got)
		})
	}
	for name, c := range map[string]struct {
		change []string
		code   string
	}{
		"PKCE with method plain":   {[]string{"code_challenge_method", "plain"}, "invalid_request"},
		"PKCE without a method":    {[]string{"code_challenge_method", ""}, "invalid_request"},
		"no PKCE":                  {[]string{"code_challenge", "", "code_challenge_method", ""}, "invalid_request"},
		"implicit grant":           {[]string{"response_type", "token"}, "unsupported_response_type"},
		"hybrid grant":             {[]string{"response_type", "code id_token"}, "unsupported_response_type"},
		"a scope of services only": {[]string{"scope", "internal"}, "invalid_scope"},
	} {
		attack(t, "authorization: "+name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, authorizeURL(c.change...), nil)
			if err != nil {
				t.Fatal(err)
			}
			got := do(t, req)
			discreet(t, got)
			if at := got.header.Get("Location"); at != "" {
				to, err := url.Parse(at)
				if err != nil {
					t.Fatal(err)
				}
				values := to.Query()
				if fragment, err := url.ParseQuery(to.Fragment); err == nil && values.Get("error") == "" {
					values = fragment
				}
				if values.Get("error") != c.code || values.Get("code") != "" || values.Get("access_token") != "" {
					t.Errorf("redirected to %s, want error=%s", at, c.code)
				}
				return
			}
			if got.status < 400 || got.status >= 500 {
				t.Errorf("%d %.200s", got.status, got.body)
			}
		})
	}
}

func TestRefreshTokens(t *testing.T) {
	attack(t, "an old refresh token ends the family", func(t *testing.T) {
		c, v := code(t, person(t))
		first := granted(t, redeem(t, c, v))
		second := granted(t, refresh(t, first.Refresh))
		// Only the last one that was used may be shown again, for a client that lost the answer.
		third := granted(t, refresh(t, second.Refresh))
		refused(t, refresh(t, first.Refresh), http.StatusBadRequest, "invalid_grant")
		refused(t, refresh(t, third.Refresh), http.StatusBadRequest, "invalid_grant")
		soon(t, third.Access)
	})
	attack(t, "a refresh token of another client", func(t *testing.T) {
		c, v := code(t, person(t))
		refused(t, refresh(t, granted(t, redeem(t, c, v)).Refresh, "client_id", "tripgen-mobile"), http.StatusBadRequest, "invalid_grant")
	})
	attack(t, "more scope by refresh", func(t *testing.T) {
		c, v := code(t, person(t))
		refused(t, refresh(t, granted(t, redeem(t, c, v)).Refresh, "scope", "trips.read internal"), http.StatusBadRequest, "invalid_scope")
	})
	attack(t, "a made-up refresh token", func(t *testing.T) {
		refused(t, refresh(t, "ory_rt_"+strings.Repeat("a", 86)), http.StatusBadRequest, "invalid_grant")
	})
}

func TestTheTokenEndpoint(t *testing.T) {
	for name, c := range map[string]struct {
		values url.Values
		status int
		codes  []string
	}{
		"password grant":         {url.Values{"grant_type": {"password"}, "username": {victim.LoginID}, "password": {victim.Password}, "client_id": {people.ClientID}}, 400, []string{"unsupported_grant_type", "invalid_request"}},
		"credentials, no secret": {url.Values{"grant_type": {"client_credentials"}, "client_id": {"trip"}}, 401, []string{"invalid_client"}},
		"credentials, public":    {url.Values{"grant_type": {"client_credentials"}, "client_id": {people.ClientID}}, 400, []string{"unauthorized_client", "invalid_grant"}},
		"unknown client":         {url.Values{"grant_type": {"client_credentials"}, "client_id": {"nobody"}, "client_secret": {"x"}}, 401, []string{"invalid_client"}},
		"wrong secret":           {url.Values{"grant_type": {"client_credentials"}, "client_id": {"trip"}, "client_secret": {"guess"}, "scope": {"internal"}}, 401, []string{"invalid_client"}},
		"no grant":               {url.Values{"client_id": {people.ClientID}}, 400, []string{"invalid_request", "unsupported_grant_type"}},
		"device grant":           {url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "client_id": {people.ClientID}}, 400, []string{"unsupported_grant_type", "invalid_request"}},
		"client as SQL":          {url.Values{"grant_type": {"client_credentials"}, "client_id": {"' OR 1=1 --"}, "client_secret": {"x"}}, 401, []string{"invalid_client"}},
	} {
		attack(t, "token endpoint: "+name, func(t *testing.T) { refused(t, form(t, "/oauth2/token", c.values), c.status, c.codes...) })
	}
	attack(t, "introspection without a secret", func(t *testing.T) {
		refused(t, form(t, "/oauth2/introspect", url.Values{"token": {token(t, victim)}, "client_id": {people.ClientID}}), http.StatusUnauthorized, "invalid_client", "request_unauthorized", "invalid_request")
	})
	attack(t, "userinfo without a token", func(t *testing.T) {
		got := call(t, whole.Gateway, "/oauth2/userinfo", "", "")
		if got.status != http.StatusUnauthorized || !strings.HasPrefix(got.header.Get("Www-Authenticate"), "Bearer") {
			t.Errorf("%d %v", got.status, got.header)
		}
	})
}

func signIn(t *testing.T, loginID, password string, change ...func(*http.Request)) answer {
	t.Helper()
	body, _ := json.Marshal(map[string]string{ // strings can always be written
		"loginId": loginID, "password": password, "clientId": people.ClientID, "redirectUri": people.RedirectURI,
		"codeChallenge": oauth2.S256ChallengeFromVerifier(oauth2.GenerateVerifier()),
	})
	return call(t, whole.Gateway, "/tripgen.user.v1.AccountService/SignIn", "", string(body), change...)
}

func TestGuessing(t *testing.T) {
	attack(t, "a wrong id and a wrong password look alike", func(t *testing.T) {
		a, b := signIn(t, person(t).LoginID, "wrong-pass-7a"), signIn(t, "nobody00000001", "wrong-pass-7a")
		refused(t, a, http.StatusUnauthorized, "unauthenticated")
		if a.status != b.status || a.body != b.body {
			t.Errorf("%d %s\n%d %s", a.status, a.body, b.status, b.body)
		}
	})
	attack(t, "lockout passed by case and spaces of the id", func(t *testing.T) {
		p := person(t)
		for i := range 5 {
			id := []string{p.LoginID, strings.ToUpper(p.LoginID), strings.ToUpper(p.LoginID[:3]) + p.LoginID[3:]}[i%3]
			refused(t, signIn(t, id, "wrong-pass-7a"), http.StatusUnauthorized, "unauthenticated")
		}
		for _, id := range []string{p.LoginID, strings.ToUpper(p.LoginID)} {
			if got := signIn(t, id, p.Password); got.status == http.StatusOK || !strings.Contains(got.body, "locked") && !strings.Contains(got.body, "TE9DS0VE") {
				refused(t, got, http.StatusBadRequest, "failed_precondition", "permission_denied", "resource_exhausted")
			}
		}
	})
	attack(t, "lockout passed by another address", func(t *testing.T) {
		p := person(t)
		from := func(i int) func(*http.Request) {
			return func(r *http.Request) { r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i)) }
		}
		for i := range 5 {
			refused(t, signIn(t, p.LoginID, "wrong-pass-7a", from(i)), http.StatusUnauthorized, "unauthenticated")
		}
		if got := signIn(t, p.LoginID, p.Password, from(9)); got.status == http.StatusOK {
			t.Error("let in")
		}
	})
	t.Run("by time", func(t *testing.T) { // alone: it measures
		tried.Add(1)
		p := person(t)
		median := func(id string) time.Duration {
			times := make([]time.Duration, 4)
			for i := range times {
				began := time.Now()
				signIn(t, id, "wrong-pass-7a")
				times[i] = time.Since(began)
			}
			slices.Sort(times)
			return times[1]
		}
		known, unknown := median(p.LoginID), median("nobody00000002")
		t.Logf("known %v, unknown %v", known, unknown)
		if ratio := float64(known) / float64(unknown); ratio > 2 || ratio < 0.5 {
			through.Add(1)
			t.Errorf("a known id takes %v, an unknown one %v", known, unknown)
		}
	})
}
