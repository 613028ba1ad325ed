package web_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/tripgen/tripgen/services/user/oauth"
	"github.com/tripgen/tripgen/services/user/usertest"
)

// OpenID Connect Core 1.0, 3.1.2.6: without a page, what would have to be asked is refused.
func TestPromptNoneNeverAsks(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p, b := s.SignUp(), newBrowser(t, s)
	app, challenge := partnerApp(t, s), oauth2.S256ChallengeOption(oauth2.GenerateVerifier())
	const to = "https://partner.example/cb"
	none := app.AuthCodeURL("s", challenge, oauth2.SetAuthURLParam("prompt", "none"))
	if got := b.open(none).returned(t, to); got.Get("error") != "login_required" || got.Get("iss") != s.URL || got.Get("state") != "s" {
		t.Errorf("logged out: %v", got)
	}
	question := b.submit(b.open(app.AuthCodeURL("s", challenge)), "login_id", p.LoginID, "password", p.Password)
	if got := b.open(none).returned(t, to); got.Get("error") != "consent_required" || got.Get("iss") != s.URL {
		t.Errorf("logged in, and nothing allowed: %v", got)
	}
	b.submit(question, "decision", "allow").returned(t, to)
	if got := b.open(none).returned(t, to); got.Get("code") == "" {
		t.Errorf("allowed: %v", got)
	}
	s.Clock.Advance(time.Hour)
	old := app.AuthCodeURL("s", challenge, oauth2.SetAuthURLParam("prompt", "none"), oauth2.SetAuthURLParam("max_age", "60"))
	if got := b.open(old).returned(t, to); got.Get("error") != "login_required" {
		t.Errorf("too long ago: %v", got)
	}
}

// Both: the password first, then the question, although either was given before.
func TestPromptLoginAndConsentAsksForBoth(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p, b := s.SignUp(), newBrowser(t, s)
	app, challenge := partnerApp(t, s), oauth2.S256ChallengeOption(oauth2.GenerateVerifier())
	const to = "https://partner.example/cb"
	b.submit(b.submit(b.open(app.AuthCodeURL("s", challenge)), "login_id", p.LoginID, "password", p.Password), "decision", "allow").returned(t, to)
	page := b.open(app.AuthCodeURL("s", challenge, oauth2.SetAuthURLParam("prompt", "login consent")))
	if !strings.Contains(page.body, `type="password"`) {
		t.Fatalf("no password is asked for: %d", page.StatusCode)
	}
	question := b.submit(page, "login_id", p.LoginID, "password", p.Password)
	if question.StatusCode != http.StatusOK || !strings.Contains(question.body, "Partner App") {
		t.Fatalf("no question: %d %s", question.StatusCode, question.Header.Get("Location"))
	}
	if got := b.submit(question, "decision", "allow").returned(t, to); got.Get("code") == "" {
		t.Errorf("returned %v", got)
	}
}

// max_age=0 always wants the password, and auth_time tells when it was typed.
func TestMaxAgeZeroWantsThePassword(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p, b := s.SignUp(), newBrowser(t, s)
	app, verifier := webApp(s, oauth.ScopeOpenID, oauth.ScopeOffline), oauth2.GenerateVerifier()
	now := oauth2.SetAuthURLParam("max_age", "0")
	logIn := func() map[string]any {
		t.Helper()
		page := b.open(app.AuthCodeURL("s", oauth2.S256ChallengeOption(verifier), now))
		if !strings.Contains(page.body, `type="password"`) {
			t.Fatalf("no password is asked for: %d", page.StatusCode)
		}
		back := b.submit(page, "login_id", p.LoginID, "password", p.Password).returned(t, webRedirect)
		token, err := app.Exchange(t.Context(), back.Get("code"), oauth2.VerifierOption(verifier))
		if err != nil {
			t.Fatal(err)
		}
		claims := idClaims(t, s, token)
		sum := sha256.Sum256([]byte(token.AccessToken))
		if claims["at_hash"] != base64.RawURLEncoding.EncodeToString(sum[:16]) {
			t.Errorf("at_hash = %v", claims["at_hash"]) // OpenID Connect Core 1.0, 3.1.3.6
		}
		return claims
	}
	before := s.Clock.Now()
	claims := logIn()
	at, _ := claims["auth_time"].(float64)
	exp, _ := claims["exp"].(float64)
	iat, _ := claims["iat"].(float64)
	if int64(at) != before.Unix() || exp <= iat || exp-iat > oauth.MaxAccessToken.Seconds() {
		t.Errorf("claims %v, logged in at %v", claims, before)
	}
	aud, _ := claims["aud"].([]any)
	if len(aud) != 1 || aud[0] != oauth.ClientWeb {
		t.Errorf("aud = %v", claims["aud"])
	}
	s.Clock.Advance(time.Second)
	logIn()
}

// What is no request at all is shown in the form of a page, and tells nothing of the inside.
func TestWhatIsNoAuthorizationRequestIsRefused(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	b := newBrowser(t, s)
	address := s.URL + oauth.PathAuthorize
	good := address + "?" + challengeParams().Encode()
	with := func(name, value string) string {
		v := challengeParams()
		v.Set(name, value)
		return address + "?" + v.Encode()
	}
	large := url.Values{"csrf": {strings.Repeat("x", 40<<10)}}
	for name, got := range map[string]answer{
		"a broken escape":          b.open(address + "?client_id=%zz"),
		"a semicolon":              b.open(good + ";x=1"),
		"a NUL as client":          b.open(with("client_id", "\x00")),
		"no UTF-8 as client":       b.open(with("client_id", "\xff\xfe")),
		"a huge client":            b.open(with("client_id", strings.Repeat("c", 10<<10))),
		"two clients":              b.open(good + "&client_id=other"),
		"a NUL in the address":     b.open(with("redirect_uri", webRedirect+"\x00")),
		"two addresses":            b.open(good + "&redirect_uri=https://evil.example/"),
		"a form that is too large": b.post(good, large),
		"no action":                b.post(good, url.Values{}),
	} {
		if got.StatusCode < 400 || got.StatusCode > 499 || got.Header.Get("Location") != "" || !strings.Contains(got.body, "invalid_") {
			t.Errorf("%s: %d to %q", name, got.StatusCode, got.Header.Get("Location"))
		}
		for _, word := range []string{"sql", "pgx", "fosite", "goroutine", "strconv", ".go:", "invalid URL", "x00"} {
			if strings.Contains(got.body, word) {
				t.Errorf("%s tells of %q", name, word)
			}
		}
	}
	for name, at := range map[string]string{
		"a NUL in the nonce": with("nonce", "a\x00b"), "no UTF-8 in the state": with("state", "\xff"), "a NUL in a name": good + "&%00=1",
		"two nonces": good + "&nonce=a&nonce=b", "a number that is none": with("max_age", "99999999999999999999"),
	} {
		if got := b.open(at).returned(t, webRedirect); got.Get("error") != "invalid_request" || got.Get("iss") != s.URL {
			t.Errorf("%s: %v", name, got)
		}
	}
	got := b.open(with("scope", "여행 \\")).returned(t, webRedirect)
	if strings.IndexFunc(got.Get("error_description"), func(r rune) bool { return r < 0x20 || r > 0x7e || r == '"' || r == '\\' }) >= 0 {
		t.Errorf("error_description = %q", got.Get("error_description")) // RFC 6749, 4.1.2.1
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, good, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.do(r); got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") == "" {
		t.Errorf("DELETE: %d", got.StatusCode)
	}
}
