package worker

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/tripgen/tripgen/services/ai"
)

const (
	// lookEvery is how often it is looked whether generations are still ours: a cancelled one stops within twice this.
	lookEvery = 150 * time.Millisecond
	// renewals per lease.
	renewals = 3
)

// leases keeps a worker's leases while it works, and ends the work on generations that it does not have any more.
type leases struct {
	store  ai.WorkStore
	worker string
	lease  time.Duration
	log    *slog.Logger

	mu   sync.Mutex
	held map[string]*holding
}

type holding struct {
	cancel context.CancelCauseFunc
	// renewed is when the lease was last known to be good.
	renewed time.Time
}

func newLeases(store ai.WorkStore, worker string, lease time.Duration, log *slog.Logger) *leases {
	return &leases{store: store, worker: worker, lease: lease, log: log, held: map[string]*holding{}}
}

// hold looks after a generation's lease until release; its context ends with ErrLeaseLost when it is lost.
func (l *leases) hold(ctx context.Context, g ai.Generation) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	h := &holding{cancel: cancel, renewed: time.Now()}
	l.mu.Lock()
	l.held[g.ID] = h
	l.mu.Unlock()
	return ctx, func() {
		l.mu.Lock()
		if l.held[g.ID] == h {
			delete(l.held, g.ID)
		}
		l.mu.Unlock()
		cancel(nil)
	}
}

// keep renews and looks until ctx ends.
func (l *leases) keep(ctx context.Context) {
	tick := time.NewTicker(min(lookEvery, l.lease/(2*renewals)))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			l.look(ctx)
		}
	}
}

// look asks once for all generations which are still ours.
func (l *leases) look(ctx context.Context) {
	asked, due := l.all()
	if len(asked) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, l.lease)
	defer cancel()
	began := time.Now()
	var still []string
	var err error
	if due {
		still, err = l.store.Renew(ctx, l.worker, asked, l.lease)
	} else {
		still, err = l.store.Held(ctx, l.worker, asked)
	}
	if err != nil {
		// The work goes on: whether it still counts is decided when its result is stored.
		l.log.WarnContext(ctx, "leases cannot be looked after", "error", err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, generationID := range asked {
		h, ok := l.held[generationID]
		switch {
		case !ok:
		case slices.Contains(still, generationID):
			if due {
				h.renewed = began
			}
		default:
			h.cancel(ai.ErrLeaseLost)
			delete(l.held, generationID)
		}
	}
}

// all gives the ids, and whether one of them is due for renewal.
func (l *leases) all() (ids []string, due bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for generationID, h := range l.held {
		ids = append(ids, generationID)
		due = due || time.Since(h.renewed) >= l.lease/renewals
	}
	return ids, due
}
