package oauth_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/tripgen/tripgen/services/user/oauth"
	"github.com/tripgen/tripgen/services/user/usertest"
)

// answer is what an endpoint said.
type answer struct {
	status int
	header http.Header
	body   map[string]any
}

func (a answer) code() string { s, _ := a.body["error"].(string); return s }

// post sends a form to an endpoint; user and password are the client's, or empty.
func post(t *testing.T, s *usertest.Service, path, user, password string, form url.Values) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if user != "" {
		r.SetBasicAuth(url.QueryEscape(user), url.QueryEscape(password))
	}
	return send(t, r)
}

func send(t *testing.T, r *http.Request) answer {
	t.Helper()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	a := answer{status: res.StatusCode, header: res.Header}
	if err := json.NewDecoder(res.Body).Decode(&a.body); err != nil && res.ContentLength != 0 {
		t.Fatalf("%s: %d, %v", r.URL.Path, res.StatusCode, err)
	}
	return a
}

// atOnce calls fn n times side by side and gives the answers.
func atOnce(n int, fn func() answer) []answer {
	answers := make([]answer, n)
	var start, done sync.WaitGroup
	start.Add(1)
	for i := range n {
		done.Go(func() {
			start.Wait()
			answers[i] = fn()
		})
	}
	start.Done()
	done.Wait()
	return answers
}

// onlyOne checks that one answer is a success and all others the given error; it gives the success.
func onlyOne(t *testing.T, answers []answer, code string) answer {
	t.Helper()
	var won []answer
	for _, a := range answers {
		switch {
		case a.status == http.StatusOK:
			won = append(won, a)
		case a.status != http.StatusBadRequest || a.code() != code:
			t.Errorf("a loser got %d %v", a.status, a.body)
		}
	}
	if len(won) != 1 {
		t.Fatalf("%d of %d got tokens", len(won), len(answers))
	}
	return won[0]
}

func codeForm(code, verifier string) url.Values {
	return url.Values{
		"grant_type": {"authorization_code"}, "client_id": {oauth.ClientCLI}, "redirect_uri": {usertest.RedirectURI},
		"code": {code}, "code_verifier": {verifier},
	}
}

func refreshForm(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "client_id": {oauth.ClientCLI}, "refresh_token": {token}}
}

func refreshToken(a answer) string { s, _ := a.body["refresh_token"].(string); return s }

func TestOfFiftyRedemptionsOfACodeExactlyOneWins(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	code, verifier := s.Code(s.SignUp(), "phone")
	onlyOne(t, atOnce(50, func() answer { return post(t, s, "/oauth2/token", "", "", codeForm(code, verifier)) }), "invalid_grant")
	var sessions int
	if err := s.Pool.QueryRow(t.Context(), "SELECT count(*) FROM sessions").Scan(&sessions); err != nil || sessions != 1 {
		t.Errorf("%d sessions, %v", sessions, err)
	}
}

func TestOfFiftyRefreshesWithATokenExactlyOneWins(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	token := s.LogIn(s.SignUp(), "phone").RefreshToken
	won := onlyOne(t, atOnce(50, func() answer { return post(t, s, "/oauth2/token", "", "", refreshForm(token)) }), "invalid_grant")
	// A race is no theft: the winner goes on.
	if got := post(t, s, "/oauth2/token", "", "", refreshForm(refreshToken(won))); got.status != http.StatusOK {
		t.Errorf("the winner's token: %d %v", got.status, got.body)
	}
}

func TestACodeThatIsUsedTwiceEndsItsSession(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	code, verifier := s.Code(s.SignUp(), "phone")
	first := post(t, s, "/oauth2/token", "", "", codeForm(code, verifier))
	second := post(t, s, "/oauth2/token", "", "", codeForm(code, verifier))
	if first.status != http.StatusOK || second.code() != "invalid_grant" {
		t.Fatalf("%v, %v", first.body, second.body)
	}
	if got := post(t, s, "/oauth2/token", "", "", refreshForm(refreshToken(first))); got.code() != "invalid_grant" {
		t.Errorf("the session goes on: %v", got.body)
	}
}

func TestAReusedRefreshTokenEndsTheWholeFamily(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	other := s.LogIn(p, "laptop")
	first := s.LogIn(p, "phone").RefreshToken
	second := refreshToken(post(t, s, "/oauth2/token", "", "", refreshForm(first)))
	third := refreshToken(post(t, s, "/oauth2/token", "", "", refreshForm(second)))
	if got := post(t, s, "/oauth2/token", "", "", refreshForm(first)); got.code() != "invalid_grant" {
		t.Errorf("the reused token: %v", got.body)
	}
	if got := post(t, s, "/oauth2/token", "", "", refreshForm(third)); got.code() != "invalid_grant" {
		t.Errorf("the newest token still works: %v", got.body)
	}
	if got := post(t, s, "/oauth2/token", "", "", refreshForm(other.RefreshToken)); got.status != http.StatusOK {
		t.Errorf("the other device: %v", got.body)
	}
	var reason string
	err := s.Pool.QueryRow(t.Context(), "SELECT detail FROM journal WHERE kind = 'session.ended'").Scan(&reason)
	if err != nil || reason != "token_reused" {
		t.Errorf("journal: %q, %v", reason, err)
	}
}

// A phone that lost the answer may show its token once more; whoever else has the lost one gets nothing with it.
func TestALostAnswerIsNotTakenForATheft(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	shown := s.LogIn(s.SignUp(), "phone").RefreshToken
	lost := refreshToken(post(t, s, "/oauth2/token", "", "", refreshForm(shown)))
	if got := post(t, s, "/oauth2/token", "", "", refreshForm(shown)); got.code() != "invalid_grant" {
		t.Errorf("at the same moment: %v", got.body)
	}
	s.Clock.Advance(5 * time.Second)
	again := post(t, s, "/oauth2/token", "", "", refreshForm(shown))
	if again.status != http.StatusOK {
		t.Fatalf("after five seconds: %v", again.body)
	}
	if got := post(t, s, "/oauth2/token", "", "", refreshForm(refreshToken(again))); got.status != http.StatusOK {
		t.Errorf("going on: %v", got.body)
	}
	if got := post(t, s, "/oauth2/token", "", "", refreshForm(lost)); got.code() != "invalid_grant" {
		t.Errorf("the lost token: %v", got.body)
	}
}

func TestTheGraceForALostAnswerIsShort(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	shown := s.LogIn(s.SignUp(), "phone").RefreshToken
	next := refreshToken(post(t, s, "/oauth2/token", "", "", refreshForm(shown)))
	s.Clock.Advance(31 * time.Second)
	if got := post(t, s, "/oauth2/token", "", "", refreshForm(shown)); got.code() != "invalid_grant" {
		t.Errorf("after the grace: %v", got.body)
	}
	if got := post(t, s, "/oauth2/token", "", "", refreshForm(next)); got.code() != "invalid_grant" {
		t.Errorf("the family goes on: %v", got.body)
	}
}

// RFC 6749, 6: less may be asked for, and all of it again the next time; never more.
func TestARefreshMayAskForLess(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	form := refreshForm(s.LogIn(s.SignUp(), "phone").RefreshToken)
	form.Set("scope", "trips.read internal")
	if got := post(t, s, "/oauth2/token", "", "", form); got.code() != "invalid_scope" {
		t.Errorf("more: %d %v", got.status, got.body)
	}
	form.Set("scope", "trips.read")
	less := post(t, s, "/oauth2/token", "", "", form)
	access, _ := less.body["access_token"].(string)
	p, err := s.Verifier().Verify(t.Context(), access)
	if err != nil || less.body["scope"] != "trips.read" || len(p.Scopes) != 1 {
		t.Fatalf("less: %v, %+v, %v", less.body, p, err)
	}
	again := post(t, s, "/oauth2/token", "", "", refreshForm(refreshToken(less)))
	if scope, _ := again.body["scope"].(string); scope != strings.Join(oauth.TravellerScopes(), " ") {
		t.Errorf("all again: %v", again.body)
	}
}

func TestASessionThatIsNotRenewedExpires(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	token := s.LogIn(s.SignUp(), "phone").RefreshToken
	s.Clock.Advance(59 * 24 * time.Hour)
	renewed := post(t, s, "/oauth2/token", "", "", refreshForm(token))
	s.Clock.Advance(59 * 24 * time.Hour)
	again := post(t, s, "/oauth2/token", "", "", refreshForm(refreshToken(renewed)))
	if again.status != http.StatusOK {
		t.Fatalf("renewed in time: %v", again.body)
	}
	s.Clock.Advance(61 * 24 * time.Hour)
	if got := post(t, s, "/oauth2/token", "", "", refreshForm(refreshToken(again))); got.code() != "invalid_grant" {
		t.Errorf("after 61 days: %v", got.body)
	}
}

func TestACodeIsBoundToItsVerifierClientAndAddress(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	for _, c := range []struct {
		name string
		with func(url.Values)
		want string
	}{
		{"another verifier", func(v url.Values) { v.Set("code_verifier", oauth2.GenerateVerifier()) }, "invalid_grant"},
		{"no verifier", func(v url.Values) { v.Del("code_verifier") }, "invalid_grant"},
		{"the challenge as verifier", func(v url.Values) {
			v.Set("code_verifier", oauth2.S256ChallengeFromVerifier(v.Get("code_verifier")))
		}, "invalid_grant"},
		{"another client", func(v url.Values) { v.Set("client_id", oauth.ClientMobile) }, "invalid_grant"},
		{"another address", func(v url.Values) { v.Set("redirect_uri", "http://[::1]/callback") }, "invalid_grant"},
		{"no address", func(v url.Values) { v.Del("redirect_uri") }, "invalid_grant"},
		{"an altered code", func(v url.Values) { v.Set("code", v.Get("code")+"x") }, "invalid_grant"},
		{"no code", func(v url.Values) { v.Del("code") }, "invalid_grant"},
		{"an unknown client", func(v url.Values) { v.Set("client_id", "nobody") }, "invalid_client"},
		{"no client", func(v url.Values) { v.Del("client_id") }, "invalid_request"},
	} {
		code, verifier := s.Code(p, "phone")
		form := codeForm(code, verifier)
		c.with(form)
		if got := post(t, s, "/oauth2/token", "", "", form); got.code() != c.want {
			t.Errorf("%s: %d %v, want %s", c.name, got.status, got.body, c.want)
		}
	}
}

func TestACodeLivesForAMinute(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	code, verifier := s.Code(s.SignUp(), "phone")
	_, err := s.Pool.Exec(t.Context(), "UPDATE codes SET expires = $1", s.Clock.Now().Add(-time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if got := post(t, s, "/oauth2/token", "", "", codeForm(code, verifier)); got.code() != "invalid_grant" {
		t.Errorf("an expired code: %v", got.body)
	}
}

func TestClientCredentialsGiveScopedTokens(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	config := clientcredentials.Config{
		ClientID: usertest.PartnerClient, ClientSecret: usertest.PartnerSecret, TokenURL: s.URL + "/oauth2/token",
		Scopes: []string{oauth.ScopeTripsRead},
	}
	token, err := config.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Verifier().Verify(t.Context(), token.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	if p.Subject != usertest.PartnerClient || p.ClientID != usertest.PartnerClient || p.SessionID != "" || p.IsUser() ||
		len(p.Scopes) != 1 || p.Expires.Sub(p.Issued) > oauth.MaxAccessToken || p.TokenID == "" {
		t.Errorf("principal = %+v", p)
	}
	if token.RefreshToken != "" {
		t.Error("a client got a refresh token for itself")
	}
	all := post(t, s, "/oauth2/token", usertest.PartnerClient, usertest.PartnerSecret, url.Values{"grant_type": {"client_credentials"}})
	if scope, _ := all.body["scope"].(string); scope != strings.Join(oauth.PartnerScopes(), " ") {
		t.Errorf("without a scope: %v", all.body)
	}
}
