package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/events"
)

func requestPlace(id string) string { return "generation/" + id + "/request" }

const generationColumns = `g.id, g.trip_id, g.owner, g.client_id, g.day, g.state, g.counted_on, g.request, g.receipt,
	g.version, g.reason, g.created, g.ended`

func (s *Store) scanGeneration(row pgx.Row) (trip.Generation, error) {
	var (
		g              trip.Generation
		counted, ended *time.Time
		request        []byte
	)
	err := row.Scan(&g.ID, &g.TripID, &g.Owner, &g.ClientID, &g.Day, &g.State, &counted, &request, &g.Receipt, &g.Version,
		&g.Reason, &g.Created, &ended)
	if err != nil {
		return trip.Generation{}, postgres.Clean(err)
	}
	g.CountedOn, g.Created, g.Ended = ofDate(counted), g.Created.UTC(), ofInstant(ended)
	if request != nil {
		err = s.get(request, requestPlace(g.ID), &g.Request)
	}
	return g, err
}

// Begin stores a new generation.
func (s *Store) Begin(
	ctx context.Context, owner, tripID string, once trip.Once, fn func(*trip.Trip) (trip.Generation, error),
) (trip.Generation, error) {
	var g trip.Generation
	err := s.onceMore(func() error {
		return postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
			t, err := s.lockTrip(ctx, tx, owner, tripID)
			if err != nil {
				return err
			}
			if err := s.before(ctx, tx, owner, once); err != nil {
				return err
			}
			if g, err = fn(&t); err != nil {
				return err
			}
			var b pgx.Batch
			if err := s.begin(&b, &t, g, once); err != nil {
				return err
			}
			s.after(&b, owner, once, g.ID)
			return send(ctx, tx, &b)
		})
	})
	if err != nil {
		return trip.Generation{}, failed(err, "begin generation")
	}
	s.wakeAll(tripID)
	return g, nil
}

func (s *Store) begin(b *pgx.Batch, t *trip.Trip, g trip.Generation, once trip.Once) error {
	request, err := s.put(g.Request, requestPlace(g.ID))
	if err != nil {
		return err
	}
	if err := s.tellGeneration(b, t, g); err != nil {
		return err
	}
	if err := s.writeTrip(b, t, updateTrip); err != nil {
		return err
	}
	b.Queue(`
		INSERT INTO generation (id, trip_id, owner, client_id, day, state, counted_on, request, key_hash, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		g.ID, g.TripID, g.Owner, g.ClientID, g.Day, g.State, date(g.CountedOn), request, keyHash(once), g.Created)
	return nil
}

func (s *Store) tellGeneration(b *pgx.Batch, t *trip.Trip, g trip.Generation) error {
	t.Changes++
	return s.tell(b, trip.Change{TripID: t.ID, Number: t.Changes, Generation: &trip.GenerationChange{
		ID: g.ID, Day: g.Day, State: g.State, Version: g.Version, Reason: g.Reason, Created: g.Created, Ended: g.Ended,
	}})
}

// Generation reads a generation.
func (s *Store) Generation(ctx context.Context, id string) (trip.Generation, error) {
	g, err := s.scanGeneration(s.pool.QueryRow(ctx, `SELECT `+generationColumns+` FROM generation g WHERE g.id = $1`, id))
	if errors.Is(err, postgres.ErrNoRow) {
		return g, trip.ErrNoGeneration
	}
	return g, failed(err, "read generation")
}

// Advance makes a step of a generation's saga.
func (s *Store) Advance(ctx context.Context, id string, fn func(*trip.Advance) error) (trip.Generation, error) {
	g, err := s.Generation(ctx, id)
	if err != nil {
		return trip.Generation{}, err
	}
	err = postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// The trip first, as everywhere else, so that nobody waits for each other.
		t, err := s.lockTrip(ctx, tx, g.Owner, g.TripID)
		if err != nil {
			return err
		}
		g, err = s.scanGeneration(tx.QueryRow(ctx,
			`SELECT `+generationColumns+` FROM generation g WHERE g.id = $1 FOR UPDATE`, id))
		if err != nil {
			return err
		}
		a := trip.Advance{Generation: &g, Trip: &t}
		before := g.State
		if err := fn(&a); err != nil {
			return err
		}
		var b pgx.Batch
		if err := s.advance(ctx, &b, a, before); err != nil {
			return err
		}
		return send(ctx, tx, &b)
	})
	switch {
	case errors.Is(err, trip.ErrUnchanged):
		return g, nil
	case errors.Is(err, postgres.ErrNoRow):
		return g, trip.ErrNoGeneration
	case err != nil:
		return g, failed(err, "advance generation")
	}
	s.wakeAll(g.TripID)
	s.outbox()
	return g, nil
}

// advance queues what a step changed.
func (s *Store) advance(ctx context.Context, b *pgx.Batch, a trip.Advance, before trip.GenerationState) error {
	g, t := a.Generation, a.Trip
	if a.NewVersion != nil {
		if err := s.addVersion(ctx, b, t, a.NewVersion); err != nil {
			return err
		}
	}
	if g.State != before && g.State.Told() {
		if err := s.tellGeneration(b, t, *g); err != nil {
			return err
		}
	}
	if err := s.writeTrip(b, t, updateTrip); err != nil {
		return err
	}
	b.Queue(`
		UPDATE generation SET state = $2, receipt = $3, version = $4, reason = $5, ended = $6,
			request = CASE WHEN $6::timestamptz IS NULL THEN request END
		WHERE id = $1`, g.ID, g.State, g.Receipt, g.Version, g.Reason, instant(g.Ended))
	if a.ForgetKey {
		b.Queue(`
			DELETE FROM idempotency i USING generation g
			WHERE g.id = $1 AND i.owner = g.owner AND i.key_hash = g.key_hash`, g.ID)
	}
	return s.wantDetails(ctx, b, t.ID, a.Enrich)
}

// wantDetails queues that the details of places are asked for.
func (s *Store) wantDetails(ctx context.Context, b *pgx.Batch, tripID string, places []string) error {
	for _, place := range places {
		event, err := events.PlaceWanted(s.ids, place, tripID)
		if err != nil {
			return err
		}
		s.publish(ctx, b, event)
	}
	return nil
}

// Unfinished gives generations that have not ended.
func (s *Store) Unfinished(ctx context.Context, before time.Time, after string, limit int) ([]string, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT id FROM generation WHERE ended IS NULL AND created < $1 AND id > $2 ORDER BY id LIMIT $3`, before, after, limit)
	if err != nil {
		return nil, failed(postgres.Clean(err), "find unfinished generations")
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return ids, failed(postgres.Clean(err), "find unfinished generations")
}
