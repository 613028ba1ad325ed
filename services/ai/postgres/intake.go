package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/events"
)

// Accept stores a request with its event in one statement: one round trip, one commit.
func (s *Store) Accept(ctx context.Context, r ai.Request, units int, class ai.Class) (ai.Generation, bool, error) {
	sealed, err := s.Seal.Seal(r.Body, requestPlace(r.ID))
	if err != nil {
		return ai.Generation{}, false, fmt.Errorf("seal request: %w", err)
	}
	g := ai.Generation{
		ID: r.ID, TripID: r.TripID, Owner: r.Owner, ClientID: r.ClientID, Day: r.Day, State: ai.Queued, Class: class,
		CostUnits: units, Stage: ai.StageQueued, RequestTime: r.RequestTime, CreateTime: s.Clock.Now(),
	}
	event, err := events.Requested(s.IDs, g, time.Time{})
	if err != nil {
		return ai.Generation{}, false, err
	}
	entry := events.Entry{Event: event, Trace: traceOf(ctx)}
	err = s.Pool.QueryRow(ctx, `WITH g AS (
			INSERT INTO generation (id, trip_id, owner, client_id, day, state, class, cost_units, fingerprint, request_time,
				create_time, days, members, destinations, ordinal)
			VALUES ($1, $2, $3, $4, $5, 'queued', $6, $7, $8, $9, $10, $16, $17, $18,
				(SELECT count(*) FROM generation WHERE owner = $3 AND trip_id = $2))
			ON CONFLICT (id) DO NOTHING RETURNING id),
		r AS (INSERT INTO generation_request (generation_id, body) SELECT id, $11 FROM g),
		o AS (INSERT INTO outbox (event_id, topic, key, value, traceparent) SELECT $12, $13, id, $14, $15 FROM g RETURNING id)
		SELECT id FROM o`,
		g.ID, g.TripID, g.Owner, g.ClientID, g.Day, g.Class, g.CostUnits, r.Fingerprint, g.RequestTime, g.CreateTime, sealed,
		event.ID, string(event.Topic), event.Value, entry.Trace, r.Size.Days, r.Size.Members, r.Size.Destinations).Scan(&entry.ID)
	switch err := postgres.Clean(err); {
	case err == nil:
		s.Kick(entry)
		return g, true, nil
	case errors.Is(err, postgres.ErrNoRow):
		g, err := s.known(ctx, r)
		return g, false, err
	default:
		return ai.Generation{}, false, describe("store generation", err)
	}
}

// known gives the generation that has the request's id already.
func (s *Store) known(ctx context.Context, r ai.Request) (ai.Generation, error) {
	var fingerprint []byte
	g, err := scan(s.Pool.QueryRow(ctx, "SELECT "+columns+", g.fingerprint FROM generation g WHERE g.id = $1", r.ID), &fingerprint)
	if err != nil {
		return g, describe("read generation", err)
	}
	if !bytes.Equal(fingerprint, r.Fingerprint) {
		return ai.Generation{}, ai.ErrMismatch
	}
	return g, nil
}
