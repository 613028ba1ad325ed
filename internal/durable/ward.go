package durable

import (
	"context"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// Ward is a kind of saga whose subjects are stored by the service in its own transaction: what was accepted gets its
// saga, also when the process died before it could start it.
type Ward struct {
	// Unfinished gives ids of subjects that were accepted before an instant and have not ended, in order, those after an
	// id (empty for all).
	Unfinished func(ctx context.Context, before time.Time, after string, limit int) ([]string, error)
	// Age is from when on a subject without a saga is taken care of: its own process has had its time.
	Age   time.Duration
	Start func(id string) error
	// Bury ends a subject whose saga broke off for good; nil leaves it to ops.
	Bury func(ctx context.Context, id string) error
}

// takeCare looks at all unfinished subjects of a ward, a batch at a time.
func (e *Executor) takeCare(ctx context.Context, w Ward) error {
	before, after := e.Clock.Now().Add(-w.Age), ""
	for {
		ids, err := w.Unfinished(ctx, before, after, sweepBatch)
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := e.careFor(ctx, w, ids); err != nil {
			return err
		}
		after = ids[len(ids)-1]
	}
}

// careFor starts the sagas of subjects that have none and buries those whose saga broke off.
func (e *Executor) careFor(ctx context.Context, w Ward, ids []string) error {
	workflows, err := dbos.ListWorkflows(dbos.From(e.dbos, ctx), dbos.WithFilterWorkflowIDs(ids...),
		dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false))
	if err != nil {
		return err
	}
	known := make(map[string]bool, len(workflows))
	for _, found := range workflows {
		known[found.ID] = true
		switch found.Status {
		case dbos.WorkflowStatusError, dbos.WorkflowStatusMaxRecoveryAttemptsExceeded, dbos.WorkflowStatusCancelled:
			if w.Bury == nil {
				continue
			}
			e.Log.ErrorContext(ctx, "a saga broke off", "saga", found.ID)
			if err := w.Bury(ctx, found.ID); err != nil {
				return err
			}
		}
	}
	for _, id := range ids {
		if !known[id] {
			if err := w.Start(id); err != nil {
				return err
			}
		}
	}
	return nil
}
