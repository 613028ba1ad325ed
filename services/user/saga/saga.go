// Package saga runs the sagas of account deletions and data exports as durable workflows in the user database. A saga's
// id is its subject's. The lock of the account is made with the request itself; the deletion's saga goes on from there:
//
//	hold trip, ai, location ──▶ decide ──▶ forget trip, ai, location ──▶ forget user ──▶ announce ──▶ finish
//	    └─given up──▶ release trip, ai, location ──▶ unlock
//
// Until it has decided it can be undone; from then on it only goes forward. That of an export:
//
//	collect user, trip, ai, location ──▶ finish
//	    └─given up──▶ drop
package saga

import (
	"context"
	"log/slog"
	"math"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/durable"
	"github.com/tripgen/tripgen/services/user"
)

// Steps are what the sagas of deletions and exports do; see package user.
type Steps interface {
	HoldData(ctx context.Context, deletionID, service string) (bool, error)
	DecideDeletion(ctx context.Context, deletionID string) (bool, error)
	ReleaseData(ctx context.Context, deletionID, service string) error
	UndoDeletion(ctx context.Context, deletionID string) error
	ForgetData(ctx context.Context, deletionID, service string) (user.Forgotten, error)
	ForgetAccount(ctx context.Context, deletionID string) (user.Forgotten, error)
	AnnounceDeletion(ctx context.Context, deletionID string) error
	FinishDeletion(ctx context.Context, deletionID string) error

	CollectData(ctx context.Context, exportID, service string) (*user.Part, error)
	FinishExport(ctx context.Context, exportID string, parts map[string]user.Part) (bool, error)
	DropExport(ctx context.Context, exportID string) error
}

// Unfinished knows what has to have a saga.
type Unfinished interface {
	// UnfinishedDeletions gives ids of deletions that were asked for before an instant and go on, in order, those after an
	// id (empty for all).
	UnfinishedDeletions(ctx context.Context, before time.Time, after string, limit int) ([]string, error)
	// UnfinishedExports gives those of exports.
	UnfinishedExports(ctx context.Context, before time.Time, after string, limit int) ([]string, error)
}

// Times are the patience of sagas.
type Times struct {
	durable.Times
	// Orphan is the age at which a deletion or an export without a running saga is taken care of.
	Orphan time.Duration
}

// DefaultTimes suit production.
func DefaultTimes() Times { return Times{Times: durable.DefaultTimes(), Orphan: 3 * time.Second} }

// App is what the user service's workflows are known as.
const App = "tripgen-user"

// Deps is what a runner works with.
type Deps struct {
	// Pool is on the user database, for the workflows alone, and Leases the service's other one.
	Pool, Leases *pgxpool.Pool
	// Executor names this process; each start of a process has a name of its own.
	Executor   string
	Unfinished Unfinished
	Times      Times
	Clock      clock.Clock
	Log        *slog.Logger
}

// Runner runs sagas.
type Runner struct {
	Deps
	steps              Steps
	executor           *durable.Executor
	deletions, exports durable.Kind
}

var _ user.Sagas = (*Runner)(nil)

// New makes a runner; Launch starts it.
func New(d Deps) *Runner { return &Runner{Deps: d} }

// Launch starts to run sagas, with what they do, and makes their tables where they are missing.
func (r *Runner) Launch(ctx context.Context, steps Steps) (err error) {
	r.steps = steps
	r.executor, err = durable.Open(ctx, durable.Config{
		App: App, Pool: r.Pool, Leases: r.Leases, Name: r.Executor, Times: r.Times.Times, Clock: r.Clock, Log: r.Log,
	})
	if err != nil {
		return err
	}
	r.deletions = durable.Register(r.executor, "deletion", r.delete)
	r.exports = durable.Register(r.executor, "export", r.export)
	return r.executor.Launch(ctx)
}

// Run takes care of sagas until ctx ends, also of those whose process died before it could start them.
func (r *Runner) Run(ctx context.Context) error {
	return r.executor.Run(ctx, durable.Ward{
		Unfinished: r.Unfinished.UnfinishedDeletions, Age: r.Times.Orphan, Start: r.deletions.Start,
	}, durable.Ward{
		Unfinished: r.Unfinished.UnfinishedExports, Age: r.Times.Orphan, Start: r.exports.Start,
	})
}

// Stop lets the steps under way end; other processes go on with what is left.
func (r *Runner) Stop(ctx context.Context) error { return r.executor.Stop(ctx) }

// Meter counts the sagas of a launched runner.
func (r *Runner) Meter() *durable.Meter { return durable.NewMeter(r.executor) }

// StartDeletion begins the saga of a deletion; repeating it changes nothing.
func (r *Runner) StartDeletion(id string) error { return r.deletions.Start(id) }

// StartExport begins the saga of an export; repeating it changes nothing.
func (r *Runner) StartExport(id string) error { return r.exports.Start(id) }

// services are those that have data of persons beside the user service, in the order in which they forget: trips first,
// so that no new generation comes of them.
func services() []string { return []string{"trip", "ai", "location"} }

// step runs one step until it works: what keeps it from working may pass, or ops have to see to it.
func step[T any](ctx dbos.Context, r *Runner, name string, fn func(context.Context) (T, error)) (T, error) {
	return durable.Do(ctx, r.executor, name, math.MaxInt32, func(error) bool { return false },
		func(ctx context.Context) (T, error) {
			result, err := fn(ctx)
			if err != nil && ctx.Err() == nil {
				r.Log.WarnContext(ctx, "a saga's step does not work; trying again", "step", name, "error", err)
			}
			return result, err
		})
}

// act runs a step that has nothing to tell.
func act(ctx dbos.Context, r *Runner, name string, fn func(context.Context) error) error {
	_, err := step(ctx, r, name, func(ctx context.Context) (bool, error) { return true, fn(ctx) })
	return err
}
