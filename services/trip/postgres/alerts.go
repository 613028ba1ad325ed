package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/trip"
)

func scanAlert(row pgx.CollectableRow) (a trip.Alert, err error) {
	var body []byte
	if err := row.Scan(&body); err != nil {
		return a, err
	}
	return a, json.Unmarshal(body, &a)
}

// OpenAlerts reads a trip's open alerts, and from when on they are stale.
func (s *Store) OpenAlerts(ctx context.Context, owner, tripID string) ([]trip.Alert, time.Time, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT CASE WHEN t.ends > $3 THEN t.stale_from END, a.body
		FROM trip t LEFT JOIN alert a ON a.trip_id = t.id AND a.resolved IS NULL
		WHERE t.id = $1 AND t.owner = $2 AND t.deleted IS NULL ORDER BY a.id`, tripID, owner, s.now())
	if err != nil {
		return nil, time.Time{}, failed(postgres.Clean(err), "read alerts")
	}
	defer rows.Close()
	var (
		open  []trip.Alert
		stale *time.Time
		found bool
	)
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&stale, &body); err != nil {
			return nil, time.Time{}, failed(err, "read alerts")
		}
		found = true
		if body == nil {
			continue
		}
		var a trip.Alert
		if err := json.Unmarshal(body, &a); err != nil {
			return nil, time.Time{}, failed(err, "read alerts")
		}
		open = append(open, a)
	}
	switch err := postgres.Clean(rows.Err()); {
	case err != nil:
		return nil, time.Time{}, failed(err, "read alerts")
	case !found:
		return nil, time.Time{}, trip.ErrNoTrip
	}
	return open, ofInstant(stale), nil
}

// Alert reads an alert.
func (s *Store) Alert(ctx context.Context, owner, tripID, alertID string) (trip.Alert, error) {
	if err := s.there(ctx, owner, tripID); err != nil {
		return trip.Alert{}, err
	}
	rows, err := s.pool.Query(ctx, `SELECT body FROM alert WHERE trip_id = $1 AND id = $2`, tripID, alertID)
	if err != nil {
		return trip.Alert{}, failed(postgres.Clean(err), "read alert")
	}
	a, err := pgx.CollectExactlyOneRow(rows, scanAlert)
	if errors.Is(err, pgx.ErrNoRows) {
		return trip.Alert{}, trip.ErrNoAlert
	}
	return a, failed(postgres.Clean(err), "read alert")
}

// UpdateAlerts changes a trip's alerts.
func (s *Store) UpdateAlerts(
	ctx context.Context, owner, tripID string, once trip.Once, fn func(*trip.Trip, []trip.Alert) ([]trip.Alert, error),
) error {
	err := s.onTrip(ctx, owner, tripID, once, func(tx pgx.Tx, b *pgx.Batch, t *trip.Trip) error {
		rows, err := tx.Query(ctx, `SELECT body FROM alert WHERE trip_id = $1 AND (resolved IS NULL OR kept) ORDER BY id`, tripID)
		if err != nil {
			return err
		}
		known, err := pgx.CollectRows(rows, scanAlert)
		if err != nil {
			return err
		}
		changed, err := fn(t, known)
		if err != nil {
			return err
		}
		for _, a := range changed {
			raised := !slices.ContainsFunc(known, func(k trip.Alert) bool { return k.ID == a.ID })
			if err := s.putAlert(b, t, a, raised); err != nil {
				return err
			}
		}
		return nil
	})
	return failed(err, "change alerts")
}

// putAlert queues an alert of a locked trip and the feed's entry about it.
func (s *Store) putAlert(b *pgx.Batch, t *trip.Trip, a trip.Alert, raised bool) error {
	body, err := json.Marshal(a)
	if err != nil {
		return err
	}
	b.Queue(`
		INSERT INTO alert (id, trip_id, body, resolved, kept) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET body = $3, resolved = $4, kept = $5`, a.ID, t.ID, body, instant(a.Ended), a.Kept())
	t.Changes++
	return s.tell(b, trip.Change{TripID: t.ID, Number: t.Changes, Alert: &a, Raised: raised})
}

// LookNow makes a trip due for a look.
func (s *Store) LookNow(ctx context.Context, tripID string, now time.Time) error {
	_, err := s.pool.Exec(ctx,
		`UPDATE trip SET look_due = $2 WHERE id = $1 AND deleted IS NULL AND (look_due IS NULL OR look_due > $2)`, tripID, now)
	return failed(postgres.Clean(err), "make a trip due for a look")
}

const takeDue = `
	WITH due AS (SELECT id, look_due FROM trip WHERE look_due <= $1 ORDER BY look_due LIMIT $3 FOR UPDATE SKIP LOCKED)
	UPDATE trip t SET look_due = $2 FROM due WHERE t.id = due.id RETURNING t.owner, t.id, due.look_due`

// TakeDue gives trips that are due for a look.
func (s *Store) TakeDue(ctx context.Context, now, until time.Time, limit int) ([]trip.Due, error) {
	rows, err := s.pool.Query(ctx, takeDue, now, until, limit)
	if err != nil {
		return nil, failed(postgres.Clean(err), "take trips that are due")
	}
	due, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d trip.Due, err error) {
		err = row.Scan(&d.Owner, &d.TripID, &d.At)
		d.At = d.At.UTC()
		return d, err
	})
	return due, failed(postgres.Clean(err), "take trips that are due")
}
