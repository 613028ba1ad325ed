package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/trip"
)

// Idempotency: before looks whether the write was made already, after makes a note of it in the write's own transaction.

func keyHash(once trip.Once) []byte {
	if once.Key == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(once.Key))
	return sum[:]
}

const findKey = `SELECT fingerprint, resources FROM idempotency WHERE owner = $1 AND key_hash = $2 AND created > $3`

// before gives Repeated or ErrMismatch where the key was used within its time.
func (s *Store) before(ctx context.Context, tx pgx.Tx, owner string, once trip.Once) error {
	if once.Key == "" {
		return nil
	}
	return s.repeated(tx.QueryRow(ctx, findKey, owner, keyHash(once), s.now().Add(-trip.KeepKeys)), once)
}

// Made tells of a write that was made.
func (s *Store) Made(ctx context.Context, owner string, once trip.Once) error {
	if once.Key == "" {
		return nil
	}
	return failed(s.repeated(s.pool.QueryRow(ctx, findKey, owner, keyHash(once), s.now().Add(-trip.KeepKeys)), once), "find an idempotency key")
}

func (s *Store) repeated(row pgx.Row, once trip.Once) error {
	var (
		fingerprint []byte
		resources   []string
	)
	err := row.Scan(&fingerprint, &resources)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return err
	case !bytes.Equal(fingerprint, once.Fingerprint):
		return trip.ErrMismatch
	}
	return &trip.Repeated{Resources: resources}
}

// lockOnce is lockTrip and then before, in one round trip: made is what before gives. What else is to be read of the locked
// trip goes along: also queues it, with a function that takes the rows.
func (s *Store) lockOnce(
	ctx context.Context, tx pgx.Tx, owner, id string, once trip.Once, also ...func(*pgx.Batch),
) (t trip.Trip, made, err error) {
	var b pgx.Batch
	b.Queue(lockTrip, id, owner)
	if once.Key != "" {
		b.Queue(findKey, owner, keyHash(once), s.now().Add(-trip.KeepKeys))
	}
	for _, queue := range also {
		queue(&b)
	}
	results := tx.SendBatch(ctx, &b)
	t, err = s.scanTrip(results.QueryRow())
	if err == nil && once.Key != "" {
		made = s.repeated(results.QueryRow(), once)
	}
	if closing := postgres.Clean(results.Close()); err == nil {
		err = closing
	}
	return t, made, err
}

// after queues the note. A key that is past its time is taken over; one that another call has just used breaks the
// primary key, see onceMore.
func (s *Store) after(b *pgx.Batch, owner string, once trip.Once, resources ...string) {
	if once.Key == "" {
		return
	}
	now := s.now()
	b.Queue(`DELETE FROM idempotency WHERE owner = $1 AND key_hash = $2 AND created <= $3`,
		owner, keyHash(once), now.Add(-trip.KeepKeys))
	b.Queue(`INSERT INTO idempotency (owner, key_hash, fingerprint, resources, created) VALUES ($1, $2, $3, $4, $5)`,
		owner, keyHash(once), once.Fingerprint, resources, now)
}

// onceMore runs a write and, where another call with the same key committed in its middle, runs it again, which then
// finds the other's note.
func (s *Store) onceMore(write func() error) error {
	err := write()
	if errors.Is(err, postgres.ErrExists) && postgres.Constraint(err) == "idempotency_pkey" {
		return write()
	}
	return err
}
