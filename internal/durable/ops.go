package durable

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/internal/errs"
)

// State is where a saga stands. A saga that compensated has done its work: its result tells so.
type State string

// The states of sagas.
const (
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed" // broke off
	Cancelled State = "cancelled"
)

// States are all states.
func States() []State { return []State{Running, Done, Failed, Cancelled} }

var statuses = map[State][]dbos.WorkflowStatusType{
	Running:   {dbos.WorkflowStatusPending, dbos.WorkflowStatusEnqueued, dbos.WorkflowStatusDelayed},
	Done:      {dbos.WorkflowStatusSuccess},
	Failed:    {dbos.WorkflowStatusError, dbos.WorkflowStatusMaxRecoveryAttemptsExceeded},
	Cancelled: {dbos.WorkflowStatusCancelled},
}

func stateOf(status dbos.WorkflowStatusType) (State, error) {
	for state, all := range statuses {
		if slices.Contains(all, status) {
			return state, nil
		}
	}
	return "", fmt.Errorf("a saga has the unknown status %q", status)
}

// ErrNoSaga says that there is none of this id, or no more: they are kept for 14 days after their end.
var ErrNoSaga = errs.NotFound(errs.ReasonNotFound, "그런 사가가 없습니다.", "There is no such saga.")

// Status is what ops see of a saga.
type Status struct {
	// ID is that of its subject, such as the generation's.
	ID, Kind string
	State    State
	Executor string
	// Attempts counts the processes that ran it.
	Attempts         int
	Created, Updated time.Time
	// Ended is zero while it runs.
	Ended time.Time
	// Result is what a saga that is done made of its subject.
	Result string
	// Error is why it broke off.
	Error string
	// Steps are those that ended, in order; a step that is tried again and again is not among them.
	Steps []Step
}

// Last is the step that ended last, empty before the first.
func (s Status) Last() string {
	if len(s.Steps) == 0 {
		return ""
	}
	return s.Steps[len(s.Steps)-1].Name
}

// Age is how long the saga has run, or ran, in all.
func (s Status) Age(now time.Time) time.Duration {
	if !s.Ended.IsZero() {
		now = s.Ended
	}
	return now.Sub(s.Created)
}

// Step is a step of a saga that ended.
type Step struct {
	Name string
	// Started and Ended have the precision of milliseconds.
	Started, Ended time.Time
	// Output is JSON, empty where there is none.
	Output, Error string
}

// Ops looks at sagas from outside of the processes that run them.
type Ops struct{ client dbos.Client }

// clientStart bounds how long Ops wait for the database and its tables.
const clientStart = 10 * time.Second

// OpenOps opens the sagas in the database of a service (app is its [Config].App). All calls end when ctx does. Close it.
func OpenOps(ctx context.Context, app string, pool *pgxpool.Pool, log *slog.Logger) (*Ops, error) {
	client, err := dbos.NewClient(ctx, dbos.ClientConfig{
		AppName: app, SystemDBPool: pool, SystemDBStartupTimeout: clientStart, Logger: log,
	})
	if err != nil {
		return nil, fmt.Errorf("open the sagas: %w", err)
	}
	return &Ops{client}, nil
}

// Close ends it; the pool stays open.
func (o *Ops) Close() error { return dbos.Shutdown(o.client, stopTimeout) }

// List gives the newest sagas in the given states, at most limit.
func (o *Ops) List(limit int, states ...State) ([]Status, error) {
	var wanted []dbos.WorkflowStatusType
	for _, s := range states {
		wanted = append(wanted, statuses[s]...)
	}
	return o.find(dbos.WithFilterStatus(wanted...), dbos.WithFilterLimit(limit), dbos.WithFilterSortDesc())
}

// Get gives a saga: ErrNoSaga.
func (o *Ops) Get(id string) (Status, error) {
	found, err := o.find(dbos.WithFilterWorkflowIDs(id))
	if err != nil {
		return Status{}, err
	}
	if len(found) == 0 {
		return Status{}, ErrNoSaga
	}
	return found[0], nil
}

// ErrNotBrokenOff says that a saga runs or is done: there is nothing to repeat.
var ErrNotBrokenOff = errs.New(errs.KindFailedPrecondition, errs.ReasonInvalidArgument,
	"중단된 사가가 아닙니다.", "The saga did not break off: it runs or is done.")

// Retry lets a saga that broke off go on with the step after the last one that it did: ErrNoSaga, ErrNotBrokenOff. Its
// steps are idempotent, so that one that was done and not noted is not done twice.
func (o *Ops) Retry(id string) error {
	s, err := o.Get(id)
	if err != nil {
		return err
	}
	switch s.State {
	case Cancelled:
		_, err = dbos.ResumeWorkflow[string](o.client, id)
	case Failed:
		_, err = dbos.RewindWorkflow[string](o.client, id, dbos.WithRewindStartStep(uint(s.done())))
	default:
		return ErrNotBrokenOff
	}
	return err
}

// done counts the steps at the saga's beginning that need not be repeated.
func (s Status) done() int {
	for i, step := range s.Steps {
		if step.Error != "" {
			return i
		}
	}
	return len(s.Steps)
}

func (o *Ops) find(filters ...dbos.ListWorkflowsOption) ([]Status, error) {
	workflows, err := dbos.ListWorkflows(o.client, append(filters, dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(true))...)
	if err != nil {
		return nil, err
	}
	found := make([]Status, 0, len(workflows))
	for _, w := range workflows {
		s, err := o.status(w)
		if err != nil {
			return nil, err
		}
		found = append(found, s)
	}
	return found, nil
}

func (o *Ops) status(w dbos.WorkflowStatus) (Status, error) {
	state, err := stateOf(w.Status)
	if err != nil {
		return Status{}, err
	}
	s := Status{
		ID: w.ID, Kind: w.Name, State: state, Executor: w.ExecutorID, Attempts: w.Attempts,
		Created: w.CreatedAt, Updated: w.UpdatedAt, Ended: w.CompletedAt, Error: text(w.Error),
	}
	// The library gives the JSON that it stored.
	if result, ok := w.Output.(string); ok {
		if err := json.Unmarshal([]byte(result), &s.Result); err != nil {
			return Status{}, fmt.Errorf("the result of saga %s: %w", w.ID, err)
		}
	}
	steps, err := dbos.GetWorkflowSteps(o.client, w.ID, dbos.WithStepsLoadOutput(true))
	if err != nil {
		return Status{}, err
	}
	for _, step := range steps {
		output, _ := step.Output.(string) // nil where there is none
		s.Steps = append(s.Steps, Step{
			Name: step.StepName, Started: step.StartedAt, Ended: step.CompletedAt, Output: output, Error: text(step.Error),
		})
	}
	return s, nil
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
