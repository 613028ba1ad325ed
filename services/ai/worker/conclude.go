package worker

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/kafka/dead"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/contract"
	"github.com/tripgen/tripgen/services/ai/events"
	"github.com/tripgen/tripgen/services/ai/pipeline"
)

// conclude does what follows from an attempt; false if the generation was not seen to the end.
func (w *Worker) conclude(ctx context.Context, g ai.Generation, cost ai.Cost, err error) bool {
	retry, transient := errors.AsType[*pipeline.RetryError](err)
	_, refused := errs.Of(err)
	switch {
	case err == nil:
		w.Metrics.ended("made")
		return true
	case errors.Is(err, ai.ErrLeaseLost):
		w.Metrics.ended("lost")
		return true
	case ctx.Err() != nil: // the worker stops: another may go on at once
		return w.giveBack(ctx, g, w.Clock.Now(), errStopping, cost)
	case transient && g.Attempts < w.Config.Attempts:
		w.Log.WarnContext(ctx, "generation is tried again", "generation", g.ID, "attempt", g.Attempts, "error", retry)
		return w.giveBack(ctx, g, w.Clock.Now().Add(backoff(g.Attempts)), err, cost)
	case !transient && refused:
		return w.fail(ctx, g, pipeline.Final(err), err, cost)
	case !transient && g.Attempts < w.Config.Attempts: // a fault of ours: once more, then give up
		return w.giveBack(ctx, g, w.Clock.Now().Add(backoff(g.Attempts)), err, cost)
	default:
		return w.giveUp(ctx, g, err, cost)
	}
}

const (
	backoffFirst = 200 * time.Millisecond
	backoffMost  = 30 * time.Second
)

// backoff before the attempt after the given one: 0.2 s, 0.8 s, 3.2 s, 12.8 s, 30 s.
func backoff(attempt int) time.Duration {
	d := backoffFirst
	for range attempt - 1 {
		d = min(4*d, backoffMost)
	}
	return d
}

const giveBackTimeout = 2 * time.Second

// giveBack puts a generation back into the queue.
func (w *Worker) giveBack(ctx context.Context, g ai.Generation, notBefore time.Time, cause error, cost ai.Cost) bool {
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), giveBackTimeout)
		defer cancel()
	}
	w.Metrics.ended("again")
	err := w.persist(ctx, func(ctx context.Context) error {
		return w.Store.Retry(ctx, g, notBefore, w.trouble(cause), cost)
	})
	return err == nil || errors.Is(err, ai.ErrLeaseLost)
}

// fail ends a generation as failed and tells those who watch.
func (w *Worker) fail(ctx context.Context, g ai.Generation, reason string, cause error, cost ai.Cost) bool {
	w.Log.WarnContext(ctx, "generation failed", "generation", g.ID, "reason", reason, "error", cause)
	err := w.persist(ctx, func(ctx context.Context) (err error) {
		_, err = w.Store.Fail(ctx, g, reason, w.trouble(cause), cost)
		return err
	})
	if errors.Is(err, ai.ErrLeaseLost) {
		return true
	}
	if err != nil {
		return false
	}
	w.Metrics.ended("failed")
	w.Journals(g).Tell(ctx, &aiv1.GenerationEvent{
		Time: timestamppb.New(w.Clock.Now()),
		Event: &aiv1.GenerationEvent_Finished{Finished: &aiv1.GenerationFinished{
			State: aiv1.GenerationState_GENERATION_STATE_FAILED, Failure: contract.Failure(reason),
		}},
	}, 0)
	return true
}

// giveUp ends a generation that cannot be processed, with a dead letter that tells of all attempts.
func (w *Worker) giveUp(ctx context.Context, g ai.Generation, cause error, cost ai.Cost) bool {
	original, err := events.Requested(w.IDs, g, time.Time{})
	if err == nil {
		err = w.Dead.Write(ctx, Group(original.Topic), original.Message(ctx), cause.Error(), attempts(append(g.Troubles, w.trouble(cause)))...)
	}
	if err != nil {
		w.Log.ErrorContext(ctx, "dead letter is not written", "generation", g.ID, "error", err)
		return false
	}
	return w.fail(ctx, g, pipeline.Final(cause), cause, cost)
}

func attempts(troubles []ai.Trouble) []dead.Attempt {
	out := make([]dead.Attempt, len(troubles))
	for i, t := range troubles {
		out[i] = dead.Attempt(t)
	}
	return out
}

func (w *Worker) trouble(cause error) ai.Trouble {
	return ai.Trouble{Time: w.Clock.Now(), Error: cause.Error()}
}
