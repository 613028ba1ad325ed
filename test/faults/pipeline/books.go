package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/test/fleet"
)

// books reads what the services keep.
type books struct{ ai, trip *pgxpool.Pool }

func openBooks(ctx context.Context, f *fleet.Fleet) (*books, error) {
	var pools [2]*pgxpool.Pool
	for i, role := range []app.Role{app.AI, app.Trip} {
		url, err := f.DatabaseURL(role)
		if err != nil {
			return nil, err
		}
		if pools[i], err = pgxpool.New(ctx, url); err != nil {
			return nil, err
		}
	}
	return &books{ai: pools[0], trip: pools[1]}, nil
}

func (b *books) close() {
	b.ai.Close()
	b.trip.Close()
}

const (
	lookEvery = 20 * time.Millisecond
	// settleLimit bounds the wait for all to end.
	settleLimit = 90 * time.Second
)

// until looks until done is true, whatever fails meanwhile, and gives how long it took; false if limit came first.
func until(ctx context.Context, limit time.Duration, done func(context.Context) (bool, error)) (time.Duration, bool) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	began := time.Now()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if ok, err := done(ctx); err == nil && ok {
			return time.Since(began), true
		}
		select {
		case <-ctx.Done():
			return time.Since(began), false
		case <-tick.C:
		}
	}
}

// unfinished are the generations that were accepted and have not ended, for the trip service or for the AI service.
func (b *books) unfinished(ctx context.Context) ([]string, error) {
	open, err := column(ctx, b.trip, "SELECT id FROM generation WHERE ended IS NULL")
	if err != nil {
		return nil, err
	}
	working, err := column(ctx, b.ai, "SELECT id FROM generation WHERE state NOT IN ('ready', 'failed', 'cancelled')")
	return append(open, working...), err
}

// held are the generations that a worker has under way.
func (b *books) held(ctx context.Context, worker string) ([]string, error) {
	return column(ctx, b.ai, "SELECT id FROM generation WHERE state = 'running' AND worker = $1", worker)
}

func column(ctx context.Context, pool *pgxpool.Pool, query string, args ...any) ([]string, error) {
	rows, err := pool.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// account is what became of all generations.
type account struct {
	ready, cancelled, failed  int
	lost, doubled, miscounted int
	wrong                     []string
}

func (a *account) note(count *int, format string, args ...any) {
	*count++
	if len(a.wrong) < 20 {
		a.wrong = append(a.wrong, fmt.Sprintf(format, args...))
	}
}

// settle waits for the last generations to end and looks at all of them.
func (b *books) settle(ctx context.Context, asked []string) (account, error) {
	until(ctx, settleLimit, func(ctx context.Context) (bool, error) {
		open, err := b.unfinished(ctx)
		return len(open) == 0, err
	})
	var a account
	type end struct {
		ID, State string
		Versions  int
	}
	rows, err := b.trip.Query(ctx, `SELECT g.id, g.state, (SELECT count(*) FROM itinerary i WHERE i.generation = g.id) FROM generation g`)
	if err != nil {
		return a, err
	}
	ends, err := pgx.CollectRows(rows, pgx.RowToStructByPos[end])
	if err != nil {
		return a, err
	}
	made := map[string]string{}
	rows, err = b.ai.Query(ctx, "SELECT id, state FROM generation")
	if err != nil {
		return a, err
	}
	var id, state string
	if _, err := pgx.ForEachRow(rows, []any{&id, &state}, func() error { made[id] = state; return nil }); err != nil {
		return a, err
	}
	for _, e := range ends {
		asked = slices.DeleteFunc(asked, func(id string) bool { return id == e.ID })
		switch {
		case e.State != made[e.ID]:
			a.note(&a.lost, "%s is %s for the trip and %q for its maker", e.ID, e.State, made[e.ID])
		case e.State == "ready" && e.Versions == 0:
			a.note(&a.lost, "%s is ready and has no version", e.ID)
		case e.Versions > 1 || e.State != "ready" && e.Versions > 0:
			a.note(&a.doubled, "%s is %s and has %d versions", e.ID, e.State, e.Versions)
		case e.State == "ready":
			a.ready++
		case e.State == "cancelled":
			a.cancelled++
		case e.State == "failed":
			a.failed++
		default:
			a.note(&a.lost, "%s is left as %s", e.ID, e.State)
		}
	}
	for _, id := range asked {
		a.note(&a.lost, "%s was accepted and is not there", id)
	}
	rows, err = b.trip.Query(ctx, `SELECT t.id, t.regenerations_used, count(g.id) FILTER (WHERE g.counted_on IS NOT NULL AND g.state = 'ready'), t.running
		FROM trip t LEFT JOIN generation g ON g.trip_id = t.id GROUP BY t.id`)
	if err != nil {
		return a, err
	}
	var used, counted int
	var running string
	_, err = pgx.ForEachRow(rows, []any{&id, &used, &counted, &running}, func() error {
		if used != counted || running != "" {
			a.note(&a.miscounted, "%s counts %d regenerations and had %d; running is %q", id, used, counted, running)
		}
		return nil
	})
	return a, err
}
