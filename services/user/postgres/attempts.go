package postgres

import (
	"context"
	"time"

	"github.com/tripgen/tripgen/internal/postgres"
)

// Begin counts a log-in attempt.
func (s *Store) Begin(
	ctx context.Context, loginID string, now time.Time, limit int, lock time.Duration,
) (lockedUntil time.Time, err error) {
	var (
		failures int
		until    *time.Time
	)
	// A lock that is over starts the count anew. Attempts during a lock go on counting, so that the attempt that
	// brought the lock (the limit-th) can be told from those after it.
	err = s.pool.QueryRow(ctx, `
		INSERT INTO login_attempts AS a (login_index, failures, last) VALUES ($1, 1, $2)
		ON CONFLICT (login_index) DO UPDATE SET
			failures = CASE WHEN a.locked_until <= $2 THEN 1 ELSE a.failures + 1 END,
			locked_until = CASE
				WHEN a.locked_until <= $2 THEN NULL
				WHEN a.locked_until IS NULL AND a.failures + 1 >= $3 THEN $4
				ELSE a.locked_until END,
			last = $2
		RETURNING failures, locked_until`,
		s.loginIndex(loginID), now, limit, now.Add(lock)).Scan(&failures, &until)
	if err != nil {
		return time.Time{}, failed(postgres.Clean(err), "count log-in attempt")
	}
	if failures > limit {
		return instant(until), nil
	}
	return time.Time{}, nil
}

// Succeed forgets the failures of a log-in id.
func (s *Store) Succeed(ctx context.Context, loginID string) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM login_attempts WHERE login_index = $1`, s.loginIndex(loginID))
	return failed(postgres.Clean(err), "forget failed log-ins")
}
