package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/services/trip"
)

// recorder keeps the statements that are sent while it is on.
type recorder struct {
	mu   sync.Mutex
	on   bool
	sent []statement
}

type statement struct {
	sql  string
	args []any
}

func (r *recorder) add(sql string, args []any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.on {
		r.sent = append(r.sent, statement{sql, args})
	}
}

// during gives the statements that fn sends.
func (r *recorder) during(fn func() error) ([]statement, error) {
	r.mu.Lock()
	r.on, r.sent = true, nil
	r.mu.Unlock()
	err := fn()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on = false
	return r.sent, err
}

// TraceQueryStart, TraceQueryEnd, TraceBatchStart, TraceBatchQuery and TraceBatchEnd make it a tracer of pgx.
func (r *recorder) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	r.add(d.SQL, d.Args)
	return ctx
}

// TraceQueryEnd does nothing.
func (*recorder) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TraceBatchStart does nothing.
func (*recorder) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

// TraceBatchQuery keeps a statement of a batch.
func (r *recorder) TraceBatchQuery(_ context.Context, _ *pgx.Conn, d pgx.TraceBatchQueryData) {
	r.add(d.SQL, d.Args)
}

// TraceBatchEnd does nothing.
func (*recorder) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// node is what is read of a plan.
type node struct {
	Type     string  `json:"Node Type"`
	Relation string  `json:"Relation Name"`
	Index    string  `json:"Index Name"`
	Rows     float64 `json:"Actual Rows"`
	Loops    float64 `json:"Actual Loops"`
	Removed  float64 `json:"Rows Removed by Filter"`
	Hit      int64   `json:"Shared Hit Blocks"`
	Read     int64   `json:"Shared Read Blocks"`
	Plans    []node  `json:"Plans"`
}

type plan struct {
	Plan      node    `json:"Plan"`
	Execution float64 `json:"Execution Time"`
}

// plans has the store do what is hot, for a traveller with many trips, and reads the plan of every statement that finds
// rows: made for the values at hand, and made once for all values, as PostgreSQL may choose after a few calls.
func (w *world) plans(ctx context.Context, r *document) error {
	r.Add("## Plans\n")
	r.Add("What each does asks of PostgreSQL with 1,000 trips of the traveller and 100,000 in all: every statement that has to find rows, by `EXPLAIN (ANALYZE, BUFFERS)`, its plan made for the values at hand (custom) and made once for all values (generic). Edits carry an idempotency key.\n")
	r.Add("| what | statement | plan | by | rows read | buffers | ms |\n|---|---|---|---|---|---|---|")
	scans, statements, lists := 0, 0, 0
	for _, op := range w.operations(ctx) {
		sent, err := w.statements.during(op.do)
		if err != nil {
			return fmt.Errorf("%s: %w", op.name, err)
		}
		found := 0
		for _, s := range sent {
			if !finds(s.sql) {
				continue
			}
			found++
			for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
				p, err := w.explain(ctx, s, mode)
				if err != nil {
					return fmt.Errorf("%s: explain %s: %w", op.name, s.sql, err)
				}
				scans += sequential(p.Plan)
				r.plan(op.name, s.sql, mode, p)
			}
		}
		statements += found
		if strings.HasPrefix(op.name, "list") {
			lists = max(lists, len(sent))
		}
	}
	r.statements(statements, scans, lists)
	return nil
}

// finds tells whether a statement has to find rows; an insert does not, nor do begin and commit.
func finds(sql string) bool {
	verb, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(sql)), " ")
	return slices.Contains([]string{"select", "update", "delete", "with"}, verb)
}

// sequential counts the scans of whole tables.
func sequential(n node) int {
	count := 0
	if n.Type == "Seq Scan" {
		count++
	}
	for _, below := range n.Plans {
		count += sequential(below)
	}
	return count
}

// explain runs a statement in a transaction that is taken back.
func (w *world) explain(ctx context.Context, s statement, mode string) (p plan, err error) {
	conn, err := w.pool.Acquire(ctx)
	if err != nil {
		return p, err
	}
	defer conn.Release()
	tx, err := conn.Begin(ctx)
	if err != nil {
		return p, err
	}
	// What is prepared outlives the transaction.
	defer func() {
		_, freed := conn.Exec(ctx, "DEALLOCATE asked", pgx.QueryExecModeSimpleProtocol)
		err = errors.Join(err, freed)
	}()
	defer func() { err = errors.Join(err, tx.Rollback(ctx)) }()
	if _, err := tx.Exec(ctx, "SET LOCAL plan_cache_mode = "+mode, pgx.QueryExecModeSimpleProtocol); err != nil {
		return p, err
	}
	if _, err := tx.Exec(ctx, "PREPARE asked AS "+s.sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		return p, err
	}
	places := make([]string, len(s.args))
	for i := range places {
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	execute := "EXECUTE asked"
	if len(places) > 0 {
		execute += "(" + strings.Join(places, ", ") + ")"
	}
	var raw []byte
	args := []any{pgx.QueryExecModeSimpleProtocol}
	for _, arg := range s.args {
		if document, ok := arg.([]byte); ok && json.Valid(document) { // else written as bytea
			arg = string(document)
		}
		args = append(args, arg)
	}
	if err := tx.QueryRow(ctx, "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "+execute, args...).Scan(&raw); err != nil {
		return p, err
	}
	var all []plan
	if err := json.Unmarshal(raw, &all); err != nil {
		return p, err
	}
	return all[0], nil
}

type operation struct {
	name string
	do   func() error
}

// operations are what the calls ask of the store.
func (w *world) operations(ctx context.Context) []operation {
	t, now := w.travellers[1], time.Now()
	tripID, planned := t.trips[len(t.trips)/2], t.plans[len(t.plans)/2]
	list := func(name string, q trip.Query) operation {
		q.Owner, q.Now, q.Limit = t.owner, now, pageSize+1
		return operation{"list " + name, func() error {
			found, err := w.store.List(ctx, q)
			if err == nil && len(found) == 0 {
				err = errors.New("nothing found")
			}
			return err
		}}
	}
	var middle trip.Trip
	all := []operation{{"get", func() (err error) {
		middle, err = w.store.Trip(ctx, t.owner, tripID)
		return err
	}}}
	for _, o := range []struct {
		name  string
		order trip.Order
	}{{"newest", trip.Newest}, {"oldest", trip.Oldest}, {"by start", trip.ByStart}, {"by name", trip.ByName}} {
		all = append(all, list(o.name, trip.Query{Order: o.order}), operation{"list " + o.name + ", next page", func() error {
			cursor := middle.CursorOf(o.order)
			return list("", trip.Query{Order: o.order, After: &cursor}).do()
		}})
	}
	keep := func(*trip.Itinerary) ([]int, error) { return []int{2, 3}, nil }
	return append(all,
		list("planning", trip.Query{Order: trip.Newest, Status: trip.Planning}),
		list("deleted", trip.Query{Order: trip.Newest, Deleted: true}),
		list("ongoing", trip.Query{Order: trip.Newest, Status: trip.Ongoing}),
		list("past", trip.Query{Order: trip.Newest, Status: trip.Past}),
		list("search", trip.Query{Order: trip.Newest, Search: trip.Folded(searched)}),
		operation{"itinerary", func() error { _, err := w.store.Itinerary(ctx, t.owner, planned.trip, 0); return err }},
		operation{"alerts", func() error { _, _, err := w.store.OpenAlerts(ctx, t.owner, planned.trip); return err }},
		operation{"versions", func() error { _, err := w.store.Versions(ctx, t.owner, planned.trip); return err }},
		operation{"edit a trip", func() error {
			_, err := w.store.Update(ctx, t.owner, tripID, trip.Once{Key: "plans", Fingerprint: []byte("1")}, func(*trip.Trip) error { return nil })
			return err
		}},
		operation{"edit an itinerary", func() error {
			_, err := w.store.Edit(ctx, t.owner, planned.trip, planned.version, trip.Once{Key: "plans of an itinerary", Fingerprint: []byte("1")}, keep)
			return err
		}},
		operation{"watch", func() error { _, err := w.store.Changes(ctx, t.owner, planned.trip, 1, 100); return err }},
	)
}
