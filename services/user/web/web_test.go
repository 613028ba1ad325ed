package web_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/tripgen/tripgen/services/user/oauth"
	"github.com/tripgen/tripgen/services/user/usertest"
)

// browser is a person's browser on the authorization endpoint of one service.
type browser struct {
	t      *testing.T
	s      *usertest.Service
	client *http.Client
	header http.Header
}

func newBrowser(t *testing.T, s *usertest.Service) *browser {
	t.Helper()
	return &browser{t: t, s: s, client: s.Browser(), header: http.Header{"Accept-Language": {"en"}}}
}

// answer is what came back: a page or a redirect.
type answer struct {
	*http.Response
	body string
	at   string
}

func (b *browser) do(r *http.Request) answer {
	b.t.Helper()
	for name, values := range b.header {
		r.Header[name] = values
	}
	res, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{res, string(body), r.URL.String()}
}

func (b *browser) open(address string) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(r)
}

var hidden = regexp.MustCompile(`type="hidden" name="(\w+)" value="([^"]*)"`)

// submit sends the first form of the page, with these fields beside the hidden ones.
func (b *browser) submit(page answer, fields ...string) answer {
	b.t.Helper()
	first, _, ok := strings.Cut(page.body, "</form>")
	if !ok {
		b.t.Fatalf("no form in %d %s", page.StatusCode, page.body)
	}
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(first, -1) {
		form.Set(m[1], m[2])
	}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.post(page.at, form)
}

func (b *browser) post(address string, form url.Values) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

// returned are the parameters with which the browser was sent to the app.
func (a answer) returned(t *testing.T, to string) url.Values {
	t.Helper()
	location := a.Header.Get("Location")
	if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(location, to) {
		t.Fatalf("answer = %d to %q, want %s\n%s", a.StatusCode, location, to, a.body)
	}
	u, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

const webRedirect = "https://app.example/callback"

// webApp is TripGen's own web app.
func webApp(s *usertest.Service, scopes ...string) *oauth2.Config {
	c := s.CLI(scopes...)
	c.ClientID, c.RedirectURL = oauth.ClientWeb, webRedirect
	return c
}

// partnerApp is somebody else's app, registered for the test.
func partnerApp(t *testing.T, s *usertest.Service) *oauth2.Config {
	t.Helper()
	c := oauth.Client{
		ID: "partner-app", Name: "Partner App", AuthMethod: oauth.AuthNone, Grants: []string{oauth.GrantCode, oauth.GrantRefresh},
		Scopes: []string{oauth.ScopeTripsRead, oauth.ScopeTripsWrite, oauth.ScopeOpenID}, RedirectURIs: []string{"https://partner.example/cb?tenant=1"},
	}
	if err := oauth.Ensure(t.Context(), s.Store, s.Clock.Now(), c); err != nil {
		t.Fatal(err)
	}
	config := s.CLI()
	config.ClientID, config.RedirectURL = c.ID, c.RedirectURIs[0]
	return config
}

func TestLogInPageLeadsToTokensOfAStrictClient(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p, b := s.SignUp(), newBrowser(t, s)
	app, verifier := webApp(s, oauth.ScopeOpenID, oauth.ScopeAccount, oauth.ScopeOffline), oauth2.GenerateVerifier()
	page := b.open(app.AuthCodeURL("state-123", oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("nonce", "n-0S6")))
	if page.StatusCode != http.StatusOK || !strings.Contains(page.body, `<html lang="en">`) {
		t.Fatalf("page = %d %s", page.StatusCode, page.body)
	}
	back := b.submit(page, "login_id", p.LoginID, "password", p.Password).returned(t, webRedirect)
	if back.Get("state") != "state-123" || back.Get("iss") != s.URL || back.Get("code") == "" {
		t.Fatalf("returned %v", back)
	}
	token, err := app.Exchange(t.Context(), back.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	claims := idClaims(t, s, token)
	if claims["sub"] != p.Account.GetId() || claims["nonce"] != "n-0S6" || claims["iss"] != s.URL || claims["auth_time"] == nil {
		t.Errorf("id token = %v", claims)
	}
	// The next time nothing has to be typed.
	again := b.open(app.AuthCodeURL("state-456", oauth2.S256ChallengeOption(verifier))).returned(t, webRedirect)
	if again.Get("code") == "" || again.Get("state") != "state-456" {
		t.Errorf("returned %v", again)
	}
}

func TestPagesAreSafeAndInTheBrowsersLanguage(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	b := newBrowser(t, s)
	b.header.Set("Accept-Language", "ko-KR,ko;q=0.9")
	page := b.open(webApp(s).AuthCodeURL("s", oauth2.S256ChallengeOption(oauth2.GenerateVerifier())))
	for _, want := range []string{`<html lang="ko">`, "비밀번호", `for="password"`, `autocomplete="current-password"`} {
		if !strings.Contains(page.body, want) {
			t.Errorf("%q is missing in\n%s", want, page.body)
		}
	}
	for _, never := range []string{"<script", "onclick", "style=", "javascript:"} {
		if strings.Contains(page.body, never) {
			t.Errorf("%q is in the page", never)
		}
	}
	policy := page.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "form-action 'self' https://app.example", "base-uri 'none'"} {
		if !strings.Contains(policy, want) || strings.Contains(policy, "unsafe") {
			t.Errorf("policy %q lacks %q", policy, want)
		}
	}
	for name, want := range map[string]string{"X-Frame-Options": "DENY", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
		if page.Header.Get(name) != want {
			t.Errorf("%s = %q", name, page.Header.Get(name))
		}
	}
	for _, cookie := range page.Cookies() {
		if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode {
			t.Errorf("cookie %v", cookie)
		}
	}
	english := b.open(webApp(s).AuthCodeURL("s", oauth2.S256ChallengeOption(oauth2.GenerateVerifier()), oauth2.SetAuthURLParam("ui_locales", "en ko")))
	if !strings.Contains(english.body, `<html lang="en">`) {
		t.Error("the app's wish for English was not heeded")
	}
	if style := b.open(s.URL + "/oauth2/assets/style.css"); style.StatusCode != http.StatusOK || !strings.HasPrefix(style.Header.Get("Content-Type"), "text/css") {
		t.Errorf("style sheet = %d %v", style.StatusCode, style.Header)
	}
}

// [U2] One message for a wrong id and a wrong password; the lock is told.
func TestAWrongPasswordIsToldOnThePageAndLocks(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p, b := s.SignUp(), newBrowser(t, s)
	page := b.open(webApp(s).AuthCodeURL("s", oauth2.S256ChallengeOption(oauth2.GenerateVerifier())))
	for _, id := range []string{p.LoginID, "nobody12345"} {
		wrong := b.submit(page, "login_id", id, "password", "wrong")
		if wrong.StatusCode != http.StatusUnauthorized || !strings.Contains(wrong.body, "The log-in id or the password is wrong.") ||
			!strings.Contains(wrong.body, `role="alert"`) || strings.Contains(wrong.body, `value="wrong"`) {
			t.Errorf("%s: %d %s", id, wrong.StatusCode, wrong.body)
		}
	}
	for range 4 {
		b.submit(page, "login_id", strings.ToUpper(p.LoginID), "password", "wrong")
	}
	locked := b.submit(page, "login_id", p.LoginID, "password", p.Password)
	if locked.StatusCode != http.StatusTooManyRequests || !strings.Contains(locked.body, "locked") {
		t.Errorf("after five failures: %d %s", locked.StatusCode, locked.body)
	}
}

func TestAFormOfAnotherBrowserOrSiteIsRefused(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p, mine, other := s.SignUp(), newBrowser(t, s), newBrowser(t, s)
	address := webApp(s).AuthCodeURL("s", oauth2.S256ChallengeOption(oauth2.GenerateVerifier()))
	page := mine.open(address)
	other.open(address)
	if got := other.submit(page, "login_id", p.LoginID, "password", p.Password); got.StatusCode != http.StatusForbidden {
		t.Errorf("another browser's form: %d", got.StatusCode)
	}
	if got := mine.submit(page, "csrf", "", "login_id", p.LoginID, "password", p.Password); got.StatusCode != http.StatusForbidden {
		t.Errorf("without its token: %d", got.StatusCode)
	}
	mine.header.Set("Sec-Fetch-Site", "cross-site")
	if got := mine.submit(page, "login_id", p.LoginID, "password", p.Password); got.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %d", got.StatusCode)
	}
}

func TestAnotherPartysAppIsLetInByConsentOnly(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p, b := s.SignUp(), newBrowser(t, s)
	app := partnerApp(t, s)
	app.Scopes = []string{oauth.ScopeTripsRead}
	challenge := oauth2.S256ChallengeOption(oauth2.GenerateVerifier())
	question := b.submit(b.open(app.AuthCodeURL("s1", challenge)), "login_id", p.LoginID, "password", p.Password)
	if question.StatusCode != http.StatusOK || !strings.Contains(question.body, "Partner App") ||
		!strings.Contains(question.body, "See your trips") || !strings.Contains(question.body, "김민수") {
		t.Fatalf("question = %d %s", question.StatusCode, question.body)
	}
	refused := b.submit(question, "decision", "refuse").returned(t, "https://partner.example/cb")
	if refused.Get("error") != "access_denied" || refused.Get("state") != "s1" || refused.Get("tenant") != "1" || refused.Get("iss") != s.URL {
		t.Errorf("returned %v", refused)
	}
	allowed := b.submit(b.open(app.AuthCodeURL("s2", challenge)), "decision", "allow").returned(t, "https://partner.example/cb")
	if allowed.Get("code") == "" {
		t.Errorf("returned %v", allowed)
	}
	if again := b.open(app.AuthCodeURL("s3", challenge)).returned(t, "https://partner.example/cb"); again.Get("code") == "" {
		t.Errorf("what was allowed is asked for again: %v", again)
	}
	app.Scopes = []string{oauth.ScopeTripsRead, oauth.ScopeTripsWrite}
	if more := b.open(app.AuthCodeURL("s4", challenge)); more.StatusCode != http.StatusOK || !strings.Contains(more.body, "Make and change") {
		t.Errorf("more is not asked for: %d", more.StatusCode)
	}
}

func TestAConsentOfAnotherRequestCountsForNothing(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p, b := s.SignUp(), newBrowser(t, s)
	app := partnerApp(t, s)
	challenge := oauth2.S256ChallengeOption(oauth2.GenerateVerifier())
	app.Scopes = []string{oauth.ScopeTripsRead}
	question := b.submit(b.open(app.AuthCodeURL("s1", challenge)), "login_id", p.LoginID, "password", p.Password)
	app.Scopes = []string{oauth.ScopeTripsWrite}
	question.at = app.AuthCodeURL("s1", challenge)
	if got := b.submit(question, "decision", "allow"); got.StatusCode != http.StatusOK || !strings.Contains(got.body, "Make and change") {
		t.Errorf("answer = %d %s", got.StatusCode, got.Header.Get("Location"))
	}
}

func TestPromptAndMaxAge(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p, b := s.SignUp(), newBrowser(t, s)
	app, challenge := webApp(s), oauth2.S256ChallengeOption(oauth2.GenerateVerifier())
	ask := func(name, value string) answer {
		return b.open(app.AuthCodeURL("s", challenge, oauth2.SetAuthURLParam(name, value)))
	}
	if got := ask("prompt", "none").returned(t, webRedirect); got.Get("error") != "login_required" {
		t.Errorf("none while logged out = %v", got)
	}
	b.submit(ask("prompt", "login"), "login_id", p.LoginID, "password", p.Password).returned(t, webRedirect)
	if got := ask("prompt", "none").returned(t, webRedirect); got.Get("code") == "" {
		t.Errorf("none while logged in = %v", got)
	}
	if got := ask("prompt", "login"); got.StatusCode != http.StatusOK || !strings.Contains(got.body, `type="password"`) {
		t.Errorf("login while logged in = %d", got.StatusCode)
	}
	question := ask("prompt", "consent")
	if got := b.submit(question, "decision", "allow").returned(t, webRedirect); got.Get("code") == "" {
		t.Errorf("consent = %v", got)
	}
	s.Clock.Advance(time.Minute)
	if got := ask("max_age", "300").returned(t, webRedirect); got.Get("code") == "" {
		t.Errorf("young enough = %v", got)
	}
	if got := ask("max_age", "30"); got.StatusCode != http.StatusOK || !strings.Contains(got.body, `type="password"`) {
		t.Errorf("too old = %d", got.StatusCode)
	}
}

// RFC 8252, 8.6: a code for an address that any app could have taken needs somebody's yes.
func TestANativeAppsRedirectAsksEvenForOurOwnApp(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p, b := s.SignUp(), newBrowser(t, s)
	challenge := oauth2.S256ChallengeOption(oauth2.GenerateVerifier())
	cli := s.CLI()
	cli.RedirectURL = "http://127.0.0.1:53123/callback" // any port
	back := b.submit(b.open(cli.AuthCodeURL("s", challenge)), "login_id", p.LoginID, "password", p.Password)
	if back.returned(t, "http://127.0.0.1:53123/callback").Get("code") == "" {
		t.Error("the person who has just typed the password was not let in")
	}
	question := b.open(cli.AuthCodeURL("s", challenge))
	if question.StatusCode != http.StatusOK || !strings.Contains(question.body, "Do you want to continue?") {
		t.Fatalf("answer = %d", question.StatusCode)
	}
	b.submit(question, "decision", "allow").returned(t, "http://127.0.0.1:53123/callback")
	mobile := s.CLI()
	mobile.ClientID, mobile.RedirectURL = oauth.ClientMobile, "com.tripgen.app:/oauth2/callback"
	b.submit(b.open(mobile.AuthCodeURL("s", challenge)), "decision", "allow").returned(t, "com.tripgen.app:/oauth2/callback")
}

func TestSwitchingLogsThisBrowserOut(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p, b := s.SignUp(), newBrowser(t, s)
	challenge := oauth2.S256ChallengeOption(oauth2.GenerateVerifier())
	page := b.open(webApp(s).AuthCodeURL("s", challenge))
	b.submit(page, "login_id", p.LoginID, "password", p.Password).returned(t, webRedirect)
	if got := b.submit(page, "action", "switch"); !strings.Contains(got.body, `type="password"`) {
		t.Errorf("answer = %d", got.StatusCode)
	}
	if got := b.open(webApp(s).AuthCodeURL("s", challenge)); !strings.Contains(got.body, `type="password"`) {
		t.Error("still logged in")
	}
}
