package postgres

import (
	"context"
	"time"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/postgres"
)

const (
	// cleanEvery is how often what is over is removed.
	cleanEvery = 10 * time.Minute
	// keepCodes is how long a code is kept after its end, to notice that it is used twice.
	keepCodes = time.Hour
	// keepSessions is how long a session that is over is kept.
	keepSessions = 30 * 24 * time.Hour
	// keepExports is how long it is known that there was an export.
	keepExports = 30 * 24 * time.Hour
	// keepAttempts is after what time without an attempt failed log-ins are forgotten.
	keepAttempts = 24 * time.Hour
)

// Clean removes what is over and of no use any more. Several processes may do so at once.
func (s *Store) Clean(ctx context.Context) error {
	now := s.clock.Now()
	for _, c := range []struct {
		statement string
		before    time.Time
	}{
		{`DELETE FROM codes WHERE expires < $1`, now.Add(-keepCodes)},
		{`DELETE FROM sessions WHERE COALESCE(ended, expires) < $1`, now.Add(-keepSessions)},
		{`DELETE FROM login_attempts WHERE last < $1`, now.Add(-keepAttempts)},
		{`DELETE FROM assertions WHERE expires < $1`, now.Add(-time.Minute)},
		{`DELETE FROM revocations WHERE expires < $1`, now},
		{`DELETE FROM browsers WHERE expires < $1`, now},
		{`DELETE FROM usage_batches WHERE taken < $1`, now.Add(-keepBatches)},
		{`DELETE FROM usage WHERE day < $1`, now.Add(-keepUsage)},
		{`DELETE FROM confirmations WHERE expires < $1`, now},
		// That an archive is not kept any more can be told for a while longer.
		{`DELETE FROM export_documents USING exports e WHERE export_id = e.id AND e.expires <= $1`, now},
		{`DELETE FROM exports WHERE ended < $1`, now.Add(-keepExports)},
	} {
		if _, err := s.pool.Exec(ctx, c.statement, c.before); err != nil {
			return failed(postgres.Clean(err), "clean up")
		}
	}
	return nil
}

// Run cleans up again and again until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	return app.Repeat(ctx, cleanEvery, s.Clean, func(err error) { s.log.WarnContext(ctx, "clean up", "error", err) })
}
