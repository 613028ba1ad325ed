package postgres

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/trip"
)

const tripColumns = `t.id, t.owner, t.body, t.start_date, t.created, t.updated, t.deleted, t.revision, t.itinerary,
	t.running, t.regenerations_on, t.regenerations_used, t.changes, t.looked`

func tripPlace(id string) string { return "trip/" + id }

// scanTrip reads tripColumns and what follows them.
func (s *Store) scanTrip(row pgx.Row, more ...any) (trip.Trip, error) {
	var (
		t                    trip.Trip
		id, owner            string
		body                 []byte
		start, regenerations *time.Time
		created, updated     time.Time
		deleted, looked      *time.Time
		revision, itinerary  int64
		changes              int64
		running              string
		used                 int
	)
	err := row.Scan(append([]any{
		&id, &owner, &body, &start, &created, &updated, &deleted, &revision, &itinerary, &running, &regenerations, &used,
		&changes, &looked,
	}, more...)...)
	if err != nil {
		return trip.Trip{}, postgres.Clean(err)
	}
	if err := s.get(body, tripPlace(id), &t); err != nil {
		return trip.Trip{}, err
	}
	t.ID, t.Owner, t.Start, t.Created, t.Updated, t.Deleted = id, owner, ofDate(start), created.UTC(), updated.UTC(), ofInstant(deleted)
	t.Revision, t.Itinerary, t.Running, t.Changes, t.Looked = revision, itinerary, running, changes, ofInstant(looked)
	t.Regenerations = trip.Regenerations{On: ofDate(regenerations), Used: used}
	return t, nil
}

// lockTrip reads a trip that nobody else can change until the transaction ends.
func (s *Store) lockTrip(ctx context.Context, tx pgx.Tx, owner, id string) (trip.Trip, error) {
	return s.scanTrip(tx.QueryRow(ctx, lockTrip, id, owner))
}

const lockTrip = `SELECT ` + tripColumns + ` FROM trip t WHERE t.id = $1 AND t.owner = $2 FOR UPDATE`

// writeTrip queues the statement that stores all of a trip: an insert, or an update of a locked row.
func (s *Store) writeTrip(b *pgx.Batch, t *trip.Trip, statement string) error {
	body, err := s.put(t, tripPlace(t.ID))
	if err != nil {
		return err
	}
	var begins, ends *time.Time
	if begin, end, ok := t.Span(); ok {
		begins, ends = &begin, &end
	}
	due, _ := t.NextLook()
	b.Queue(statement, t.ID, t.Owner, body, t.NameKey(), t.Searchable(), date(t.Start), begins, ends, t.Created, t.Updated,
		instant(t.Deleted), t.Revision, t.Itinerary, t.Running, date(t.Regenerations.On), t.Regenerations.Used, t.Changes,
		instant(t.Looked), instant(t.StaleFrom(s.now())), instant(due))
	return nil
}

const (
	insertTrip = `
		INSERT INTO trip (id, owner, body, name_key, searchable, start_date, begins, ends, created, updated, deleted,
			revision, itinerary, running, regenerations_on, regenerations_used, changes, looked, stale_from, look_due)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`
	updateTrip = `
		UPDATE trip SET body = $3, name_key = $4, searchable = $5, start_date = $6, begins = $7, ends = $8, created = $9,
			updated = $10, deleted = $11, revision = $12, itinerary = $13, running = $14, regenerations_on = $15,
			regenerations_used = $16, changes = $17, looked = $18, stale_from = $19, look_due = $20
		WHERE id = $1 AND owner = $2`
)

// Create stores a new trip.
func (s *Store) Create(ctx context.Context, t trip.Trip, once trip.Once) error {
	err := s.onceMore(func() error {
		return postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
			if err := s.before(ctx, tx, t.Owner, once); err != nil {
				return err
			}
			var b pgx.Batch
			t.Changes = 1
			if err := s.writeTrip(&b, &t, insertTrip); err != nil {
				return err
			}
			if err := s.tell(&b, trip.Change{TripID: t.ID, Number: t.Changes, Trip: &t}); err != nil {
				return err
			}
			s.after(&b, t.Owner, once, t.ID)
			return send(ctx, tx, &b)
		})
	})
	return failed(err, "create trip")
}

// Trip reads a trip.
func (s *Store) Trip(ctx context.Context, owner, id string) (trip.Trip, error) {
	t, err := s.scanTrip(s.pool.QueryRow(ctx, `
		SELECT `+tripColumns+` FROM trip t
		WHERE t.id = $1 AND t.owner = $2 AND (t.deleted IS NULL OR t.deleted > $3)`,
		id, owner, s.now().Add(-trip.KeepDeleted)))
	return t, failed(err, "read trip")
}

// Update changes a trip.
func (s *Store) Update(ctx context.Context, owner, id string, once trip.Once, fn func(*trip.Trip) error) (trip.Trip, error) {
	trips, err := s.UpdateAll(ctx, owner, []string{id}, once, fn)
	if err != nil {
		return trip.Trip{}, err
	}
	return trips[0], nil
}

// UpdateAll changes several trips, all or none.
func (s *Store) UpdateAll(ctx context.Context, owner string, ids []string, once trip.Once, fn func(*trip.Trip) error) ([]trip.Trip, error) {
	// Rows are locked in one order, so that two calls cannot wait for each other.
	order := slices.Sorted(slices.Values(ids))
	trips := make([]trip.Trip, len(ids))
	err := s.onceMore(func() error {
		return postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
			for _, id := range order {
				t, err := s.lockTrip(ctx, tx, owner, id)
				if errors.Is(err, postgres.ErrNoRow) {
					return trip.ErrNoTrip.With("trip", id)
				}
				if err != nil {
					return err
				}
				trips[slices.Index(ids, id)] = t
			}
			if err := s.before(ctx, tx, owner, once); err != nil {
				return err
			}
			var b pgx.Batch
			for i := range trips {
				if err := s.change(&b, &trips[i], fn); err != nil {
					return err
				}
			}
			s.after(&b, owner, once, ids...)
			return send(ctx, tx, &b)
		})
	})
	if err != nil {
		return nil, failed(err, "change trip")
	}
	s.wakeAll(ids...)
	return trips, nil
}

// change applies fn to a locked trip and queues what follows from it.
func (s *Store) change(b *pgx.Batch, t *trip.Trip, fn func(*trip.Trip) error) error {
	err := fn(t)
	if errors.Is(err, trip.ErrUnchanged) {
		return nil
	}
	if err != nil {
		return err
	}
	t.Revision++
	t.Changes++
	t.Updated = s.now()
	if err := s.writeTrip(b, t, updateTrip); err != nil {
		return err
	}
	return s.tell(b, trip.Change{TripID: t.ID, Number: t.Changes, Trip: t})
}

func (s *Store) wakeAll(ids ...string) {
	for _, id := range ids {
		s.waker.Wake(id)
	}
}

// Purge removes what is past its time.
func (s *Store) Purge(ctx context.Context, trips, keys, changes time.Time) (int, error) {
	tag, err := s.pool.Exec(ctx, `DELETE FROM trip WHERE deleted < $1`, trips)
	if err != nil {
		return 0, failed(postgres.Clean(err), "purge trips")
	}
	if _, err := s.pool.Exec(ctx, `DELETE FROM idempotency WHERE created < $1`, keys); err != nil {
		return 0, failed(postgres.Clean(err), "purge idempotency keys")
	}
	if _, err := s.pool.Exec(ctx, `DELETE FROM webhook_message WHERE created < $1`, s.now().Add(-trip.KeepDeliveries)); err != nil {
		return 0, failed(postgres.Clean(err), "purge deliveries")
	}
	_, err = s.pool.Exec(ctx, `DELETE FROM change WHERE time < $1`, changes)
	return int(tag.RowsAffected()), failed(postgres.Clean(err), "purge feed entries")
}
