package personal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/postgres"
)

var (
	// ErrUndone: the deletion was undone before.
	ErrUndone = errs.New(errs.KindFailedPrecondition, errs.ReasonDeletionUndone,
		"취소된 삭제 요청입니다.", "The deletion was undone.")
	// ErrDone: the data is gone already.
	ErrDone = errs.New(errs.KindFailedPrecondition, errs.ReasonDeletionDone,
		"이미 삭제되었습니다.", "The data is gone already.")
	// ErrHeld refuses something new of an owner whose data is being deleted, or is.
	ErrHeld = errs.Unauthenticated(errs.ReasonUnauthenticated, "로그인이 필요합니다.", "Please log in.")
)

// Ledger notes deletions in a service's own database: once one is held there, its owner gets no new rows, and what was
// removed is counted once, however often a step is repeated. The service's schema has
//
//	CREATE TABLE forgotten (
//	    deletion_id text PRIMARY KEY,
//	    owner       text NOT NULL,
//	    state       text NOT NULL CHECK (state IN ('held', 'released', 'forgotten')),
//	    removed     jsonb NOT NULL DEFAULT '{}',
//	    time        timestamptz NOT NULL
//	);
//
// and a trigger on each table that owners have rows in, which refuses inserts for owners that are held or forgotten
// with SQLSTATE TG001, after it has taken pg_advisory_xact_lock_shared(hashtextextended(owner, 7)).
type Ledger struct {
	Pool  *pgxpool.Pool
	Clock clock.Clock
}

// Refused puts ErrHeld in the place of a trigger's refusal; other errors, and nil, stay as they are.
func Refused(err error) error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "TG001" {
		return ErrHeld.Wrap(err)
	}
	return err
}

// Hold notes that nothing new is taken: ErrUndone.
func (l Ledger) Hold(ctx context.Context, deletionID, owner string) error {
	return l.note(ctx, deletionID, owner, "hold", func(tx pgx.Tx, state string) error {
		switch state {
		case "released":
			return ErrUndone
		case "":
			_, err := tx.Exec(ctx, `INSERT INTO forgotten (deletion_id, owner, state, time) VALUES ($1, $2, 'held', $3)`,
				deletionID, owner, l.Clock.Now())
			return err
		}
		return nil
	})
}

// Release takes a hold back: ErrDone.
func (l Ledger) Release(ctx context.Context, deletionID, owner string) error {
	return l.note(ctx, deletionID, owner, "release", func(tx pgx.Tx, state string) error {
		if state == "forgotten" {
			return ErrDone
		}
		_, err := tx.Exec(ctx, `
			INSERT INTO forgotten (deletion_id, owner, state, time) VALUES ($1, $2, 'released', $3)
			ON CONFLICT (deletion_id) DO UPDATE SET state = 'released'`, deletionID, owner, l.Clock.Now())
		return err
	})
}

// Forget removes, in one transaction with the note of it, what remove removes, and gives what was removed in all, and
// when first: ErrUndone.
func (l Ledger) Forget(
	ctx context.Context, deletionID, owner string, remove func(pgx.Tx) (map[string]int64, error),
) (removed map[string]int64, at time.Time, err error) {
	err = l.note(ctx, deletionID, owner, "forget", func(tx pgx.Tx, state string) error {
		if state == "released" {
			return ErrUndone
		}
		now, err := remove(tx)
		if err != nil {
			return err
		}
		if removed, at, err = l.removed(ctx, tx, deletionID, state); err != nil {
			return err
		}
		for kind, n := range now {
			if n > 0 {
				removed[kind] += n
			}
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO forgotten (deletion_id, owner, state, removed, time) VALUES ($1, $2, 'forgotten', $3, $4)
			ON CONFLICT (deletion_id) DO UPDATE SET state = 'forgotten', removed = $3, time = $4`, deletionID, owner, removed, at)
		return err
	})
	return removed, at, err
}

// removed is what was removed before, and when; at first nothing, and now.
func (l Ledger) removed(ctx context.Context, tx pgx.Tx, deletionID, state string) (map[string]int64, time.Time, error) {
	removed, at := map[string]int64{}, l.Clock.Now().UTC()
	if state != "forgotten" {
		return removed, at, nil
	}
	err := tx.QueryRow(ctx, `SELECT removed, time FROM forgotten WHERE deletion_id = $1`, deletionID).Scan(&removed, &at)
	return removed, at.UTC(), err
}

// note changes a deletion's note while nothing new of its owner comes and nobody else changes it.
func (l Ledger) note(ctx context.Context, deletionID, owner, doing string, change func(tx pgx.Tx, state string) error) error {
	err := postgres.InTx(ctx, l.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 7))`, owner); err != nil {
			return err
		}
		var state string
		err := tx.QueryRow(ctx, `SELECT state FROM forgotten WHERE deletion_id = $1`, deletionID).Scan(&state)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		return change(tx, state)
	})
	if err != nil {
		return fmt.Errorf("%s the data of %s: %w", doing, deletionID, err)
	}
	return nil
}
