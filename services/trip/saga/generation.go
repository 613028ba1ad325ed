package saga

import (
	"context"
	"errors"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	"go.opentelemetry.io/otel/trace"

	"github.com/tripgen/tripgen/internal/durable"
	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/services/trip"
)

const (
	// stepRetries with pauses of 5 s make some ten minutes.
	stepRetries = 120
	// confirmRetries make a day: what is stored is never taken back.
	confirmRetries = 17_000
)

// ended is how a step left the generation. Steps tell refusals so, and not by errors, because only text is left of an
// error after a recovery.
type ended struct {
	State  trip.GenerationState `json:"state,omitempty"`
	Reason string               `json:"reason,omitempty"`
}

// generate is the workflow. It gives the state in which the generation ended.
func (r *Runner) generate(ctx dbos.Context, id string) (string, error) {
	refused, err := r.handOver(ctx, id)
	if err != nil {
		return "", err
	}
	if refused.State != "" {
		return r.giveBack(ctx, id, refused)
	}
	version, failed, err := r.await(ctx, id)
	if err != nil {
		return "", err
	}
	if failed.State != "" {
		return r.giveBack(ctx, id, failed)
	}
	// The trip is free before anybody is told READY: whoever acts on that may start the next generation at once.
	if _, err := step(ctx, r, "finish", confirmRetries, func(ctx context.Context) (bool, error) {
		err := r.steps.Finish(ctx, id)
		if errors.Is(err, trip.ErrNoGeneration) { // the trip is gone for good
			return false, nil
		}
		return true, err
	}); err != nil {
		return "", err
	}
	_, err = step(ctx, r, "confirm", confirmRetries, func(ctx context.Context) (bool, error) {
		err := r.steps.Confirm(ctx, id, version)
		if final(err) { // the AI service has given the generation up; the itinerary is stored all the same
			r.Log.WarnContext(ctx, "confirm a stored itinerary", "generation", id, "error", err)
			return false, nil
		}
		return true, err
	})
	return string(trip.GenerationReady), err
}

// handOver is the first step. Whoever waits in this process is told of its outcome: of a refusal after it is
// compensated.
func (r *Runner) handOver(ctx dbos.Context, id string) (ended, error) {
	var told outcome
	refused, err := step(ctx, r, "hand over", stepRetries, func(ctx context.Context) (ended, error) {
		if w := r.waiter(id); w != nil {
			ctx = trace.ContextWithRemoteSpanContext(ctx, w.span)
		}
		receipt, err := r.steps.HandOver(ctx, id)
		if final(err) {
			told = outcome{err: err}
			return ended{trip.GenerationRefused, trip.ReasonOf(err)}, nil
		}
		told = outcome{receipt: receipt}
		return ended{}, err
	})
	switch {
	case durable.Interrupted(ctx, err):
		return ended{}, err
	case err != nil:
		refused = ended{trip.GenerationFailed, errs.ReasonUnavailable}
	}
	if refused.State != "" {
		if _, err := r.giveBack(ctx, id, refused); err != nil {
			return ended{}, err
		}
	}
	if w := r.waiter(id); w != nil {
		w.outcome <- told
		r.forget(id)
	}
	return refused, nil
}

// await waits until the generation has finished and stores what it made. It looks by itself when it is not told.
func (r *Runner) await(ctx dbos.Context, id string) (version int64, failed ended, err error) {
	for range max(1, int(r.Times.GiveUp/r.Times.Look)) {
		f, err := dbos.Recv[finished](ctx, finishedTopic, r.Times.Look)
		if err != nil && !errors.Is(err, dbos.ErrTimeout) {
			return 0, ended{}, err
		}
		if f.State == trip.GenerationFailed || f.State == trip.GenerationCancelled {
			return 0, ended(f), nil
		}
		got, err := step(ctx, r, "store", stepRetries, func(ctx context.Context) (collected, error) {
			return r.collect(ctx, id)
		})
		switch {
		case durable.Interrupted(ctx, err):
			return 0, ended{}, err
		case err != nil:
			return 0, ended{trip.GenerationFailed, errs.ReasonInternal}, nil
		case got.Version > 0 || got.Ended.State != "":
			return got.Version, got.Ended, nil
		}
	}
	return 0, ended{trip.GenerationFailed, errs.ReasonDeadlineExceeded}, nil
}

// collected is what came of looking for a result: a version, an end, or nothing yet.
type collected struct {
	Version int64 `json:"version,omitempty"`
	Ended   ended `json:"ended,omitzero"`
}

func (r *Runner) collect(ctx context.Context, id string) (collected, error) {
	version, err := r.steps.Collect(ctx, id)
	var end *trip.Ended
	switch {
	case errors.As(err, &end):
		return collected{Ended: ended{end.State, end.Reason}}, nil
	case errors.Is(err, trip.ErrNoResult):
		return collected{}, nil
	case final(err):
		return collected{Ended: ended{trip.GenerationFailed, trip.ReasonOf(err)}}, nil
	}
	return collected{Version: version}, err
}

// giveBack is the compensation.
func (r *Runner) giveBack(ctx dbos.Context, id string, end ended) (string, error) {
	_, err := step(ctx, r, "give back", confirmRetries, func(ctx context.Context) (bool, error) {
		err := r.steps.GiveBack(ctx, id, end.State, end.Reason)
		if errors.Is(err, trip.ErrNoGeneration) { // the trip is gone for good
			return true, nil
		}
		return true, err
	})
	return string(end.State), err
}

// step runs one step, over and over while what it needs is away.
func step[T any](ctx dbos.Context, r *Runner, name string, retries int, fn func(context.Context) (T, error)) (T, error) {
	return durable.Do(ctx, r.executor, name, retries, final, fn)
}

// final tells whether err is an answer, which stays the same however often one asks. Everything else, such as a
// database that cannot be reached, may pass.
func final(err error) bool {
	if err == nil {
		return false
	}
	e, ok := errs.Of(err)
	if !ok {
		return false
	}
	switch e.Kind {
	case errs.KindUnavailable, errs.KindDeadlineExceeded, errs.KindCanceled, errs.KindInternal, errs.KindUnknown,
		errs.KindUnauthenticated, errs.KindPermissionDenied, errs.KindUnimplemented:
		return false
	}
	return true
}
