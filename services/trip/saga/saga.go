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
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/trace"

	"github.com/tripgen/tripgen/internal/clock"
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

// Executors knows which processes run sagas.
type Executors interface {
	// Beat tells that an executor is alive and gives all that told so within the given time, in order.
	Beat(ctx context.Context, id string, within time.Duration) (alive []string, err error)
	// Leave tells that an executor has ended.
	Leave(ctx context.Context, id string) error
	// Unfinished gives ids of generations that were accepted before an instant and have not ended, in order, those after
	// an id (empty for all).
	Unfinished(ctx context.Context, before time.Time, after string, limit int) ([]string, error)
}

// Times are the patience of sagas.
type Times struct {
	// Look is how long a saga waits to be told that its generation has finished before it looks itself.
	Look time.Duration
	// GiveUp bounds the wait in all.
	GiveUp time.Duration
	// Beat is how often an executor tells that it is alive; one that is silent for five times as long is taken for dead.
	Beat time.Duration
	// Orphan is the age at which a generation without a running saga is taken care of.
	Orphan time.Duration
	// FirstRetry and LastRetry are the pauses between the tries of a step, the first doubled up to the last.
	FirstRetry, LastRetry time.Duration
}

// DefaultTimes suit production.
func DefaultTimes() Times {
	return Times{
		Look: 15 * time.Second, GiveUp: 30 * time.Minute, Beat: time.Second, Orphan: 3 * time.Second,
		FirstRetry: 100 * time.Millisecond, LastRetry: 5 * time.Second,
	}
}

// Deps is what a runner works with.
type Deps struct {
	// Pool is on the trip database, for the workflows alone.
	Pool *pgxpool.Pool
	// Executor names this process; each start of a process has a name of its own.
	Executor  string
	Executors Executors
	Times     Times
	Clock     clock.Clock
	Log       *slog.Logger
}

// Runner runs sagas.
type Runner struct {
	Deps
	steps Steps
	dbos  dbos.Context

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

const (
	appName      = "tripgen-trip"
	workflowName = "generation"
	// applicationVersion is that of the workflow's steps, not of the build: workflows go on after a deployment. It
	// changes only with a workflow that cannot go on where an older one stopped.
	applicationVersion = "1"
	stopTimeout        = 5 * time.Second
)

// New makes a runner; Launch starts it.
func New(d Deps) *Runner { return &Runner{Deps: d, waiting: map[string]*waiter{}} }

// Launch starts to run sagas, with what they do, and makes their tables where they are missing.
func (r *Runner) Launch(ctx context.Context, steps Steps) error {
	r.steps = steps
	durable, err := dbos.NewContext(context.WithoutCancel(ctx), dbos.Config{
		AppName: appName, SystemDBPool: r.Pool, ApplicationVersion: applicationVersion, ExecutorID: r.Executor,
		Logger: r.Log,
	})
	if err != nil {
		return fmt.Errorf("open durable workflows: %w", err)
	}
	dbos.RegisterWorkflow(durable, r.generate, dbos.WithWorkflowName(workflowName), dbos.WithMaxRecoveryAttempts(maxRecoveries))
	if _, err := r.Executors.Beat(ctx, r.Executor, r.Times.Beat); err != nil {
		return err
	}
	if err := dbos.Launch(durable); err != nil {
		return fmt.Errorf("launch durable workflows: %w", err)
	}
	r.dbos = durable
	return nil
}

// Stop lets the steps under way end; other processes go on with what is left.
func (r *Runner) Stop(ctx context.Context) error {
	return errors.Join(dbos.Shutdown(r.dbos, stopTimeout), r.Executors.Leave(ctx, r.Executor))
}

// Start begins the saga of a generation; repeating it changes nothing.
func (r *Runner) Start(ctx context.Context, id string) error {
	r.mu.Lock()
	r.waiting[id] = &waiter{outcome: make(chan outcome, 1), span: trace.SpanContextFromContext(ctx)}
	r.mu.Unlock()
	if err := r.start(id); err != nil {
		r.forget(id)
		return err
	}
	return nil
}

func (r *Runner) start(id string) error {
	_, err := dbos.RunWorkflow(r.dbos, r.generate, id, dbos.WithWorkflowID(id))
	return err
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
	err := dbos.Send(dbos.From(r.dbos, ctx), id, finished{state, reason}, finishedTopic, dbos.WithIdempotencyKey(eventID))
	if errors.Is(err, dbos.ErrNonExistentWorkflow) {
		r.Log.WarnContext(ctx, "a generation finished that has no saga", "generation", id)
		return nil
	}
	return err
}
