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
	// forgotten is how long a queued generation may wait while a worker has nothing to do: its message is lost, with a
	// worker that died and whose partitions Kafka has not given to others yet, or behind another worker's long queue.
	forgotten = 1500 * time.Millisecond
)

// sweep takes over what nobody looks after: generations whose worker died, and, with nothing else to do, queued ones that
// wait for a message that does not come. So work goes on while Kafka moves partitions, or is away.
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
	limit := cap(w.slots) - len(w.slots)
	if w.queue.Len() == 0 && limit > 0 { // with messages at hand, old ones are only late
		queuedBefore = w.Clock.Now().Add(-forgotten)
	}
	asking, cancel := context.WithTimeout(ctx, sweepTimeout)
	defer cancel()
	stranded, err := w.Store.Stranded(asking, queuedBefore, max(1, min(limit, sweepBatch)))
	if err != nil {
		return err
	}
	for _, g := range stranded {
		w.Log.InfoContext(ctx, "takes over a stranded generation", "generation", g.ID, "state", g.State, "attempts", g.Attempts)
		item := &dispatch.Item{ID: g.ID, Class: g.Class, Lane: "stranded", Asked: g.RequestTime, Done: func() {}, Context: context.Background()}
		if err := w.queue.Offer(ctx, item); err != nil {
			return err
		}
	}
	return nil
}
