package user

import (
	"context"
	"errors"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/services/user/password"
)

// ErrCredentials is the one answer to a wrong log-in id and to a wrong password [U2].
var ErrCredentials = errs.Unauthenticated(errs.ReasonCredentialsWrong,
	"아이디 또는 비밀번호가 올바르지 않습니다.", "The log-in id or the password is wrong.")

// ErrLocked refuses a log-in after too many failures in a row; metadata `until` has the end of the lock.
var ErrLocked = errs.ResourceExhausted(errs.ReasonAccountLocked,
	"로그인에 여러 번 실패하여 계정이 잠겼습니다. 잠시 후 다시 시도해 주세요.",
	"Too many failed log-ins. The account is locked for a while.")

// Authenticate proves a password and gives the account. Errors: ErrCredentials, ErrLocked. Ids that no account has
// behave like any other: they fail as slowly and lock as fast. Whoever is turned away because too many log in at once has
// not failed: that comes before anything is counted, or costs the database.
func (s *Service) Authenticate(ctx context.Context, loginID, typed string) (Account, error) {
	turn, err := s.Passwords.Turn(ctx)
	if err != nil {
		return Account{}, err
	}
	defer turn.Done()
	now := s.Clock.Now()
	key := LoginKey(loginID)
	until, err := s.Attempts.Begin(ctx, key, now, s.Config.LockAfter, s.Config.Lock)
	if err != nil {
		return Account{}, err
	}
	if !until.IsZero() {
		if err := s.Journal.Record(ctx, Event{Kind: LogInLocked}); err != nil {
			return Account{}, err
		}
		return Account{}, locked(until, now)
	}
	account, hash, err := s.Accounts.Credentials(ctx, key)
	if err != nil && !errors.Is(err, ErrNoAccount) {
		return Account{}, err
	}
	ok, stale, err := turn.Verify(typed, hash)
	if err != nil {
		return Account{}, err
	}
	if !ok {
		if err := s.Journal.Record(ctx, Event{Kind: LogInFailed, AccountID: account.ID}); err != nil {
			return Account{}, err
		}
		return Account{}, ErrCredentials
	}
	// The password was right, whether or not the caller still waits to hear it.
	if err := s.Attempts.Succeed(context.WithoutCancel(ctx), key); err != nil {
		return Account{}, err
	}
	if stale {
		s.upgrade(ctx, turn, account.ID, typed, hash)
	}
	return account, s.Journal.Record(ctx, Event{Kind: LogInSucceeded, AccountID: account.ID})
}

// upgrade hashes a password anew with today's parameters. Where that fails the log-in goes on; the next one tries again.
func (s *Service) upgrade(ctx context.Context, turn *password.Turn, accountID, typed, oldHash string) {
	fresh, err := turn.Hash(typed)
	if err == nil {
		err = s.Accounts.UpgradePassword(ctx, accountID, oldHash, fresh)
	}
	if err != nil {
		s.Log.WarnContext(ctx, "upgrade password hash", "account", accountID, "error", err)
	}
}

func locked(until, now time.Time) error {
	return ErrLocked.With("until", until.Format(time.RFC3339)).Retry(until.Sub(now))
}

// CodeRequest is what a native app asks an authorization code for.
type CodeRequest struct {
	ClientID    string
	RedirectURI string
	// Scopes may be empty: all that the client may have.
	Scopes []string
	// CodeChallenge is RFC 7636's, method S256.
	CodeChallenge string
	DeviceName    string
}

// SignIn is the native log-in: it proves a password and yields an authorization code that only the app that holds the
// PKCE verifier can redeem. Errors: ErrCredentials, ErrLocked, and invalid fields for what the client may not ask for.
func (s *Service) SignIn(ctx context.Context, loginID, password string, r CodeRequest) (code, issuer string, err error) {
	if err := s.Codes.CheckNative(ctx, r); err != nil {
		return "", "", err
	}
	account, err := s.Authenticate(ctx, loginID, password)
	if err != nil {
		return "", "", err
	}
	return s.Codes.IssueNative(ctx, r, account.ID, s.Clock.Now())
}
