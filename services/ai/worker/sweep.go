package worker

import (
	"context"
	"time"

	"github.com/tripgen/tripgen/services/ai/dispatch"
)

const (
	sweepEvery   = 300 * time.Millisecond
	sweepTimeout = 2 * time.Second
	sweepBatch   = 16
	// forgotten is how long a queued generation may be without a message; the message of any other is on its way.
	forgotten = 2 * time.Minute
)

// sweep takes over what nobody looks after: generations whose worker died, and queued ones whose message was lost.
func (w *Worker) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := w.sweepOnce(ctx); err != nil && ctx.Err() == nil {
			w.Log.WarnContext(ctx, "stranded generations cannot be found", "error", err)
		}
	}
}

func (w *Worker) sweepOnce(ctx context.Context) error {
	var queuedBefore time.Time
	if w.queue.Len() == 0 { // with messages at hand, old ones are only late
		queuedBefore = w.Clock.Now().Add(-forgotten)
	}
	asking, cancel := context.WithTimeout(ctx, sweepTimeout)
	defer cancel()
	stranded, err := w.Store.Stranded(asking, queuedBefore, sweepBatch)
	if err != nil {
		return err
	}
	for _, g := range stranded {
		w.Log.InfoContext(ctx, "takes over a stranded generation", "generation", g.ID, "state", g.State, "attempts", g.Attempts)
		item := &dispatch.Item{ID: g.ID, Class: g.Class, Asked: g.RequestTime, Done: func() {}, Context: context.Background()}
		if err := w.queue.Offer(ctx, item); err != nil {
			return err
		}
	}
	return nil
}
