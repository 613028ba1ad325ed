package user

import (
	"context"
	"log/slog"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/services/user/password"
)

// Passwords hashes and compares passwords, slowly. *password.Hasher is one.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	// Turn waits for the right to hash; `unavailable` where too many do.
	Turn(ctx context.Context) (*password.Turn, error)
}

// Codes issues authorization codes for people who have logged in natively. *oauth.Server is one.
type Codes interface {
	// CheckNative refuses what no code could be issued for: a client that is not the provider's own, an address that is
	// not the client's, scopes that it may not have.
	CheckNative(ctx context.Context, r CodeRequest) error
	// IssueNative issues a code.
	IssueNative(ctx context.Context, r CodeRequest, accountID string, authenticated time.Time) (code, issuer string, err error)
}

// Config is what can be tuned about accounts.
type Config struct {
	// LockAfter is how many failures in a row lock a log-in id, and Lock is for how long.
	LockAfter int
	Lock      time.Duration
	// AvailabilityTime is how long each question about a free id or address takes at least, whatever the answer.
	AvailabilityTime time.Duration
	// HoldPatience is how long a deletion waits for services that are away before anything is removed; after that it is
	// undone.
	HoldPatience time.Duration
	// ExportPatience is how long an export waits for services that are away.
	ExportPatience time.Duration
}

// Defaults are what [U1] and [U2] ask for.
func Defaults() Config {
	return Config{
		LockAfter: 5, Lock: 30 * time.Minute, AvailabilityTime: 250 * time.Millisecond, HoldPatience: 24 * time.Hour,
		ExportPatience: time.Hour,
	}
}

// Deps is what the service works with.
type Deps struct {
	Config        Config
	Accounts      Accounts
	Names         Names
	Attempts      Attempts
	Sessions      Sessions
	Confirmations Confirmations
	Avatars       Avatars
	Journal       Journal
	Deletions     Deletions
	Exports       Exports
	// Keepers are the other services that have data of persons, by name.
	Keepers   map[string]Keeper
	Sagas     Sagas
	Announcer Announcer
	Passwords Passwords
	Codes     Codes
	Log       *slog.Logger
	Clock     clock.Clock
	IDs       id.Source
}

// Service has the use cases of accounts.
type Service struct{ Deps }

// New makes the service.
func New(d Deps) *Service { return &Service{d} }
