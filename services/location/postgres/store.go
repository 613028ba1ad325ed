// Package postgres keeps what the location service must not lose: imported extracts, and how often places are used.
package postgres

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/location"
)

//go:embed migrations/*.sql
var embedded embed.FS

// Migrations are the schema of the location service's database.
func Migrations() fs.FS {
	sub, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return sub
}

// Store is the location service's database.
type Store struct {
	pool  *pgxpool.Pool
	clock clock.Clock
}

// New makes a store.
func New(pool *pgxpool.Pool, c clock.Clock) *Store { return &Store{pool: pool, clock: c} }

// Import puts an extract's places in the place of those that it had before: all of them or, on an error, none.
func (s *Store) Import(ctx context.Context, extract string, places []location.Place) error {
	rows := make([][]any, len(places))
	for i, p := range places {
		body, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("encode place %s: %w", p.ID, err)
		}
		rows[i] = []any{extract, p.ID, body}
	}
	err := postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM extract WHERE name = $1`, extract); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO extract (name, place_count, import_time) VALUES ($1, $2, $3)`,
			extract, len(places), s.clock.Now()); err != nil {
			return err
		}
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"imported_place"}, []string{"extract", "id", "body"}, pgx.CopyFromRows(rows))
		return err
	})
	if err != nil {
		return fmt.Errorf("import %s: %w", extract, err)
	}
	return nil
}

// Extract is an import.
type Extract struct {
	Name       string
	PlaceCount int
	ImportTime time.Time
}

// Extracts are all imports, by name.
func (s *Store) Extracts(ctx context.Context) ([]Extract, error) {
	rows, err := s.pool.Query(ctx, `SELECT name, place_count, import_time FROM extract ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("extracts: %w", postgres.Clean(err))
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Extract])
}

// Remove takes an extract's places away; false if there is none of this name.
func (s *Store) Remove(ctx context.Context, extract string) (bool, error) {
	tag, err := s.pool.Exec(ctx, `DELETE FROM extract WHERE name = $1`, extract)
	return tag.RowsAffected() > 0, postgres.Clean(err)
}

// Revision changes with every import and removal.
func (s *Store) Revision(ctx context.Context) (string, error) {
	var revision string
	err := s.pool.QueryRow(ctx, `SELECT coalesce(max(revision), 0) || '/' || count(*) FROM extract`).Scan(&revision)
	return revision, postgres.Clean(err)
}

// Places are the imported places of all extracts. One that several have comes as often: the last counts.
func (s *Store) Places(ctx context.Context) ([]location.Place, error) {
	rows, err := s.pool.Query(ctx, `SELECT body FROM imported_place JOIN extract ON name = extract ORDER BY revision, id`)
	if err != nil {
		return nil, fmt.Errorf("imported places: %w", postgres.Clean(err))
	}
	places, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (location.Place, error) {
		var body []byte
		var p location.Place
		if err := row.Scan(&body); err != nil {
			return p, err
		}
		if err := json.Unmarshal(body, &p); err != nil {
			return p, fmt.Errorf("decode: %w", err)
		}
		if p.ReadHours() != nil { // understood by the release that imported it, and not by this one
			p.Hours = ""
		}
		return p, nil
	})
	if err != nil {
		return nil, fmt.Errorf("imported places: %w", postgres.Clean(err))
	}
	return places, nil
}

// Use adds to how often places were used today.
func (s *Store) Use(ctx context.Context, uses map[string]int64) error {
	ids, counts := make([]string, 0, len(uses)), make([]int64, 0, len(uses))
	for id, n := range uses {
		ids, counts = append(ids, id), append(counts, n)
	}
	_, err := s.pool.Exec(ctx, `
		INSERT INTO place_use (place_id, day, uses)
		SELECT id, $3, n FROM unnest($1::text[], $2::bigint[]) AS used (id, n) ORDER BY id
		ON CONFLICT (place_id, day) DO UPDATE SET uses = place_use.uses + excluded.uses`,
		ids, counts, s.clock.Now())
	return postgres.Clean(err)
}

// Popular are how often places were used within some days, and forgets what is older.
func (s *Store) Popular(ctx context.Context, days int) (map[string]int64, error) {
	since := s.clock.Now().AddDate(0, 0, -days)
	if _, err := s.pool.Exec(ctx, `DELETE FROM place_use WHERE day < $1`, since); err != nil {
		return nil, postgres.Clean(err)
	}
	rows, err := s.pool.Query(ctx, `SELECT place_id, sum(uses)::bigint FROM place_use GROUP BY place_id`)
	if err != nil {
		return nil, postgres.Clean(err)
	}
	uses := make(map[string]int64)
	var id string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&id, &n}, func() error { uses[id] = n; return nil })
	return uses, postgres.Clean(err)
}

// roundsKept is how long claimed rounds are remembered.
const roundsKept = 7 * 24 * time.Hour

// Release gives a claimed round back.
func (s *Store) Release(ctx context.Context, hour time.Time) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM warm_round WHERE hour = $1`, hour)
	return postgres.Clean(err)
}

// Claim takes the round of an hour for one process; false if it is taken.
func (s *Store) Claim(ctx context.Context, hour time.Time) (bool, error) {
	tag, err := s.pool.Exec(ctx, `INSERT INTO warm_round (hour) VALUES ($1) ON CONFLICT DO NOTHING`, hour)
	if err != nil || tag.RowsAffected() == 0 {
		return false, postgres.Clean(err)
	}
	_, err = s.pool.Exec(ctx, `DELETE FROM warm_round WHERE hour < $1`, hour.Add(-roundsKept))
	return true, postgres.Clean(err)
}
