package rpc_test

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"golang.org/x/oauth2/clientcredentials"

	"github.com/tripgen/tripgen/internal/authn"
	"github.com/tripgen/tripgen/internal/authn/revoked"
	"github.com/tripgen/tripgen/internal/clock"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1/userv1connect"
	"github.com/tripgen/tripgen/services/user/oauth"
	"github.com/tripgen/tripgen/services/user/usertest"
)

// follower is a verifier as another service has it: it hears of revocations over the network.
func follower(t *testing.T, s *usertest.Service) (*authn.Verifier, *revoked.Set) {
	t.Helper()
	credentials := clientcredentials.Config{
		ClientID: usertest.InternalClient, ClientSecret: usertest.InternalSecret, TokenURL: s.URL + "/oauth2/token",
		Scopes: []string{oauth.ScopeInternal},
	}
	set := new(revoked.Set)
	client := userv1connect.NewRevocationServiceClient(credentials.Client(t.Context()), s.URL)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- set.Follow(ctx, client, clock.System{}, slog.New(slog.NewTextHandler(t.Output(), nil)))
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return authn.NewVerifier(authn.VerifierConfig{
		Issuer: s.URL, Audience: oauth.Audience, KeysURL: s.URL + "/.well-known/jwks.json", Revoked: set,
	}), set
}

// awaitRefusal gives how long a token went on being accepted.
func awaitRefusal(t *testing.T, v *authn.Verifier, token string) time.Duration {
	t.Helper()
	start := time.Now()
	for time.Since(start) < 10*time.Second {
		if _, err := v.Verify(t.Context(), token); err != nil {
			return time.Since(start)
		}
		time.Sleep(time.Millisecond) // between two looks
	}
	t.Fatal("the token is still accepted")
	return 0
}

// [U2] The access token stops working within a second, everywhere.
func TestALoggedOutTokenIsRefusedWithinASecond(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	phone, laptop := s.LogIn(p, "phone"), s.LogIn(p, "laptop")
	verifier, _ := follower(t, s)
	for _, token := range []string{phone.AccessToken, laptop.AccessToken} {
		if _, err := verifier.Verify(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Accounts(phone.AccessToken).LogOut(t.Context(), &userv1.LogOutRequest{}); err != nil {
		t.Fatal(err)
	}
	if took := awaitRefusal(t, verifier, phone.AccessToken); took > time.Second {
		t.Errorf("refused after %v", took)
	}
	if _, err := verifier.Verify(t.Context(), laptop.AccessToken); err != nil {
		t.Errorf("the other device's token: %v", err)
	}
	// Whoever starts to listen later hears of it, too.
	late, _ := follower(t, s)
	if took := awaitRefusal(t, late, phone.AccessToken); took > time.Second {
		t.Errorf("a late listener refuses after %v", took)
	}
}

// A signing key that another process withdraws is refused everywhere within a second; by the time that a verifier hears of
// it, the issuer publishes the key no more and signs with the one in its place.
func TestAWithdrawnKeysTokensAreRefusedWithinASecond(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	person := s.SignUp()
	token := s.LogIn(person, "phone").AccessToken
	verifier, set := follower(t, s)
	before, err := verifier.Verify(t.Context(), token)
	if err != nil || before.KeyID == "" {
		t.Fatalf("key %q, %v", before.KeyID, err)
	}
	other, err := oauth.OpenKeys(t.Context(), s.Store, s.Clock, oauth.KeyTimes{Lead: time.Minute, Keep: time.Minute, Reload: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	successor, err := other.Revoke(t.Context(), before.KeyID)
	if err != nil {
		t.Fatal(err)
	}
	if took := awaitRefusal(t, verifier, token); took > time.Second {
		t.Errorf("refused after %v", took)
	}
	if subjects, _ := set.Subjects(s.Clock.Now().Add(time.Hour)); !slices.Equal(subjects, []string{oauth.RevokedKey(before.KeyID)}) {
		t.Errorf("for an hour at least, for that is how long verifiers may keep keys: %v", subjects)
	}
	if ids := s.Keys.IDs(); !slices.Equal(ids, []string{successor}) {
		t.Errorf("%v are published, want %s alone", ids, successor)
	}
	fresh := authn.NewVerifier(authn.VerifierConfig{
		Issuer: s.URL, Audience: oauth.Audience, KeysURL: s.URL + "/.well-known/jwks.json", Revoked: set,
	})
	if after, err := fresh.Verify(t.Context(), s.LogIn(person, "laptop").AccessToken); err != nil || after.KeyID != successor {
		t.Errorf("a new token: key %q, want %q: %v", after.KeyID, successor, err)
	}
}

// Only TripGen's own services may listen.
func TestRevocationsAreInternal(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	token := s.LogIn(s.SignUp(), "phone")
	client := userv1connect.NewRevocationServiceClient(bearer{token.AccessToken}, s.URL)
	stream, err := client.WatchRevocations(t.Context(), &userv1.WatchRevocationsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Close() }()
	if stream.Receive() || stream.Err() == nil {
		t.Errorf("a person's token was admitted: %v", stream.Err())
	}
}

type bearer struct{ token string }

func (b bearer) Do(r *http.Request) (*http.Response, error) {
	r.Header.Set("Authorization", "Bearer "+b.token)
	return http.DefaultClient.Do(r)
}
