// Package saga runs the sagas of generations as durable workflows (DBOS Transact) in the trip database. A workflow's id
// is its generation's. After each step the workflow's state is stored; whatever ends the process, another one goes on
// with the next step:
//
//	hand over ──▶ wait ──▶ store ──▶ finish ──▶ confirm
//	    └─refused    └─failed, cancelled, too late──▶ give back
package saga

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/trace"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/durable"
	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/services/trip"
)

// Steps are what a saga does; see package trip.
type Steps interface {
	HandOver(ctx context.Context, id string) (trip.Receipt, error)
	Collect(ctx context.Context, id string) (int64, error)
	Confirm(ctx context.Context, id string, version int64) error
	Finish(ctx context.Context, id string) error
	GiveBack(ctx context.Context, id string, state trip.GenerationState, reason string) error
}

// Generations knows what has to have a saga.
type Generations interface {
	// Unfinished gives ids of generations that were accepted before an instant and have not ended, in order, those after
	// an id (empty for all).
	Unfinished(ctx context.Context, before time.Time, after string, limit int) ([]string, error)
}

// Times are the patience of sagas.
type Times struct {
	durable.Times
	// Look is how long a saga waits to be told that its generation has finished before it looks itself.
	Look time.Duration
	// GiveUp bounds the wait in all.
	GiveUp time.Duration
	// Orphan is the age at which a generation without a running saga is taken care of.
	Orphan time.Duration
}

// DefaultTimes suit production.
func DefaultTimes() Times {
	return Times{Times: durable.DefaultTimes(), Look: 15 * time.Second, GiveUp: 30 * time.Minute, Orphan: 3 * time.Second}
}

// App is what the trip service's workflows are known as.
const App = "tripgen-trip"

// Deps is what a runner works with.
type Deps struct {
	// Pool is on the trip database, for the workflows alone, and Leases the service's other one.
	Pool, Leases *pgxpool.Pool
	// Executor names this process; each start of a process has a name of its own.
	Executor    string
	Generations Generations
	Times       Times
	Clock       clock.Clock
	Log         *slog.Logger
}

// Runner runs sagas.
type Runner struct {
	Deps
	steps    Steps
	executor *durable.Executor
	kind     durable.Kind

	mu      sync.Mutex
	waiting map[string]*waiter
}

// waiter is a caller who waits in this process for the outcome of a hand-over.
type waiter struct {
	outcome chan outcome
	span    trace.SpanContext
}

type outcome struct {
	receipt trip.Receipt
	err     error
}

const workflowName = "generation"

// New makes a runner; Launch starts it.
func New(d Deps) *Runner { return &Runner{Deps: d, waiting: map[string]*waiter{}} }

// Launch starts to run sagas, with what they do, and makes their tables where they are missing.
func (r *Runner) Launch(ctx context.Context, steps Steps) (err error) {
	r.steps = steps
	r.executor, err = durable.Open(ctx, durable.Config{
		App: App, Pool: r.Pool, Leases: r.Leases, Name: r.Executor, Times: r.Times.Times, Clock: r.Clock, Log: r.Log,
	})
	if err != nil {
		return err
	}
	r.kind = durable.Register(r.executor, workflowName, r.generate)
	return r.executor.Launch(ctx)
}

// Run takes care of sagas until ctx ends, also of generations whose saga is not running: its process died, or died
// before it could start it.
func (r *Runner) Run(ctx context.Context) error {
	return r.executor.Run(ctx, durable.Ward{
		Unfinished: r.Generations.Unfinished, Age: r.Times.Orphan, Start: r.kind.Start, Bury: r.bury,
	})
}

// bury ends a generation whose saga broke off for good, so that its trip is free again.
func (r *Runner) bury(ctx context.Context, id string) error {
	if err := r.steps.GiveBack(ctx, id, trip.GenerationFailed, errs.ReasonInternal); err != nil {
		return err
	}
	return r.steps.Finish(ctx, id) // where the itinerary was stored already, it counts
}

// Stop lets the steps under way end; other processes go on with what is left.
func (r *Runner) Stop(ctx context.Context) error { return r.executor.Stop(ctx) }

// Meter counts the sagas of a launched runner.
func (r *Runner) Meter() *durable.Meter { return durable.NewMeter(r.executor) }

// Start begins the saga of a generation; repeating it changes nothing.
func (r *Runner) Start(ctx context.Context, id string) error {
	r.mu.Lock()
	r.waiting[id] = &waiter{outcome: make(chan outcome, 1), span: trace.SpanContextFromContext(ctx)}
	r.mu.Unlock()
	if err := r.kind.Start(id); err != nil {
		r.forget(id)
		return err
	}
	return nil
}

// HandedOver waits for the outcome of a hand-over that Start began in this process.
func (r *Runner) HandedOver(ctx context.Context, id string, wait time.Duration) (trip.Receipt, error) {
	w := r.waiter(id)
	if w == nil {
		return nil, nil
	}
	defer r.forget(id)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case o := <-w.outcome:
		return o.receipt, o.err
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil, nil
}

func (r *Runner) waiter(id string) *waiter {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiting[id]
}

func (r *Runner) forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, id)
}

// finished is what a saga is told about its generation.
type finished struct {
	State  trip.GenerationState `json:"state"`
	Reason string               `json:"reason,omitempty"`
}

const finishedTopic = "finished"

// Finished tells a saga that its generation made its itinerary (state ready) or ended otherwise, and why. Telling the
// same event twice changes nothing; a generation without a saga is none of ours.
func (r *Runner) Finished(ctx context.Context, eventID, id string, state trip.GenerationState, reason string) error {
	err := durable.Send(ctx, r.executor, id, finishedTopic, eventID, finished{state, reason})
	if errors.Is(err, dbos.ErrNonExistentWorkflow) {
		r.Log.WarnContext(ctx, "a generation finished that has no saga", "generation", id)
		return nil
	}
	return err
}
