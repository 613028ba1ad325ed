package postgres

import (
	"context"
	"errors"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/events"
)

// Cancel ends a queued or running generation.
func (s *Store) Cancel(ctx context.Context, generationID string) (ai.Generation, bool, error) {
	g, err := s.Get(ctx, generationID)
	if err != nil || g.State.Final() || g.State == ai.Made {
		return g, false, err
	}
	event, err := events.Finished(s.IDs, g, ai.Cancelled, "", s.Clock.Now())
	if err != nil {
		return g, false, err
	}
	entry := events.Entry{Event: event, Trace: traceOf(ctx)}
	cancelled, err := scan(s.Pool.QueryRow(ctx, `WITH g AS (
			UPDATE generation g SET state = 'cancelled', stage = $2, end_time = $3, lease_until = NULL
			WHERE g.id = $1 AND g.state IN ('queued', 'running') RETURNING g.*),
		o AS (INSERT INTO outbox (event_id, topic, key, value, traceparent) SELECT $4, $5, id, $6, $7 FROM g RETURNING id)
		SELECT `+columns+`, o.id FROM g, o`,
		generationID, ai.StageDone, s.Clock.Now(), event.ID, string(event.Topic), event.Value, entry.Trace), &entry.ID)
	if errors.Is(err, postgres.ErrNoRow) { // it got on in between
		g, err := s.Get(ctx, generationID)
		return g, false, err
	}
	if err != nil {
		return g, false, describe("cancel generation", err)
	}
	s.Kick(entry)
	return cancelled, true, nil
}

// Confirm ends a made generation as ready.
func (s *Store) Confirm(ctx context.Context, generationID string, version int64) (ai.Generation, error) {
	g, err := scan(s.Pool.QueryRow(ctx, `UPDATE generation g
		SET state = 'ready', stage = $2, percent = 100, itinerary_version = $3, end_time = $4
		WHERE g.id = $1 AND g.state = 'made' RETURNING `+columns, generationID, ai.StageDone, version, s.Clock.Now()))
	if !errors.Is(err, postgres.ErrNoRow) {
		return g, describe("confirm generation", err)
	}
	if g, err = s.Get(ctx, generationID); err != nil {
		return g, err
	}
	switch {
	case g.State == ai.Ready && g.ItineraryVersion == version:
		return g, nil
	case g.State.Final():
		return g, ai.ErrEnded
	default:
		return g, ai.ErrNoResult
	}
}
