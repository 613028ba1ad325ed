package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/user"
)

var _ user.Revocations = (*Store)(nil)

// RevocationsAfter gives the revocations that hold, after a sequence.
func (s *Store) RevocationsAfter(ctx context.Context, sequence int64) ([]user.Revocation, error) {
	rows, err := s.pool.Query(ctx, `SELECT seq, subject, at, expires FROM revocations WHERE seq > $1 AND expires > $2 ORDER BY seq`,
		sequence, s.clock.Now())
	if err != nil {
		return nil, fmt.Errorf("read revocations: %w", postgres.Clean(err))
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r user.Revocation, err error) {
		return r, row.Scan(&r.Sequence, &r.Subject, &r.At, &r.Expires)
	})
	if err != nil {
		return nil, fmt.Errorf("read revocations: %w", postgres.Clean(err))
	}
	return all, nil
}

// listenPing is how often a quiet connection is asked whether it is still there.
const listenPing = 5 * time.Second

// ListenForRevocations calls wake with each notification, on a connection of its own.
func (s *Store) ListenForRevocations(ctx context.Context, wake func()) error {
	config := s.pool.Config().ConnConfig.Copy()
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("listen for revocations: %w", postgres.Clean(err))
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, `LISTEN `+revocationChannel); err != nil {
		return fmt.Errorf("listen for revocations: %w", postgres.Clean(err))
	}
	wake() // what came while nobody listened
	for {
		if err := s.awaitNotification(ctx, conn); err != nil {
			return err
		}
		wake()
	}
}

// awaitNotification waits for a notification, or a little, whichever comes first.
func (s *Store) awaitNotification(ctx context.Context, conn *pgx.Conn) error {
	waiting, cancel := context.WithTimeout(ctx, listenPing)
	defer cancel()
	_, err := conn.WaitForNotification(waiting)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case !errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("listen for revocations: %w", postgres.Clean(err))
	}
	if err := conn.Ping(ctx); err != nil {
		return fmt.Errorf("listen for revocations: %w", postgres.Clean(err))
	}
	return nil
}
