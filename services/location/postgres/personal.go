package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
)

// Personal answers for the location service when a person is to be forgotten: it keeps nothing of persons. Places and
// how often they are used on a day are counted without whom they were shown to, and what is cached is kept by place,
// area and words searched for.
type Personal struct{ store *Store }

// NewPersonal makes it.
func NewPersonal(s *Store) Personal { return Personal{s} }

// impersonal are the tables that were looked through for what could be of a person; goose's counts the migrations.
var impersonal = []string{"extract", "goose_db_version", "imported_place", "place_rating", "place_use", "warm_round"}

// check makes sure that what Personal says still holds: a table that is added has to be looked through first.
func (p Personal) check(ctx context.Context) error {
	rows, err := p.store.pool.Query(ctx, `SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'`)
	if err != nil {
		return fmt.Errorf("look for personal data: %w", postgres.Clean(err))
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look for personal data: %w", postgres.Clean(err))
	}
	for _, t := range tables {
		if !slices.Contains(impersonal, t) {
			return fmt.Errorf("table %s is not known to hold nothing of persons", t)
		}
	}
	return nil
}

// Hold has nothing to hold.
func (p Personal) Hold(ctx context.Context, _, _ string) error { return p.check(ctx) }

// Release has nothing to release.
func (p Personal) Release(context.Context, string, string) error { return nil }

// Forget has nothing to remove.
func (p Personal) Forget(ctx context.Context, _, _ string) (map[string]int64, time.Time, error) {
	return map[string]int64{}, p.store.clock.Now(), p.check(ctx)
}

// Collect has nothing to give.
func (p Personal) Collect(ctx context.Context, _ string, _ func(string, []byte) error) error {
	return p.check(ctx)
}
