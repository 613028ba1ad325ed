package authn_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/tripgen/tripgen/internal/authn"
	"github.com/tripgen/tripgen/internal/authn/authntest"
	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/errs"
)

func TestVerifyGivesTheBearer(t *testing.T) {
	t.Parallel()
	issuer := authntest.New(t)
	got, err := issuer.Verifier().Verify(t.Context(), issuer.Token("user_1", "trips.read", "trips.write"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Subject != "user_1" || got.ClientID != "test-app" || got.TokenID == "" || !got.IsUser() ||
		!slices.Equal(got.Scopes, []string{"trips.read", "trips.write"}) || !got.Expires.After(time.Now()) {
		t.Errorf("Verify = %+v", got)
	}
}

func TestVerifyRefusesTokensThatAreNotValid(t *testing.T) {
	t.Parallel()
	issuer, stranger := authntest.New(t), authntest.New(t)
	change := func(edit func(*authntest.Claims)) string {
		claims := issuer.Claims("user_1", "account")
		edit(&claims)
		return issuer.Sign("at+jwt", claims)
	}
	past := jwt.NewNumericDate(time.Now().Add(-time.Minute))
	future := jwt.NewNumericDate(time.Now().Add(time.Minute))
	strangers := stranger.Claims("user_1")
	strangers.Issuer = issuer.URL()
	valid := issuer.Token("user_1")

	for name, token := range map[string]string{
		"nonsense":          "nonsense",
		"expired":           change(func(c *authntest.Claims) { c.Expiry = past }),
		"without expiry":    change(func(c *authntest.Claims) { c.Expiry = nil }),
		"not valid yet":     change(func(c *authntest.Claims) { c.NotBefore = future }),
		"issued later":      change(func(c *authntest.Claims) { c.IssuedAt = future }),
		"other issuer":      change(func(c *authntest.Claims) { c.Issuer = "https://elsewhere" }),
		"other audience":    change(func(c *authntest.Claims) { c.Audience = jwt.Audience{"elsewhere"} }),
		"without subject":   change(func(c *authntest.Claims) { c.Subject = "" }),
		"without client":    change(func(c *authntest.Claims) { c.ClientID = "" }),
		"without id":        change(func(c *authntest.Claims) { c.ID = "" }),
		"id token":          issuer.Sign("JWT", issuer.Claims("user_1")),
		"without type":      issuer.Sign("", issuer.Claims("user_1")),
		"stranger's key":    stranger.Sign("at+jwt", strangers),
		"shared key":        authntest.Sign(t, jose.HS256, []byte("0123456789abcdef0123456789abcdef"), "at+jwt", issuer.Claims("user_1")),
		"cut signature":     valid[:len(valid)-4],
		"without signature": valid[:len(valid)-86],
	} {
		_, err := issuer.Verifier().Verify(t.Context(), token)
		if !errors.Is(err, authn.ErrUnauthenticated) {
			t.Errorf("%s: Verify = %v", name, err)
		}
	}
}

func TestKeysAreCachedAndFollowARotation(t *testing.T) {
	t.Parallel()
	issuer := authntest.New(t)
	now := clock.NewFake(time.Now())
	v := authn.NewVerifier(authn.VerifierConfig{
		Issuer: issuer.URL(), Audience: authntest.Audience, KeysURL: issuer.URL(), Clock: now,
	})
	verify := func(token string) error {
		_, err := v.Verify(t.Context(), token)
		return err
	}
	first := issuer.Token("user_1")
	for range 10 {
		if err := verify(first); err != nil {
			t.Fatal(err)
		}
	}
	if got := issuer.Fetches(); got != 1 {
		t.Errorf("the keys were fetched %d times for one key", got)
	}

	issuer.Rotate()
	second := issuer.Token("user_1")
	for range 10 { // made-up key ids must not become requests to the issuer
		if err := verify(second); !errors.Is(err, authn.ErrUnauthenticated) {
			t.Fatalf("Verify = %v", err)
		}
	}
	if got := issuer.Fetches(); got != 1 {
		t.Errorf("the keys were fetched %d times at once", got)
	}
	now.Advance(3 * time.Second)
	if err := errors.Join(verify(second), verify(first)); err != nil {
		t.Errorf("after the rotation: %v", err)
	}
}

// refusing revokes one token.
type refusing string

func (r *refusing) Revoked(p authn.Principal) bool { return p.TokenID == string(*r) }

// That a token was good a moment ago says nothing about now.
func TestATokenThatIsKnownIsCheckedEachTime(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*authntest.Issuer, *clock.Fake, *refusing, string){
		"its time is over": func(_ *authntest.Issuer, c *clock.Fake, _ *refusing, _ string) { c.Advance(61 * time.Minute) },
		"it is revoked":    func(_ *authntest.Issuer, _ *clock.Fake, r *refusing, id string) { *r = refusing(id) },
		"its key is withdrawn": func(i *authntest.Issuer, c *clock.Fake, _ *refusing, _ string) {
			i.Rotate()
			i.Forget()
			c.Advance(authn.KeysFresh)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issuer, now, revoked := authntest.New(t), clock.NewFake(time.Now()), new(refusing)
			v := authn.NewVerifier(authn.VerifierConfig{
				Issuer: issuer.URL(), Audience: authntest.Audience, KeysURL: issuer.URL(), Clock: now, Revoked: revoked,
			})
			claims := issuer.Claims("user_1")
			token := issuer.Sign("at+jwt", claims)
			for range 3 {
				if p, err := v.Verify(t.Context(), token); err != nil || p.TokenID != claims.ID {
					t.Fatalf("Verify = %+v, %v", p, err)
				}
			}
			end(issuer, now, revoked, claims.ID)
			for range 2 {
				if _, err := v.Verify(t.Context(), token); !errors.Is(err, authn.ErrUnauthenticated) {
					t.Errorf("Verify = %v", err)
				}
			}
		})
	}
}

func BenchmarkVerifyAKnownToken(b *testing.B) {
	issuer := authntest.New(b)
	v, token := issuer.Verifier(), issuer.Token("user_1", "trips.read")
	for b.Loop() {
		if _, err := v.Verify(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyANewToken(b *testing.B) {
	issuer := authntest.New(b)
	v := issuer.Verifier()
	for b.Loop() {
		b.StopTimer()
		token := issuer.Token("user_1", "trips.read")
		b.StartTimer()
		if _, err := v.Verify(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAnIssuerThatIsAwayIsBorneForAWhileAndIsNotTheCallersFault(t *testing.T) {
	t.Parallel()
	issuer := authntest.New(t)
	now := clock.NewFake(time.Now())
	config := authn.VerifierConfig{Issuer: issuer.URL(), Audience: authntest.Audience, KeysURL: issuer.URL(), Clock: now}
	v := authn.NewVerifier(config)
	token := issuer.Token("user_1")
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	issuer.Stop()
	now.Advance(30 * time.Minute)
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Errorf("with cached keys: %v", err)
	}
	if _, err := authn.NewVerifier(config).Verify(t.Context(), token); errs.KindOf(err) != errs.KindUnavailable {
		t.Errorf("without keys: %v", err)
	}
}

func TestAdmitFollowsTheRule(t *testing.T) {
	t.Parallel()
	issuer := authntest.New(t)
	verifier := issuer.Verifier()
	rules := func(procedure string) (authn.Rule, bool) {
		rule, ok := map[string]authn.Rule{
			"/open":     {Anonymous: true},
			"/any":      {},
			"/read":     {Scopes: []string{"trips.read", "trips.write"}},
			"/internal": {Internal: true},
		}[procedure]
		return rule, ok
	}
	reader, service, broken := issuer.Token("user_1", "trips.read"), issuer.ServiceToken("trip"), "broken"
	other := issuer.Token("user_1", "account")

	for _, c := range []struct {
		procedure, token string
		reason           string // empty: admitted
		subject          string
	}{
		{"/open", "", "", ""},
		{"/open", broken, "", ""},
		{"/open", reader, "", "user_1"},
		{"/any", "", errs.ReasonUnauthenticated, ""},
		{"/any", broken, errs.ReasonUnauthenticated, ""},
		{"/any", other, "", "user_1"},
		{"/read", reader, "", "user_1"},
		{"/read", other, errs.ReasonScopeMissing, ""},
		{"/read", service, "", "trip"},
		{"/internal", service, "", "trip"},
		{"/internal", reader, errs.ReasonScopeMissing, ""},
		{"/internal", "", errs.ReasonUnauthenticated, ""},
		{"/unknown", reader, errs.ReasonScopeMissing, ""},
		{"/unknown", "", errs.ReasonScopeMissing, ""},
	} {
		ctx, err := authn.Admit(t.Context(), verifier, rules, c.procedure, c.token)
		if c.reason != "" {
			if !errs.HasReason(err, c.reason) {
				t.Errorf("%s: Admit = %v, want %s", c.procedure, err, c.reason)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: Admit = %v", c.procedure, err)
			continue
		}
		if p, _ := authn.From(ctx); p.Subject != c.subject {
			t.Errorf("%s: caller is %q, want %q", c.procedure, p.Subject, c.subject)
		}
	}
}

func TestUserAndRequireReadTheCaller(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	if _, err := authn.User(ctx); !errors.Is(err, authn.ErrUnauthenticated) {
		t.Errorf("User(nobody) = %v", err)
	}
	if err := authn.Require(ctx, "x"); !errors.Is(err, authn.ErrUnauthenticated) {
		t.Errorf("Require(nobody) = %v", err)
	}
	person := authn.With(ctx, authn.Principal{Subject: "user_1", ClientID: "app", Scopes: []string{"x"}})
	if got, err := authn.User(person); got != "user_1" || err != nil {
		t.Errorf("User = %q, %v", got, err)
	}
	if err := errors.Join(authn.Require(person, "y", "x")); err != nil {
		t.Errorf("Require = %v", err)
	}
	if err := authn.Require(person, "y"); errs.KindOf(err) != errs.KindPermissionDenied {
		t.Errorf("Require = %v", err)
	}
	client := authn.With(ctx, authn.Principal{Subject: "partner", ClientID: "partner"})
	if _, err := authn.User(client); errs.KindOf(err) != errs.KindPermissionDenied {
		t.Errorf("User(client) = %v", err)
	}
}

func TestServiceTokensAreFetchedByClientCredentialsAndKept(t *testing.T) {
	t.Parallel()
	fetches := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fetches++
		id, secret, _ := r.BasicAuth()
		body, _ := io.ReadAll(r.Body)
		if id != "trip" || secret != "s3cret" || string(body) != "grant_type=client_credentials&scope=internal" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "token", "token_type": "Bearer", "expires_in": 300})
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	source := authn.ServiceTokens(ctx, authn.ClientConfig{TokenURL: server.URL, ID: "trip", Secret: "s3cret"})
	cancel() // the source outlives the start-up that made it
	for range 3 {
		token, err := source.Token()
		if err != nil || token.AccessToken != "token" {
			t.Fatalf("Token = %+v, %v", token, err)
		}
	}
	if fetches != 1 {
		t.Errorf("fetched %d times", fetches)
	}
}
