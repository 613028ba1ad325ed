package oauth_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/authn"
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

// Nobody has to do anything: a process makes the next key when it is time, and goes on while the store is away.
func TestKeysRotateByThemselves(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	keys, err := oauth.OpenKeys(t.Context(), s.Store, s.Clock, oauth.KeyTimes{
		Every: 24 * time.Hour, Lead: time.Minute, Keep: time.Minute, Reload: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	failures, ended := make(chan error, 1), make(chan error, 1)
	go func() {
		ended <- keys.Run(ctx, func(err error) {
			select {
			case failures <- err:
			default:
			}
		})
	}()
	s.Clock.Advance(24 * time.Hour)
	for deadline := time.Now().Add(10 * time.Second); len(keys.IDs()) < 2; {
		if time.Now().After(deadline) {
			t.Fatal("no key was made")
		}
		time.Sleep(time.Millisecond) // then looks again
	}
	s.Pool.Close()
	if err := <-failures; err == nil || len(keys.IDs()) != 2 {
		t.Errorf("without a store: %v, keys %v", err, keys.IDs())
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
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

// Whichever key is withdrawn, its tokens are refused, the others' are not, and signing goes on, also in another process
// once it has reloaded.
func TestARevokedKeysTokensAreRefused(t *testing.T) {
	t.Parallel()
	times := oauth.KeyTimes{Lead: time.Minute, Keep: 20 * time.Minute, Reload: time.Hour}
	for name, c := range map[string]struct {
		revoke    int  // of the keys by age: the one before, the one that signs, the one that waits
		successor bool // whether another key is made
	}{"before": {0, false}, "signing": {1, true}, "waiting": {2, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := usertest.Start(t, usertest.Options{Keys: &times})
			tokens := []string{partnerToken(t, s)}
			ids := []string{kidOf(t, tokens[0])}
			for range 2 {
				id, signs, err := s.Keys.Rotate(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if ids = append(ids, id); len(ids) == 2 {
					s.Clock.Set(signs)
					tokens = append(tokens, partnerToken(t, s))
				}
			}
			other, err := oauth.OpenKeys(t.Context(), s.Store, s.Clock, times)
			if err != nil {
				t.Fatal(err)
			}
			verifier := authn.NewVerifier(authn.VerifierConfig{
				Issuer: s.URL, Audience: oauth.Audience, KeysURL: s.URL + "/.well-known/jwks.json", Clock: s.Clock,
			})
			if _, err := verifier.Verify(t.Context(), tokens[1]); err != nil { // it has the keys now
				t.Fatal(err)
			}
			made, err := other.Revoke(t.Context(), ids[c.revoke])
			if err != nil || (made != "") != c.successor || slices.Contains(other.IDs(), ids[c.revoke]) {
				t.Fatalf("Revoke = %q, %v; keys %v", made, err, other.IDs())
			}
			var entries int
			err = s.Pool.QueryRow(t.Context(), `SELECT count(*) FROM journal WHERE kind = 'key.revoked' AND detail = $1`, ids[c.revoke]).Scan(&entries)
			if err != nil || entries != 1 {
				t.Errorf("%d journal entries, %v", entries, err)
			}
			if err := s.Keys.RotateIfDue(t.Context()); err != nil || !slices.Equal(s.Keys.IDs(), other.IDs()) {
				t.Errorf("another process has %v, want %v: %v", s.Keys.IDs(), other.IDs(), err)
			}
			for i, token := range tokens {
				public := s.Keys.Public()
				if there := len(public.Key(kidOf(t, token))) == 1; there != (i != c.revoke) {
					t.Errorf("the key of token %d is published: %v", i, there)
				}
			}
			want := ids[1]
			if c.revoke == 1 {
				want = made
			}
			if kid := kidOf(t, partnerToken(t, s)); kid != want {
				t.Errorf("%s signs, want %s", kid, want)
			}
			s.Clock.Advance(authn.KeysFresh)
			if _, err := verifier.Verify(t.Context(), tokens[1]); (err == nil) != (c.revoke != 1) {
				t.Errorf("a service that has had the keys for %v: %v", authn.KeysFresh, err)
			}
			want = ids[2]
			if c.revoke == 2 {
				want = made
			}
			if kid := kidOf(t, partnerToken(t, s)); kid != want {
				t.Errorf("after the lead %s signs, want %s", kid, want)
			}
			if _, err := other.Revoke(t.Context(), ids[c.revoke]); !errors.Is(err, oauth.ErrNoKey) {
				t.Errorf("a second time: %v", err)
			}
		})
	}
}
