package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/trip"
)

func changePlace(tripID string, number int64) string {
	return fmt.Sprintf("trip/%s/change/%d", tripID, number)
}

// tell queues an entry of a locked trip's feed, and what webhooks are told of it; its Number is the trip's Changes after it was counted up.
func (s *Store) tell(b *pgx.Batch, c trip.Change) error {
	c.Time = s.now()
	body, err := s.put(c, changePlace(c.TripID, c.Number))
	if err != nil {
		return err
	}
	b.Queue(`INSERT INTO change (trip_id, number, time, body) VALUES ($1, $2, $3, $4)`, c.TripID, c.Number, c.Time, body)
	return s.enqueue(b, c)
}

// Changes reads a trip's feed.
func (s *Store) Changes(ctx context.Context, owner, tripID string, after int64, limit int) ([]trip.Change, error) {
	changes, newest, err := s.feed(ctx, owner, tripID, after, limit)
	switch {
	case err != nil:
		return nil, err
	case after > newest, len(changes) > 0 && changes[0].Number != after+1, len(changes) == 0 && after < newest:
		return nil, trip.ErrResumeToken
	}
	return changes, nil
}

// KeptChanges reads what is kept of a trip's feed after a number, which may begin later: ErrNoTrip.
func (s *Store) KeptChanges(ctx context.Context, owner, tripID string, after int64, limit int) ([]trip.Change, error) {
	changes, _, err := s.feed(ctx, owner, tripID, after, limit)
	return changes, err
}

// feed reads entries with the number of the newest one that there is: ErrNoTrip.
func (s *Store) feed(ctx context.Context, owner, tripID string, after int64, limit int) (changes []trip.Change, newest int64, err error) {
	// One statement, so that the trip's count and the entries are of the same moment.
	rows, err := s.pool.Query(ctx, `
		SELECT t.changes, coalesce(c.number, 0), c.body
		FROM trip t LEFT JOIN LATERAL (
			SELECT number, body FROM change WHERE trip_id = t.id AND number > $3 ORDER BY number LIMIT $4
		) c ON true
		WHERE t.id = $1 AND t.owner = $2 ORDER BY c.number`, tripID, owner, after, limit)
	if err != nil {
		return nil, 0, failed(postgres.Clean(err), "read feed")
	}
	defer rows.Close()
	found := false
	for rows.Next() {
		var (
			number int64
			body   []byte
		)
		if err := rows.Scan(&newest, &number, &body); err != nil {
			return nil, 0, failed(err, "read feed")
		}
		found = true
		if number == 0 {
			continue
		}
		var c trip.Change
		if err := s.get(body, changePlace(tripID, number), &c); err != nil {
			return nil, 0, failed(err, "read feed")
		}
		changes = append(changes, c)
	}
	switch err := postgres.Clean(rows.Err()); {
	case err != nil:
		return nil, 0, failed(err, "read feed")
	case !found:
		return nil, 0, trip.ErrNoTrip
	}
	return changes, newest, nil
}

// Filled tells that a place's details were filled in. An event that comes again finds no row to update.
func (s *Store) Filled(ctx context.Context, eventID, tripID, placeID string) error {
	err := postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		var number int64
		err := tx.QueryRow(ctx, `
			UPDATE trip SET changes = changes + 1 WHERE id = $1 AND NOT EXISTS (SELECT FROM change WHERE event = $2)
			RETURNING changes`, tripID, eventID).Scan(&number)
		if err != nil {
			return err
		}
		var b pgx.Batch
		if err := s.tell(&b, trip.Change{TripID: tripID, Number: number, Places: []string{placeID}}); err != nil {
			return err
		}
		b.Queue(`UPDATE change SET event = $3 WHERE trip_id = $1 AND number = $2`, tripID, number, eventID)
		return send(ctx, tx, &b)
	})
	if errors.Is(err, postgres.ErrNoRow) {
		return nil
	}
	if err == nil {
		s.wakeAll(tripID)
	}
	return failed(err, "tell of a place's details")
}

// Subscribe tells when a trip may have new entries.
func (s *Store) Subscribe(tripID string) (<-chan struct{}, func()) { return s.waker.Subscribe(tripID) }
