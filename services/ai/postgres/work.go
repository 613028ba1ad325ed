package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/events"
)

// earlyMost is how much too early a generation may be claimed: its event is sent by another clock than the database's.
const earlyMost = 250 * time.Millisecond

// Claim gives a queued generation that is due, or one whose lease ran out, to a worker. Leases and what is due are
// measured by the database's clock.
func (s *Store) Claim(ctx context.Context, generationID, worker string, lease time.Duration) (ai.Generation, []byte, error) {
	var sealed []byte
	g, err := scan(s.Pool.QueryRow(ctx, `UPDATE generation g SET state = 'running', worker = $2,
			lease_until = now() + $3::interval, attempts = g.attempts + 1, start_time = coalesce(g.start_time, $4),
			stage = greatest(g.stage, $5)
		FROM generation_request r
		WHERE g.id = $1 AND r.generation_id = g.id
			AND (g.state = 'queued' AND g.queued_until <= now() + $6::interval OR g.state = 'running' AND g.lease_until < now())
		RETURNING `+columns+`, r.body`, generationID, worker, lease, s.Clock.Now(), ai.StageProfile, earlyMost), &sealed)
	if errors.Is(err, postgres.ErrNoRow) {
		return g, nil, s.whyNot(ctx, generationID)
	}
	if err != nil {
		return g, nil, describe("claim generation", err)
	}
	body, err := s.Seal.Open(sealed, requestPlace(generationID))
	if err != nil {
		return g, nil, fmt.Errorf("open request of %s: %w", generationID, err)
	}
	return g, body, nil
}

// whyNot says why a generation could not be claimed.
func (s *Store) whyNot(ctx context.Context, generationID string) error {
	g, err := s.Get(ctx, generationID)
	switch {
	case err != nil:
		return err
	case g.State == ai.Queued:
		return ai.ErrEarly
	case g.State == ai.Running:
		return ai.ErrHeld
	default:
		return ai.ErrEnded
	}
}

// Renew prolongs leases.
func (s *Store) Renew(ctx context.Context, worker string, ids []string, lease time.Duration) ([]string, error) {
	return s.idsOf(ctx, `UPDATE generation SET lease_until = now() + $3::interval
		WHERE id = ANY($2) AND worker = $1 AND state = 'running' RETURNING id`, worker, ids, lease)
}

// Held gives the ids that the worker still has.
func (s *Store) Held(ctx context.Context, worker string, ids []string) ([]string, error) {
	return s.idsOf(ctx, `SELECT id FROM generation WHERE id = ANY($2) AND worker = $1 AND state = 'running'`, worker, ids)
}

func (s *Store) idsOf(ctx context.Context, sql string, args ...any) ([]string, error) {
	rows, err := s.Pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, describe("look after leases", postgres.Clean(err))
	}
	held, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return held, describe("look after leases", postgres.Clean(err))
}

// underLease is the condition on every change that a worker makes; its arguments are the first three.
const underLease = `g.id = $1 AND g.worker = $2 AND g.attempts = $3 AND g.state = 'running'`

// Made stores the result.
func (s *Store) Made(ctx context.Context, g ai.Generation, r ai.Result) error {
	sealed, err := s.Seal.Seal(r.Itinerary, resultPlace(g.ID))
	if err != nil {
		return fmt.Errorf("seal result: %w", err)
	}
	event, err := events.Finished(s.IDs, g, ai.Made, "", s.Clock.Now())
	if err != nil {
		return err
	}
	entry := events.Entry{Event: event, Trace: traceOf(ctx)}
	err = s.Pool.QueryRow(ctx, `WITH g AS (
			UPDATE generation g SET state = 'made', stage = $4, percent = greatest(g.percent, $5), last_sequence = $6,
				days_ready = $7, days_refined = $8, has_clashes = $9, input_tokens = g.input_tokens + $10,
				cached_input_tokens = g.cached_input_tokens + $11, cache_write_tokens = g.cache_write_tokens + $12,
				output_tokens = g.output_tokens + $13, micro_usd = g.micro_usd + $14, model_calls = g.model_calls + $15,
				lease_until = NULL, made_time = $16, work_seconds = $22
			WHERE `+underLease+` RETURNING g.id),
		r AS (INSERT INTO generation_result (generation_id, itinerary) SELECT id, $17 FROM g),
		o AS (INSERT INTO outbox (event_id, topic, key, value, traceparent) SELECT $18, $19, id, $20, $21 FROM g RETURNING id)
		SELECT id FROM o`,
		g.ID, g.Worker, g.Attempts, ai.StageStore, percentMade, r.LastSequence, days(r.DaysReady), days(r.DaysRefined),
		r.HasClashes, r.Cost.InputTokens, r.Cost.CachedInputTokens, r.Cost.CacheWriteTokens, r.Cost.OutputTokens,
		r.Cost.MicroUSD, r.Cost.Calls, s.Clock.Now(), sealed, event.ID, string(event.Topic), event.Value, entry.Trace,
		r.Work.Seconds()).Scan(&entry.ID)
	return s.told(entry, "store result", err)
}

// percentMade is how far a generation is whose itinerary is made and not yet stored on the trip.
const percentMade = 95

// Fail ends a generation as failed.
func (s *Store) Fail(ctx context.Context, g ai.Generation, reason string, t ai.Trouble, cost ai.Cost) (ai.Generation, error) {
	event, err := events.Finished(s.IDs, g, ai.Failed, reason, s.Clock.Now())
	if err != nil {
		return g, err
	}
	entry := events.Entry{Event: event, Trace: traceOf(ctx)}
	failed, err := scan(s.Pool.QueryRow(ctx, `WITH g AS (
			UPDATE generation g SET state = 'failed', stage = $4, failure_reason = $5, end_time = $6, lease_until = NULL,
				troubles = g.troubles || $7::jsonb, input_tokens = g.input_tokens + $8,
				cached_input_tokens = g.cached_input_tokens + $9, cache_write_tokens = g.cache_write_tokens + $10,
				output_tokens = g.output_tokens + $11, micro_usd = g.micro_usd + $12, model_calls = g.model_calls + $13
			WHERE `+underLease+` RETURNING g.*),
		o AS (INSERT INTO outbox (event_id, topic, key, value, traceparent) SELECT $14, $15, id, $16, $17 FROM g RETURNING id)
		SELECT `+columns+`, o.id FROM g, o`,
		g.ID, g.Worker, g.Attempts, ai.StageDone, reason, s.Clock.Now(), []ai.Trouble{t}, cost.InputTokens, cost.CachedInputTokens,
		cost.CacheWriteTokens, cost.OutputTokens, cost.MicroUSD, cost.Calls,
		event.ID, string(event.Topic), event.Value, entry.Trace), &entry.ID)
	return failed, s.told(entry, "fail generation", err)
}

// Retry puts a generation back into the queue. Its event waits in the outbox until it is due.
func (s *Store) Retry(ctx context.Context, g ai.Generation, notBefore time.Time, t ai.Trouble, cost ai.Cost) error {
	event, err := events.Requested(s.IDs, g, notBefore)
	if err != nil {
		return err
	}
	entry := events.Entry{Event: event, Trace: traceOf(ctx), Due: notBefore}
	err = s.Pool.QueryRow(ctx, `WITH g AS (
			UPDATE generation g SET state = 'queued', lease_until = NULL, worker = '', queued_until = now() + $4::interval,
				troubles = g.troubles || $5::jsonb, input_tokens = g.input_tokens + $6,
				cached_input_tokens = g.cached_input_tokens + $7, cache_write_tokens = g.cache_write_tokens + $8,
				output_tokens = g.output_tokens + $9, micro_usd = g.micro_usd + $10, model_calls = g.model_calls + $11
			WHERE `+underLease+` RETURNING g.id, g.queued_until),
		o AS (INSERT INTO outbox (event_id, topic, key, value, traceparent, due_time)
			SELECT $12, $13, id, $14, $15, queued_until FROM g RETURNING id)
		SELECT id FROM o`,
		g.ID, g.Worker, g.Attempts, notBefore.Sub(s.Clock.Now()), []ai.Trouble{t}, cost.InputTokens, cost.CachedInputTokens,
		cost.CacheWriteTokens, cost.OutputTokens, cost.MicroUSD, cost.Calls, event.ID, string(event.Topic), event.Value, entry.Trace).Scan(&entry.ID)
	return s.told(entry, "put generation back", err)
}

// Postpone writes the event of a queued generation once more, due when the generation is; nothing where it is queued no
// more.
func (s *Store) Postpone(ctx context.Context, generationID string) error {
	g, err := s.Get(ctx, generationID)
	if err != nil {
		return err
	}
	event, err := events.Requested(s.IDs, g, s.Clock.Now())
	if err != nil {
		return err
	}
	entry := events.Entry{Event: event, Trace: traceOf(ctx)}
	var wait time.Duration
	err = postgres.Clean(s.Pool.QueryRow(ctx, `INSERT INTO outbox (event_id, topic, key, value, traceparent, due_time)
		SELECT $2, $3, id, $4, $5, greatest(queued_until, now()) FROM generation WHERE id = $1 AND state = 'queued'
		RETURNING id, due_time - now()`,
		g.ID, event.ID, string(event.Topic), event.Value, entry.Trace).Scan(&entry.ID, &wait))
	if errors.Is(err, postgres.ErrNoRow) {
		return nil
	}
	if err != nil {
		return describe("postpone generation", err)
	}
	entry.Due = s.Clock.Now().Add(wait)
	s.Kick(entry)
	return nil
}

// told kicks the event of a change that was stored; no row means that the lease is lost.
func (s *Store) told(entry events.Entry, what string, err error) error {
	switch err := postgres.Clean(err); {
	case err == nil:
		s.Kick(entry)
		return nil
	case errors.Is(err, postgres.ErrNoRow):
		return ai.ErrLeaseLost
	default:
		return describe(what, err)
	}
}

// Stranded finds generations that nobody looks after. Those that wait are given in the order of work and noted as
// waiting from now, so that of several workers one gets them.
func (s *Store) Stranded(ctx context.Context, queuedBefore time.Time, limit int) ([]ai.Generation, error) {
	rows, err := s.Pool.Query(ctx, `WITH waiting AS (
			SELECT id FROM generation WHERE state = 'queued' AND queued_until < $1
			ORDER BY request_time - CASE class WHEN 'express' THEN $3::interval WHEN 'standard' THEN $4 ELSE $5 END
			LIMIT $2 FOR UPDATE SKIP LOCKED),
		noted AS (
			UPDATE generation g SET queued_until = now() FROM waiting WHERE g.id = waiting.id RETURNING g.*)
		SELECT `+columns+` FROM noted g
		UNION ALL
		(SELECT `+columns+` FROM generation g WHERE g.state = 'running' AND g.lease_until < now()
			ORDER BY g.lease_until LIMIT $2)`, queuedBefore, limit, ai.Express.Credit(), ai.Standard.Credit(), ai.Bulk.Credit())
	if err != nil {
		return nil, describe("find stranded generations", postgres.Clean(err))
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (ai.Generation, error) { return scan(row) })
	return found, describe("find stranded generations", postgres.Clean(err))
}

// Improve keeps a better version of a day. What is there already stays: the first improvement was offered.
func (s *Store) Improve(ctx context.Context, generationID string, day int, better []byte) error {
	sealed, err := s.Seal.Seal(better, dayPlace(generationID, day))
	if err != nil {
		return fmt.Errorf("seal improvement: %w", err)
	}
	_, err = s.Pool.Exec(ctx, `WITH g AS (
			UPDATE generation SET days_improved = array_append(days_improved, $2)
			WHERE id = $1 AND state IN ('made', 'ready') AND NOT $2 = ANY(days_improved) RETURNING id)
		INSERT INTO improvement (generation_id, day, body) SELECT id, $2, $3 FROM g`, generationID, day, sealed)
	return describe("keep improvement", postgres.Clean(err))
}

// AddCost adds to a generation's cost.
func (s *Store) AddCost(ctx context.Context, generationID string, cost ai.Cost) error {
	_, err := s.Pool.Exec(ctx, `UPDATE generation SET input_tokens = input_tokens + $2,
			cached_input_tokens = cached_input_tokens + $3, cache_write_tokens = cache_write_tokens + $4,
			output_tokens = output_tokens + $5, micro_usd = micro_usd + $6, model_calls = model_calls + $7
		WHERE id = $1`, generationID,
		cost.InputTokens, cost.CachedInputTokens, cost.CacheWriteTokens, cost.OutputTokens, cost.MicroUSD, cost.Calls)
	return describe("add cost", postgres.Clean(err))
}

// days makes a non-null array.
func days(numbers []int) []int32 {
	out := make([]int32, len(numbers))
	for i, n := range numbers {
		out[i] = int32(n)
	}
	return out
}
