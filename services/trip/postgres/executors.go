package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
)

// Beat tells that an executor of sagas is alive, by the database's clock, which is the same for all of them.
func (s *Store) Beat(ctx context.Context, id string, within time.Duration) ([]string, error) {
	rows, err := s.pool.Query(ctx, `
		WITH gone AS (DELETE FROM executor WHERE seen < now() - 10 * $2::interval AND id <> $1),
		beat AS (INSERT INTO executor (id, seen) VALUES ($1, now()) ON CONFLICT (id) DO UPDATE SET seen = now())
		SELECT id FROM executor WHERE seen > now() - $2::interval UNION SELECT $1 ORDER BY 1`, id, within)
	if err != nil {
		return nil, failed(postgres.Clean(err), "beat")
	}
	alive, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return alive, failed(postgres.Clean(err), "beat")
}

// Leave tells that an executor has ended.
func (s *Store) Leave(ctx context.Context, id string) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM executor WHERE id = $1`, id)
	return failed(postgres.Clean(err), "leave")
}

// Unfinished gives generations that have not ended.
func (s *Store) Unfinished(ctx context.Context, before time.Time, after string, limit int) ([]string, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT id FROM generation WHERE ended IS NULL AND created < $1 AND id > $2 ORDER BY id LIMIT $3`, before, after, limit)
	if err != nil {
		return nil, failed(postgres.Clean(err), "find unfinished generations")
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return ids, failed(postgres.Clean(err), "find unfinished generations")
}
