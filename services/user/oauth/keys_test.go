package oauth_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/tripgen/tripgen/services/user/oauth"
	"github.com/tripgen/tripgen/services/user/usertest"
)

// partnerToken is a fresh access token.
func partnerToken(t *testing.T, s *usertest.Service) string {
	t.Helper()
	got := post(t, s, "/oauth2/token", usertest.PartnerClient, usertest.PartnerSecret, url.Values{"grant_type": {"client_credentials"}})
	token, ok := got.body["access_token"].(string)
	if !ok {
		t.Fatalf("no token: %v", got.body)
	}
	return token
}

// Whoever caches keys for as long as the lead never meets a token that it cannot check, and no token outlives its key.
func TestNoValidTokenFailsWhileKeysRotate(t *testing.T) {
	t.Parallel()
	times := oauth.KeyTimes{Every: 24 * time.Hour, Lead: 30 * time.Minute, Keep: 20 * time.Minute, Reload: time.Hour}
	s := usertest.Start(t, usertest.Options{Keys: &times})
	start := s.Clock.Now()
	history := []map[string]bool{}
	signers := map[string]bool{}
	for s.Clock.Now().Sub(start) < 50*time.Hour {
		if err := s.Keys.RotateIfDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		now := map[string]bool{}
		for _, id := range s.Keys.IDs() {
			now[id] = true
		}
		history = append(history, now)
		kid := kidOf(t, partnerToken(t, s))
		if !history[max(0, len(history)-4)][kid] { // as a verifier saw it three steps of ten minutes ago
			t.Fatalf("after %v the signing key %s was not published half an hour before", s.Clock.Now().Sub(start), kid)
		}
		signers[kid] = true
		s.Clock.Advance(10 * time.Minute)
	}
	if len(signers) != 3 {
		t.Errorf("%d keys have signed in 50 hours", len(signers))
	}
	if n := len(s.Keys.IDs()); n > 2 {
		t.Errorf("%d keys are still published", n)
	}
}

// A second process rotates at the same time: one key is made, and both know it.
func TestTwoProcessesMakeOneKey(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	times := oauth.KeyTimes{Lead: time.Minute, Keep: time.Minute, Reload: time.Hour}
	other, err := oauth.OpenKeys(t.Context(), s.Store, s.Clock, times)
	if err != nil {
		t.Fatal(err)
	}
	type result struct {
		id  string
		err error
	}
	results := make(chan result, 2)
	for _, keys := range []*oauth.Keys{s.Keys, other} {
		go func() {
			id, _, err := keys.Rotate(t.Context())
			results <- result{id, err}
		}()
	}
	a, b := <-results, <-results
	if a.err != nil || b.err != nil || a.id != b.id || len(other.IDs()) != 2 {
		t.Errorf("%v and %v; %d keys", a, b, len(other.IDs()))
	}
}

// The issuer restarts with the keys that it had.
func TestTokensOutliveARestart(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	token := partnerToken(t, s)
	again, err := oauth.OpenKeys(t.Context(), s.Store, s.Clock, oauth.KeyTimes{Lead: time.Minute, Keep: time.Minute, Reload: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	public := again.Public()
	if len(public.Key(kidOf(t, token))) != 1 {
		t.Error("the key of a token is gone")
	}
}
