package password_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/services/user/password"
)

// [U1]
func TestPasswordsAreRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, password, says string }{
		{"too short", "ab1!xyz", "8 to 128"},
		{"too long", strings.Repeat("a1!", 43), "8 to 128"},
		{"no symbol", "abcdefg12", "one symbol"},
		{"no digit", "abcdefgh!", "one digit"},
		{"no letter", "12345678!", "one letter"},
		{"contains the id, whatever the case", "xX-MinSu99-7", "log-in id"},
		{"breached with a symbol added", "Password1!", "data breaches"},
		{"breached in disguise", "P@ssw0rd!", "data breaches"},
		{"breached with a symbol before", "#qwerty123", "data breaches"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := password.Check("password", c.password, "minsu99")
			if !errors.Is(err, password.ErrRefused) {
				t.Fatalf("Check = %v", err)
			}
			if e, _ := errs.Of(err); len(e.Fields) != 1 || !strings.Contains(e.Fields[0].Description.En, c.says) {
				t.Errorf("fields = %+v, want %q", e.Fields, c.says)
			}
		})
	}
}

// [U1]
func TestStrengthIsReported(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		password string
		want     password.Strength
	}{
		{"dragon2020!", password.Weak},
		{"summer2024!", password.Weak},
		{"blue-Kite42", password.Fair},
		{"maple9!Otter_quarry", password.Strong},
		{"제주도에서한라산까지7걸음!", password.Strong},
	} {
		got, err := password.Check("password", c.password, "minsu99")
		if err != nil || got != c.want {
			t.Errorf("Check(%q) = %v, %v, want %v", c.password, got, err, c.want)
		}
	}
}

func TestEstimatingALongPasswordIsCheap(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a1!", 42)
	start := time.Now()
	if _, err := password.Check("password", long, "minsu99"); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}

func hasher(t *testing.T, atOnce int, patience time.Duration) *password.Hasher {
	t.Helper()
	h, err := password.NewHasher(password.HasherConfig{Target: time.Millisecond, AtOnce: atOnce, Patience: patience})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func verify(t *testing.T, h *password.Hasher, typed, hash string) (ok, stale bool, err error) {
	t.Helper()
	turn, err := h.Turn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer turn.Done()
	return turn.Verify(typed, hash)
}

func TestOnlyTheRightPasswordMatches(t *testing.T) {
	t.Parallel()
	h := hasher(t, 2, time.Minute)
	hash, err := h.Hash(t.Context(), "가나다 1234!") // composed
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("Hash = %q, %v", hash, err)
	}
	for _, c := range []struct {
		password, hash string
		want           bool
	}{
		{"\u1100\u1161\u1102\u1161\u1103\u1161 1234!", hash, true}, // from a keyboard that sends letters one by one
		{"가나다 1234?", hash, false},
		{"nobody has this password", "", false},
	} {
		ok, stale, err := verify(t, h, c.password, c.hash)
		if err != nil || ok != c.want || stale {
			t.Errorf("Verify(%q) = %v, %v, %v", c.password, ok, stale, err)
		}
	}
}

// The cost is what the machine needs for the target, never less than OWASP's least and never without a bound.
func TestTheCostIsMeasured(t *testing.T) {
	t.Parallel()
	for target, want := range map[time.Duration]string{
		time.Nanosecond: "$argon2id$v=19$m=19456,t=2,p=1$",
		time.Hour:       "$argon2id$v=19$m=19456,t=16,p=1$",
	} {
		h, err := password.NewHasher(password.HasherConfig{Target: target, AtOnce: 1, Patience: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		if hash, err := h.Hash(t.Context(), "secret 1!"); err != nil || !strings.HasPrefix(hash, want) {
			t.Errorf("for %v: %q, %v", target, hash, err)
		}
	}
}

// A hash made when less was asked for is told to be made anew.
func TestWeakerHashesAreStale(t *testing.T) {
	t.Parallel()
	weaker := argon2id.Params{Memory: 8 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	hash, err := argon2id.CreateHash("secret 1!", &weaker)
	if err != nil {
		t.Fatal(err)
	}
	ok, stale, err := verify(t, hasher(t, 1, time.Minute), "secret 1!", hash)
	if err != nil || !ok || !stale {
		t.Errorf("Verify = %v, %v, %v", ok, stale, err)
	}
}

// While one hashes, as many wait as the patience suffices for; whoever comes then is turned away at once, with the time
// after which to come again, and none of that lasts.
func TestHashesBeyondTheBoundAreTurnedAway(t *testing.T) {
	t.Parallel()
	refused := func(err error) bool {
		e, ok := errs.Of(err)
		return ok && e.Kind == errs.KindUnavailable && e.RetryAfter > 0
	}
	h := hasher(t, 1, time.Second)
	turn, err := h.Turn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	results := make(chan error, 1000)
	for range cap(results) {
		go func() {
			_, err := h.Turn(context.Background())
			results <- err
		}()
	}
	for range cap(results) {
		if err := <-results; !refused(err) {
			t.Fatalf("somebody got a turn that was taken: %v", err)
		}
	}
	turn.Done()
	if _, err := h.Hash(t.Context(), "secret 1!"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
