// Package durable runs sagas as durable workflows (DBOS Transact) in a service's own PostgreSQL database. After each
// step a saga's state is stored; whatever ends the process, another one goes on with the next step: every process holds
// a lease, and one of the living takes over what those whose lease has lapsed left. Ops see all sagas, and repeat those
// that broke off, through [Ops].
//
// The database needs the table
//
//	CREATE TABLE executor (id text PRIMARY KEY, seen timestamptz NOT NULL)
package durable

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/internal/clock"
)

// Times are the patience of an executor.
type Times struct {
	// Beat is how often an executor tells that it is alive; one that is silent for five times as long is taken for dead.
	Beat time.Duration
	// FirstRetry and LastRetry are the pauses between the tries of a step, the first doubled up to the last.
	FirstRetry, LastRetry time.Duration
}

// DefaultTimes suit production.
func DefaultTimes() Times {
	return Times{Beat: time.Second, FirstRetry: 100 * time.Millisecond, LastRetry: 5 * time.Second}
}

// Config is what an executor works with.
type Config struct {
	// App names the service, such as tripgen-trip.
	App string
	// Pool is on the service's database, for the workflows alone: those that wait hold no connection, but a burst of them
	// must not take those of the callers. It is closed when the executor stops.
	Pool *pgxpool.Pool
	// Leases is the service's other pool on the same database.
	Leases *pgxpool.Pool
	// Name names this process; each start of a process has a name of its own.
	Name  string
	Times Times
	Clock clock.Clock
	Log   *slog.Logger
}

// Executor runs the sagas of one process.
type Executor struct {
	Config
	leases leases
	dbos   dbos.Context
	kinds  []string
}

const (
	// applicationVersion is that of the workflows' steps, not of the build: workflows go on after a deployment. It changes
	// only with a workflow that cannot go on where an older one stopped.
	applicationVersion = "1"
	stopTimeout        = 5 * time.Second
	// maxRecoveries is how often a saga may lose its process.
	maxRecoveries = 1000
)

// Open opens the workflows of a database and makes their tables where they are missing. [Register] the kinds of sagas,
// then Launch.
func Open(ctx context.Context, c Config) (*Executor, error) {
	durable, err := dbos.NewContext(context.WithoutCancel(ctx), dbos.Config{
		AppName: c.App, SystemDBPool: c.Pool, ApplicationVersion: applicationVersion, ExecutorID: c.Name, Logger: c.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("open durable workflows: %w", err)
	}
	return &Executor{Config: c, leases: leases{c.Leases}, dbos: durable}, nil
}

// Saga is what a kind of saga does. It is given the saga's id and gives its result in a word. It must do all its work in
// steps: what it has done before is not done again, but read.
type Saga = dbos.Workflow[string, string]

// Kind starts sagas of a kind.
type Kind struct {
	executor *Executor
	saga     Saga
}

// Register makes a kind of saga known, before Launch.
func Register(e *Executor, name string, saga Saga) Kind {
	e.kinds = append(e.kinds, name)
	dbos.RegisterWorkflow(e.dbos, saga, dbos.WithWorkflowName(name), dbos.WithMaxRecoveryAttempts(maxRecoveries))
	return Kind{e, saga}
}

// Start begins the saga with this id; repeating it changes nothing.
func (k Kind) Start(id string) error {
	_, err := dbos.RunWorkflow(k.executor.dbos, k.saga, id, dbos.WithWorkflowID(id))
	return err
}

// Launch starts to run sagas.
func (e *Executor) Launch(ctx context.Context) error {
	if _, err := e.leases.beat(ctx, e.Name, e.Times.Beat); err != nil {
		return err
	}
	if err := dbos.Launch(e.dbos); err != nil {
		return fmt.Errorf("launch durable workflows: %w", err)
	}
	return nil
}

// Stop lets the steps under way end; other processes go on with what is left.
func (e *Executor) Stop(ctx context.Context) error {
	return errors.Join(dbos.Shutdown(e.dbos, stopTimeout), e.leases.leave(ctx, e.Name))
}

// Send gives a message to a saga, which waits for it with dbos.Recv. Of messages with one key the first counts.
// dbos.ErrNonExistentWorkflow where there is no such saga.
func Send[M any](ctx context.Context, e *Executor, sagaID, topic, key string, message M) error {
	return dbos.Send(dbos.From(e.dbos, ctx), sagaID, message, topic, dbos.WithIdempotencyKey(key))
}

// Do runs one step of a saga, over and over while it fails otherwise than for good. What it gives is stored, and must
// not be personal.
func Do[T any](
	ctx dbos.Context, e *Executor, name string, retries int, final func(error) bool, fn func(context.Context) (T, error),
) (T, error) {
	return dbos.RunAsStep(ctx, fn, dbos.WithStepName(name), dbos.WithStepMaxRetries(retries),
		dbos.WithStepBaseInterval(e.Times.FirstRetry), dbos.WithStepMaxInterval(e.Times.LastRetry),
		dbos.WithStepRetryPredicate(func(err error) bool { return !final(err) }))
}

// Interrupted tells whether a saga has to stop here because the process does, or because another one took over.
func Interrupted(ctx dbos.Context, err error) bool {
	return err != nil && (ctx.Err() != nil || errors.Is(err, context.Canceled) ||
		errors.Is(err, dbos.ErrConflictingWorkflowID) || errors.Is(err, dbos.ErrWorkflowCancelled))
}

const (
	deadAfter  = 5 // beats
	sweepEvery = 2 // beats
	sweepBatch = 500
	cleanEvery = 600 // beats

	// Keep is how long ops can look at a saga after it has ended.
	Keep = 14 * 24 * time.Hour
)

// Run tells that this process is alive and, in one of the processes at a time, takes over what others left and takes
// care of the wards, until ctx ends.
func (e *Executor) Run(ctx context.Context, wards ...Ward) error {
	ticker := time.NewTicker(e.Times.Beat)
	defer ticker.Stop()
	for beat := 0; ; beat++ {
		alive, err := e.leases.beat(ctx, e.Name, deadAfter*e.Times.Beat)
		if leads := err == nil && len(alive) > 0 && alive[0] == e.Name; leads && beat%sweepEvery == 0 {
			err = e.takeOver(ctx, alive)
			for _, w := range wards {
				if err == nil {
					err = e.takeCare(ctx, w)
				}
			}
			if err == nil && beat%cleanEvery == 0 {
				err = e.clean(ctx)
			}
		}
		if err != nil && ctx.Err() == nil {
			e.Log.WarnContext(ctx, "look after sagas", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// takeOver goes on with the sagas of processes that ended.
func (e *Executor) takeOver(ctx context.Context, alive []string) error {
	for running := 0; ; {
		batch, err := dbos.ListWorkflows(dbos.From(e.dbos, ctx), dbos.WithFilterStatus(dbos.WorkflowStatusPending),
			dbos.WithFilterLimit(sweepBatch), dbos.WithFilterOffset(running),
			dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false))
		if err != nil {
			return err
		}
		var orphans []string
		for _, w := range batch {
			if !slices.Contains(alive, w.ExecutorID) {
				orphans = append(orphans, w.ID)
			}
		}
		if len(orphans) > 0 {
			e.Log.InfoContext(ctx, "take over sagas of processes that ended", "count", len(orphans))
			if _, err := dbos.ResumeWorkflows[string](dbos.From(e.dbos, ctx), orphans); err != nil {
				return err
			}
		}
		if len(batch) < sweepBatch {
			return nil
		}
		running += len(batch) - len(orphans) // those taken over are pending no more
	}
}

// clean removes the workflows of sagas that ended long ago.
func (e *Executor) clean(ctx context.Context) error {
	old, err := dbos.ListWorkflows(dbos.From(e.dbos, ctx), dbos.WithFilterCompletedBefore(e.Clock.Now().Add(-Keep)),
		dbos.WithFilterLimit(sweepBatch), dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false))
	if err != nil || len(old) == 0 {
		return err
	}
	ids := make([]string, len(old))
	for i, w := range old {
		ids[i] = w.ID
	}
	return dbos.DeleteWorkflows(dbos.From(e.dbos, ctx), ids)
}
