// Package postgres stores accounts, sessions, clients and keys in PostgreSQL. Personal data and private keys are sealed
// before they reach a statement; what they are looked up by is a keyed hash.
package postgres

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/mail"
	"github.com/tripgen/tripgen/services/user/oauth"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the goose migrations of the user database.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the directory is embedded
	}
	return sub
}

// Sealer encrypts values for a place and makes blind indexes. *seal.Sealer is one.
type Sealer interface {
	Seal(plain []byte, context string) ([]byte, error)
	Open(sealed []byte, context string) ([]byte, error)
	BlindIndex(field, value string) []byte
}

// Store is all of the user service's stores on one database.
type Store struct {
	pool  *pgxpool.Pool
	seal  Sealer
	clock clock.Clock
	log   *slog.Logger
	// mailed is called after a mail was queued.
	mailed func()
}

var (
	_ user.Accounts      = (*Store)(nil)
	_ user.Names         = (*Store)(nil)
	_ user.Attempts      = (*Store)(nil)
	_ user.Sessions      = (*Store)(nil)
	_ user.Confirmations = (*Store)(nil)
	_ user.Avatars       = (*Store)(nil)
	_ user.Journal       = (*Store)(nil)
	_ oauth.Grants       = (*Store)(nil)
	_ oauth.Clients      = (*Store)(nil)
	_ oauth.KeyStore     = (*Store)(nil)
	_ mail.Queue         = (*Store)(nil)
)

// New makes the stores. mailed is called after a mail was queued, so that it is sent at once; it must not block.
func New(pool *pgxpool.Pool, seal Sealer, c clock.Clock, log *slog.Logger, mailed func()) *Store {
	return &Store{pool: pool, seal: seal, clock: c, log: log, mailed: mailed}
}

// revocationLife is how long a revocation is remembered: until the youngest token it can concern has expired, also by a
// verifier's slow clock.
const revocationLife = oauth.MaxAccessToken + time.Minute

// revoke makes all verifiers refuse tokens with these subjects. Revocations become visible in the order of their
// numbers: a reader who has seen one has seen all before it.
func revoke(ctx context.Context, tx postgres.Querier, now, expires time.Time, subjects ...string) error {
	if len(subjects) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('revocations'))`); err != nil {
		return err
	}
	_, err := tx.Exec(ctx,
		`INSERT INTO revocations (subject, at, expires) SELECT s, $2, $3 FROM unnest($1::text[]) s`, subjects, now, expires)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `SELECT pg_notify($1, '')`, revocationChannel)
	return err
}

// revocationChannel is where PostgreSQL tells of new revocations.
const revocationChannel = "tripgen_revocations"

// instant gives zero for NULL.
func instant(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// null gives NULL for zero.
func null(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// list gives an empty array, not NULL, for no values.
func list(values []string) []string {
	if values == nil {
		return []string{}
	}
	return values
}
