// Package postgres stores generations. Every change of state is one conditional statement, which also writes the event
// that tells of it: a generation ends exactly once, and what is stored is told.
package postgres

import (
	"context"
	"embed"
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
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/events"
)

//go:embed migrations/*.sql
var embedded embed.FS

// Migrations are the schema of the AI service's database.
func Migrations() fs.FS {
	sub, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return sub
}

// Deps is what a store is made from.
type Deps struct {
	Pool  *pgxpool.Pool
	Seal  *seal.Sealer
	Clock clock.Clock
	IDs   id.Source
	// Kick is told of each event as soon as it is stored, so that it need not wait for the sweep. It must not block.
	Kick func(events.Entry)
}

// Store implements the stores of package ai. It may be used by several goroutines.
type Store struct {
	Deps
}

// New makes a store.
func New(d Deps) *Store {
	if d.Kick == nil {
		d.Kick = func(events.Entry) {}
	}
	return &Store{Deps: d}
}

const columns = `g.id, g.trip_id, g.owner, g.client_id, g.day, g.state, g.class, g.cost_units, g.percent, g.stage,
	g.last_sequence, g.days_ready, g.days_refined, g.days_improved, g.has_clashes, g.failure_reason, g.input_tokens,
	g.cached_input_tokens, g.cache_write_tokens, g.output_tokens, g.micro_usd, g.model_calls, g.itinerary_version,
	g.request_time, g.create_time, coalesce(g.start_time, 'epoch'), coalesce(g.end_time, 'epoch'), g.attempts, g.worker,
	coalesce(g.lease_until, 'epoch'), g.troubles, g.ordinal`

// scan reads the columns; more are read after them.
func scan(row pgx.Row, more ...any) (ai.Generation, error) {
	var g ai.Generation
	err := row.Scan(append([]any{
		&g.ID, &g.TripID, &g.Owner, &g.ClientID, &g.Day, &g.State, &g.Class, &g.CostUnits, &g.Percent, &g.Stage,
		&g.LastSequence, &g.DaysReady, &g.DaysRefined, &g.DaysImproved, &g.HasClashes, &g.FailureReason,
		&g.Cost.InputTokens, &g.Cost.CachedInputTokens, &g.Cost.CacheWriteTokens, &g.Cost.OutputTokens, &g.Cost.MicroUSD,
		&g.Cost.Calls, &g.ItineraryVersion, &g.RequestTime, &g.CreateTime, &g.StartTime, &g.EndTime, &g.Attempts,
		&g.Worker, &g.LeaseUntil, &g.Troubles, &g.Ordinal,
	}, more...)...)
	for _, t := range []*time.Time{&g.StartTime, &g.EndTime, &g.LeaseUntil} {
		if t.Unix() == 0 {
			*t = time.Time{}
		}
	}
	return g, postgres.Clean(err)
}

// Get finds a generation.
func (s *Store) Get(ctx context.Context, generationID string) (ai.Generation, error) {
	g, err := scan(s.Pool.QueryRow(ctx, "SELECT "+columns+" FROM generation g WHERE g.id = $1", generationID))
	if errors.Is(err, postgres.ErrNoRow) {
		return g, ai.ErrNoGeneration
	}
	return g, describe("read generation", err)
}

// List gives a page, newest first: ids sort by the time they were made.
func (s *Store) List(ctx context.Context, q ai.Query) ([]ai.Generation, error) {
	rows, err := s.Pool.Query(ctx, `SELECT `+columns+` FROM generation g
		WHERE g.owner = $1 AND ($2 = '' OR g.trip_id = $2) AND ($3 = '' OR g.id < $3)
		ORDER BY g.id DESC LIMIT $4`, q.Owner, q.TripID, q.Before, q.Limit)
	if err != nil {
		return nil, describe("list generations", postgres.Clean(err))
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (ai.Generation, error) { return scan(row) })
	return found, describe("list generations", postgres.Clean(err))
}

// Idle gives those of the generations that wait in the queue or have ended.
func (s *Store) Idle(ctx context.Context, ids []string) ([]ai.Generation, error) {
	rows, err := s.Pool.Query(ctx, "SELECT "+columns+" FROM generation g WHERE g.id = ANY($1) AND g.state NOT IN ('running', 'made')", ids)
	if err != nil {
		return nil, describe("read generations", postgres.Clean(err))
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (ai.Generation, error) { return scan(row) })
	return found, describe("read generations", postgres.Clean(err))
}

// Queued gives the order keys of all queued generations, in order.
func (s *Store) Queued(ctx context.Context) ([]time.Time, error) {
	rows, err := s.Pool.Query(ctx, `SELECT request_time - CASE class WHEN 'express' THEN $1::interval WHEN 'standard' THEN $2
			ELSE $3 END FROM generation WHERE state = 'queued' ORDER BY 1`,
		ai.Express.Credit(), ai.Standard.Credit(), ai.Bulk.Credit())
	if err != nil {
		return nil, describe("read queue", postgres.Clean(err))
	}
	keys, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	return keys, describe("read queue", postgres.Clean(err))
}

// Pace counts the generations that workers took lately.
func (s *Store) Pace(ctx context.Context, span time.Duration) (int, error) {
	var n int
	err := s.Pool.QueryRow(ctx, "SELECT count(*) FROM generation WHERE start_time > $1", s.Clock.Now().Add(-span)).Scan(&n)
	return n, describe("count pace", postgres.Clean(err))
}

// Spent gives what was spent on the model, by client.
func (s *Store) Spent(ctx context.Context, since time.Time) (map[string]int64, error) {
	rows, err := s.Pool.Query(ctx, `SELECT client_id, sum(micro_usd)::bigint FROM (
			SELECT client_id, micro_usd FROM generation WHERE create_time >= $1 AND micro_usd > 0
			UNION ALL SELECT client_id, micro_usd FROM advice_spend WHERE day >= ($1 AT TIME ZONE 'UTC')::date) AS spent
		GROUP BY client_id`, since)
	if err != nil {
		return nil, describe("count spend", postgres.Clean(err))
	}
	spent := map[string]int64{}
	var client string
	var micros int64
	_, err = pgx.ForEachRow(rows, []any{&client, &micros}, func() error {
		spent[client] = micros
		return nil
	})
	return spent, describe("count spend", postgres.Clean(err))
}

// AddAdvice adds what a recommendation cost to the day's spend of a client.
func (s *Store) AddAdvice(ctx context.Context, clientID string, cost ai.Cost) error {
	_, err := s.Pool.Exec(ctx, `INSERT INTO advice_spend (day, client_id, micro_usd) VALUES (($1 AT TIME ZONE 'UTC')::date, $2, $3)
		ON CONFLICT (day, client_id) DO UPDATE SET micro_usd = advice_spend.micro_usd + excluded.micro_usd`,
		s.Clock.Now(), clientID, cost.MicroUSD)
	return describe("add a recommendation's cost", postgres.Clean(err))
}

// measuredLatest is how many of the latest generations the cost model learns from.
const measuredLatest = 2000

// Measured gives what the planning of the latest generations took, by size.
func (s *Store) Measured(ctx context.Context) ([]ai.Measured, error) {
	rows, err := s.Pool.Query(ctx, `SELECT days, members, destinations, count(*),
			percentile_cont(0.5) WITHIN GROUP (ORDER BY work_seconds)
		FROM (SELECT days, members, destinations, work_seconds FROM generation WHERE work_seconds > 0 AND days > 0
			ORDER BY made_time DESC LIMIT $1) AS latest
		GROUP BY days, members, destinations`, measuredLatest)
	if err != nil {
		return nil, describe("read measured work", postgres.Clean(err))
	}
	measured, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m ai.Measured, err error) {
		return m, row.Scan(&m.Size.Days, &m.Size.Members, &m.Size.Destinations, &m.Count, &m.Seconds)
	})
	return measured, describe("read measured work", postgres.Clean(err))
}

// Waiting counts the queued generations.
func (s *Store) Waiting(ctx context.Context) (int, error) {
	var n int
	err := s.Pool.QueryRow(ctx, "SELECT count(*) FROM generation WHERE state = 'queued'").Scan(&n)
	return n, describe("count queue", postgres.Clean(err))
}

// Result gives what was made.
func (s *Store) Result(ctx context.Context, generationID string) (itinerary []byte, improvements [][]byte, err error) {
	var sealed []byte
	var days []int32
	var better [][]byte
	err = postgres.Clean(s.Pool.QueryRow(ctx, `SELECT r.itinerary,
			(SELECT coalesce(array_agg(i.day ORDER BY i.day), '{}') FROM improvement i WHERE i.generation_id = r.generation_id),
			(SELECT coalesce(array_agg(i.body ORDER BY i.day), '{}') FROM improvement i WHERE i.generation_id = r.generation_id)
		FROM generation_result r WHERE r.generation_id = $1`, generationID).Scan(&sealed, &days, &better))
	if errors.Is(err, postgres.ErrNoRow) {
		return nil, nil, ai.ErrNoResult
	}
	if err != nil {
		return nil, nil, describe("read result", err)
	}
	if itinerary, err = s.Seal.Open(sealed, resultPlace(generationID)); err != nil {
		return nil, nil, fmt.Errorf("open result of %s: %w", generationID, err)
	}
	for i, day := range days {
		plain, err := s.Seal.Open(better[i], dayPlace(generationID, int(day)))
		if err != nil {
			return nil, nil, fmt.Errorf("open improvement of %s: %w", generationID, err)
		}
		improvements = append(improvements, plain)
	}
	return itinerary, improvements, nil
}

// The places that sealed values are bound to.
func requestPlace(generationID string) string { return generationID + "/request" }
func resultPlace(generationID string) string  { return generationID + "/result" }
func dayPlace(generationID string, day int) string {
	return fmt.Sprintf("%s/day/%d", generationID, day)
}

func describe(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, personal.Refused(err))
}
