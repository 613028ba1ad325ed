// Package pages looks at the log-in pages and at a shared itinerary in a real browser. Run it with `make check-pages`.
package pages

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/oauth"
	"github.com/tripgen/tripgen/services/user/usertest"
)

// limit bounds a whole look.
const limit = 4 * time.Minute

const redirect = "https://partner.example/callback"

// Nothing serious by axe-core's rules, no sideways scrolling, all by keyboard and without JavaScript, in both languages.
func TestThePagesAreForEverybody(t *testing.T) {
	if os.Getenv("TRIPGEN_TEST_PAGES") != "1" {
		t.Skip("make check-pages looks at the pages")
	}
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	partner, _, err := oauth.NewClient(oauth.Client{
		ID: "partner-web", Name: "여행 동무 · Travel Mate", AuthMethod: oauth.AuthNone, Grants: []string{oauth.GrantCode},
		Scopes: []string{oauth.ScopeTripsRead, oauth.ScopeTripsWrite, oauth.ScopeGenerations, oauth.ScopeOpenID}, RedirectURIs: []string{redirect},
	}, s.Secrets, s.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store.SaveClient(t.Context(), partner, user.ClientCreated); err != nil {
		t.Fatal(err)
	}
	ask := func(client, redirect string, more ...string) string {
		q := url.Values{
			"response_type": {"code"}, "client_id": {client}, "redirect_uri": {redirect}, "state": {"a-state-of-the-app"}, "code_challenge_method": {"S256"},
			"code_challenge": {oauth2.S256ChallengeFromVerifier(oauth2.GenerateVerifier())}, "scope": {"trips.read trips.write openid"},
		}
		for i := 0; i < len(more); i += 2 {
			q.Set(more[i], more[i+1])
		}
		return s.URL + "/oauth2/auth?" + q.Encode()
	}
	look(t, map[string]string{
		"loginId": p.LoginID, "password": p.Password, "redirect": redirect,
		"thirdParty": ask(partner.ID, redirect, "prompt", "consent"),
		"firstParty": ask(oauth.ClientCLI, "http://127.0.0.1:1/callback", "prompt", "consent"),
		"bad":        ask(partner.ID, "https://elsewhere.example/"),
	})
}

// look opens the pages whose addresses are told in the browser.
func look(t *testing.T, told map[string]string) {
	t.Helper()
	out, err := filepath.Abs(filepath.Join("..", "..", ".cache", "pages"))
	if err != nil {
		t.Fatal(err)
	}
	told["browser"], told["out"] = os.Getenv("TRIPGEN_TEST_BROWSER"), out
	all, err := json.Marshal(told)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	browse := exec.CommandContext(ctx, "node", "check.mjs")
	browse.Stdin, browse.WaitDelay = bytes.NewReader(all), 10*time.Second
	said, err := browse.CombinedOutput()
	t.Logf("%s\npictures are in %s", said, out)
	if err != nil {
		t.Error(err)
	}
}
