package rpc_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/alexedwards/argon2id"
	"golang.org/x/oauth2"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/services/user/oauth"
	"github.com/tripgen/tripgen/services/user/password"
	"github.com/tripgen/tripgen/services/user/usertest"
)

func signIn(t *testing.T, s *usertest.Service, loginID, password string) error {
	t.Helper()
	_, err := s.Accounts("").SignIn(t.Context(), &userv1.SignInRequest{
		LoginId: loginID, Password: password, ClientId: oauth.ClientCLI, RedirectUri: usertest.RedirectURI,
		CodeChallenge: oauth2.S256ChallengeFromVerifier(oauth2.GenerateVerifier()),
	})
	return err
}

// [U2] Whoever guesses learns nothing: not which ids there are, neither by the answer nor by the lock.
func TestFiveFailuresLockForHalfAnHour(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	for _, id := range []string{p.LoginID, "nobodyatall"} {
		for i := range 5 {
			spelled := id
			if i%2 == 1 {
				spelled = strings.ToUpper(id)
			}
			if err := signIn(t, s, spelled, "wrong"); reason(err) != "CREDENTIALS_WRONG" || connect.CodeOf(err) != connect.CodeUnauthenticated {
				t.Errorf("%s, failure %d: %v", id, i+1, err)
			}
		}
		err := signIn(t, s, id, p.Password)
		info, _ := detail[*errdetails.ErrorInfo](err)
		until, parseErr := time.Parse(time.RFC3339, info.GetMetadata()["until"])
		retry, _ := detail[*errdetails.RetryInfo](err)
		if info.GetReason() != "ACCOUNT_LOCKED" || parseErr != nil || until.Sub(s.Clock.Now()).Round(time.Minute) != 30*time.Minute ||
			retry.GetRetryDelay().AsDuration().Round(time.Minute) != 30*time.Minute {
			t.Errorf("%s: %v, %v, %v", id, err, info, retry)
		}
	}
	s.Clock.Advance(29 * time.Minute)
	if err := signIn(t, s, p.LoginID, p.Password); reason(err) != "ACCOUNT_LOCKED" {
		t.Errorf("after 29 minutes: %v", err)
	}
	s.Clock.Advance(2 * time.Minute)
	// Not by SignIn: Fosite goes by the machine's clock and would take the log-in for one of the future.
	if _, err := s.User.Authenticate(t.Context(), p.LoginID, p.Password); err != nil {
		t.Errorf("after 31 minutes: %v", err)
	}
}

// [U2] In a row: a success starts the count anew.
func TestASuccessForgetsTheFailures(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	for range 3 {
		for range 4 {
			if err := signIn(t, s, p.LoginID, "wrong"); reason(err) != "CREDENTIALS_WRONG" {
				t.Fatal(err)
			}
		}
		if err := signIn(t, s, p.LoginID, p.Password); err != nil {
			t.Fatal(err)
		}
	}
}

// Guesses side by side get no more tries than guesses in a row.
func TestParallelGuessesDoNotSlipThroughTheLock(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	var tried atomic.Int64
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			if reason(signIn(t, s, p.LoginID, "wrong")) == "CREDENTIALS_WRONG" {
				tried.Add(1)
			}
		})
	}
	all.Wait()
	if tried.Load() != 5 {
		t.Errorf("%d guesses were tried", tried.Load())
	}
}

// A hash that less was asked of when it was made is replaced by the log-in.
func TestWeakHashesAreUpgradedOnLogIn(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	weak, err := argon2id.CreateHash(p.Password, &argon2id.Params{Memory: 8 << 10, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Pool.Exec(t.Context(), "UPDATE accounts SET password_hash = $1", weak); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := signIn(t, s, p.LoginID, p.Password); err != nil {
			t.Fatal(err)
		}
	}
	var hash string
	var upgrades int
	err = s.Pool.QueryRow(t.Context(), `SELECT password_hash, (SELECT count(*) FROM journal WHERE kind = 'password.upgraded') FROM accounts`).Scan(&hash, &upgrades)
	if err != nil || upgrades != 1 || !strings.Contains(hash, "m=19456") {
		t.Errorf("hash %q, %d upgrades, %v", hash, upgrades, err)
	}
}

// Only TripGen's own public apps may see a password.
func TestNativeLogInIsForOurOwnApps(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	good := func() *userv1.SignInRequest {
		return &userv1.SignInRequest{
			LoginId: p.LoginID, Password: p.Password, ClientId: oauth.ClientCLI, RedirectUri: usertest.RedirectURI,
			CodeChallenge: oauth2.S256ChallengeFromVerifier(oauth2.GenerateVerifier()),
		}
	}
	for name, change := range map[string]func(*userv1.SignInRequest){
		"client_id":      func(r *userv1.SignInRequest) { r.ClientId = usertest.PartnerClient },
		"redirect_uri":   func(r *userv1.SignInRequest) { r.RedirectUri = "https://evil.example/" },
		"scopes":         func(r *userv1.SignInRequest) { r.Scopes = []string{"internal"} },
		"code_challenge": func(r *userv1.SignInRequest) { r.CodeChallenge = "plain" },
	} {
		request := good()
		change(request)
		_, err := s.Accounts("").SignIn(t.Context(), request)
		bad, _ := detail[*errdetails.BadRequest](err)
		if len(bad.GetFieldViolations()) != 1 || bad.GetFieldViolations()[0].GetField() != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Accounts("").SignIn(t.Context(), good()); err != nil {
		t.Error(err)
	}
}

// Whoever is turned away because too many log in at once has not failed: nothing brings the lock nearer.
func TestBeingTurnedAwayIsNoFailedLogIn(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{Hashes: &password.HasherConfig{Target: time.Millisecond, AtOnce: 1, Patience: time.Second}})
	p := s.SignUp()
	turn, err := s.Passwords.Turn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	results := make(chan error, 10)
	for range cap(results) {
		go func() { results <- signIn(t, s, p.LoginID, p.Password) }()
	}
	for range cap(results) {
		err := <-results
		retry, _ := detail[*errdetails.RetryInfo](err)
		if connect.CodeOf(err) != connect.CodeUnavailable || retry.GetRetryDelay().AsDuration() == 0 {
			t.Errorf("turned away with %v, %v", err, retry)
		}
	}
	turn.Done()
	if err := signIn(t, s, p.LoginID, p.Password); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
