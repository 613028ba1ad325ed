// Package postgres stores trips, itineraries, generations and feeds in PostgreSQL. Each trip is one row with a sealed
// body; every change of a trip, of its itineraries or generations locks that row first, so that the entries of its feed
// are numbered in the order in which they are committed.
package postgres

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/personal"
	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/internal/seal"
	"github.com/tripgen/tripgen/services/trip"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the schema.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}

// Store implements the interfaces of package trip.
type Store struct {
	pool   *pgxpool.Pool
	seal   *seal.Sealer
	clock  clock.Clock
	ids    id.Source
	waker  Waker
	outbox func()
}

// Waker tells watchers that a trip may have new entries in its feed. It must not block.
type Waker interface {
	Wake(tripID string)
	Subscribe(tripID string) (wake <-chan struct{}, stop func())
}

// Deps is what a store works with.
type Deps struct {
	Pool  *pgxpool.Pool
	Seal  *seal.Sealer
	Clock clock.Clock
	IDs   id.Source
	Waker Waker
	// Kick is called after a commit that put events into the outbox; nil for nothing.
	Kick func()
}

// New makes a store.
func New(d Deps) *Store {
	if d.Kick == nil {
		d.Kick = func() {}
	}
	return &Store{pool: d.Pool, seal: d.Seal, clock: d.Clock, ids: d.IDs, waker: d.Waker, outbox: d.Kick}
}

// now has PostgreSQL's resolution.
func (s *Store) now() time.Time { return s.clock.Now().UTC().Truncate(time.Microsecond) }

// failed says what was attempted, and leaves refusals as they are.
func failed(err error, doing string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, postgres.ErrNoRow):
		return trip.ErrNoTrip
	}
	return fmt.Errorf("%s: %w", doing, personal.Refused(err))
}

// put seals a value for a place.
func (s *Store) put(v any, place string) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return s.seal.Seal(plain, place)
}

// get opens what put made.
func (s *Store) get(sealed []byte, place string, v any) error {
	plain, err := s.seal.Open(sealed, place)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, v)
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func ofInstant(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// date stores a civil date: pgx takes the year, month and day of a time in UTC.
func date(d trip.Date) *time.Time {
	if d.IsZero() {
		return nil
	}
	t := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	return &t
}

func ofDate(t *time.Time) trip.Date {
	if t == nil {
		return trip.Date{}
	}
	return trip.DateOf(*t, time.UTC)
}

// send runs the statements of a batch, which all have to work.
func send(ctx context.Context, tx pgx.Tx, b *pgx.Batch) error {
	return postgres.Clean(tx.SendBatch(ctx, b).Close())
}
