package durable

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/internal/postgres"
)

// leases say which processes run sagas, by the database's clock, which is the same for all of them.
type leases struct{ pool *pgxpool.Pool }

// beat tells that an executor is alive and gives all that told so within the given time, in order.
func (l leases) beat(ctx context.Context, id string, within time.Duration) (alive []string, err error) {
	rows, err := l.pool.Query(ctx, `
		WITH gone AS (DELETE FROM executor WHERE seen < now() - 10 * $2::interval AND id <> $1),
		beat AS (INSERT INTO executor (id, seen) VALUES ($1, now()) ON CONFLICT (id) DO UPDATE SET seen = now())
		SELECT id FROM executor WHERE seen > now() - $2::interval UNION SELECT $1 ORDER BY 1`, id, within)
	if err == nil {
		alive, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		return nil, fmt.Errorf("tell that sagas are run: %w", postgres.Clean(err))
	}
	return alive, nil
}

// leave tells that an executor has ended.
func (l leases) leave(ctx context.Context, id string) error {
	if _, err := l.pool.Exec(ctx, `DELETE FROM executor WHERE id = $1`, id); err != nil {
		return fmt.Errorf("tell that sagas are run no more: %w", postgres.Clean(err))
	}
	return nil
}
