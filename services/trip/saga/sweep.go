package saga

import (
	"context"
	"slices"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/services/trip"
)

const (
	deadAfter  = 5 // beats
	sweepEvery = 2 // beats
	sweepBatch = 500
	cleanEvery = 600 // beats

	// keepWorkflows is how long ops can look at a saga after it has ended.
	keepWorkflows = 14 * 24 * time.Hour
)

// Run tells that this process is alive and, in one of the processes at a time, takes care of generations whose saga is
// not running: its process died, or died before it could start it.
func (r *Runner) Run(ctx context.Context) error {
	ticker := time.NewTicker(r.Times.Beat)
	defer ticker.Stop()
	for beat := 0; ; beat++ {
		alive, err := r.Executors.Beat(ctx, r.Executor, deadAfter*r.Times.Beat)
		if leads := err == nil && len(alive) > 0 && alive[0] == r.Executor; leads && beat%sweepEvery == 0 {
			err = r.sweep(ctx, alive)
			if err == nil && beat%cleanEvery == 0 {
				err = r.clean(ctx)
			}
		}
		if err != nil && ctx.Err() == nil {
			r.Log.WarnContext(ctx, "look after sagas", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// sweep takes over what ended processes left, and then looks at all unfinished generations, a batch at a time.
func (r *Runner) sweep(ctx context.Context, alive []string) error {
	if err := r.takeOver(ctx, alive); err != nil {
		return err
	}
	before, after := r.Clock.Now().Add(-r.Times.Orphan), ""
	for {
		ids, err := r.Executors.Unfinished(ctx, before, after, sweepBatch)
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := r.takeCare(ctx, ids); err != nil {
			return err
		}
		after = ids[len(ids)-1]
	}
}

// takeOver goes on with the sagas of processes that ended. The generation itself may have ended already, with only its
// confirmation missing.
func (r *Runner) takeOver(ctx context.Context, alive []string) error {
	for running := 0; ; {
		batch, err := dbos.ListWorkflows(dbos.From(r.dbos, ctx), dbos.WithFilterStatus(dbos.WorkflowStatusPending),
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
			r.Log.InfoContext(ctx, "take over sagas of processes that ended", "count", len(orphans))
			if _, err := dbos.ResumeWorkflows[trip.GenerationState](dbos.From(r.dbos, ctx), orphans); err != nil {
				return err
			}
		}
		if len(batch) < sweepBatch {
			return nil
		}
		running += len(batch) - len(orphans) // those taken over are pending no more
	}
}

// takeCare starts the sagas of generations that have none and buries those whose saga broke off.
func (r *Runner) takeCare(ctx context.Context, ids []string) error {
	workflows, err := dbos.ListWorkflows(dbos.From(r.dbos, ctx), dbos.WithFilterWorkflowIDs(ids...),
		dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false))
	if err != nil {
		return err
	}
	known := make(map[string]bool, len(workflows))
	for _, w := range workflows {
		known[w.ID] = true
		switch w.Status {
		case dbos.WorkflowStatusError, dbos.WorkflowStatusMaxRecoveryAttemptsExceeded, dbos.WorkflowStatusCancelled:
			if err := r.bury(ctx, w.ID); err != nil {
				return err
			}
		}
	}
	for _, id := range ids {
		if !known[id] {
			if err := r.start(id); err != nil {
				return err
			}
		}
	}
	return nil
}

// clean removes the workflows of sagas that ended long ago.
func (r *Runner) clean(ctx context.Context) error {
	old, err := dbos.ListWorkflows(dbos.From(r.dbos, ctx), dbos.WithFilterCompletedBefore(r.Clock.Now().Add(-keepWorkflows)),
		dbos.WithFilterLimit(sweepBatch), dbos.WithFilterLoadInput(false), dbos.WithFilterLoadOutput(false))
	if err != nil || len(old) == 0 {
		return err
	}
	ids := make([]string, len(old))
	for i, w := range old {
		ids[i] = w.ID
	}
	return dbos.DeleteWorkflows(dbos.From(r.dbos, ctx), ids)
}

// bury ends a generation whose saga broke off for good, so that its trip is free again.
func (r *Runner) bury(ctx context.Context, id string) error {
	r.Log.ErrorContext(ctx, "a saga broke off", "generation", id)
	if err := r.steps.GiveBack(ctx, id, trip.GenerationFailed, errs.ReasonInternal); err != nil {
		return err
	}
	return r.steps.Finish(ctx, id) // where the itinerary was stored already, it counts
}
