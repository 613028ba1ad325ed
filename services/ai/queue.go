package ai

import (
	"context"
	"sync"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
)

// QueueStore is what the estimates of waiting come from.
type QueueStore interface {
	// Ahead counts the queued generations that are taken before this one.
	Ahead(ctx context.Context, g Generation) (int, error)
	// Pace counts the generations that workers took within the last span of time.
	Pace(ctx context.Context, span time.Duration) (int, error)
}

// Queue estimates how long generations wait.
type Queue struct {
	store QueueStore
	clock clock.Clock

	mu      sync.Mutex
	rate    float64 // taken per second
	counted time.Time
}

// NewQueue makes the estimator.
func NewQueue(store QueueStore, c clock.Clock) *Queue { return &Queue{store: store, clock: c} }

const (
	paceSpan  = 20 * time.Second
	paceLives = time.Second
	// workTime is about how long a generation takes once a worker has it.
	workTime = 4 * time.Second
	// leastRate is assumed where nothing was taken lately: the queue has just begun, or stands still.
	leastRate = 0.5
)

// Estimate tells how many generations are ahead of a queued one, and how long it is until it is ready, from the pace at
// which the queue was worked off lately.
func (q *Queue) Estimate(ctx context.Context, g Generation) (ahead int, eta time.Duration, err error) {
	if ahead, err = q.store.Ahead(ctx, g); err != nil {
		return 0, 0, err
	}
	rate, err := q.pace(ctx)
	if err != nil {
		return 0, 0, err
	}
	return ahead, workTime + time.Duration(float64(ahead)/max(rate, leastRate)*float64(time.Second)), nil
}

func (q *Queue) pace(ctx context.Context) (float64, error) {
	q.mu.Lock()
	rate, fresh := q.rate, q.clock.Now().Sub(q.counted) < paceLives
	q.mu.Unlock()
	if fresh {
		return rate, nil
	}
	n, err := q.store.Pace(ctx, paceSpan)
	if err != nil {
		return 0, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.rate, q.counted = float64(n)/paceSpan.Seconds(), q.clock.Now()
	return q.rate, nil
}
