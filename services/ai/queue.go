package ai

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
)

// QueueStore is what the estimates of waiting come from.
type QueueStore interface {
	// Queued gives the order keys of all queued generations (see Generation.OrderKey), in order.
	Queued(ctx context.Context) ([]time.Time, error)
	// Pace counts the generations that workers took within the last span of time.
	Pace(ctx context.Context, span time.Duration) (int, error)
}

// OrderKey orders generations as workers take them: the time of asking, moved back by the class's credit.
func (g Generation) OrderKey() time.Time { return g.RequestTime.Add(-g.Class.Credit()) }

// Queue estimates how long generations wait. The queue is read once a second at most, however many ask.
type Queue struct {
	store QueueStore
	clock clock.Clock

	mu   sync.Mutex
	keys []time.Time
	rate float64 // taken per second
	read time.Time
}

// NewQueue makes the estimator.
func NewQueue(store QueueStore, c clock.Clock) *Queue { return &Queue{store: store, clock: c} }

const (
	paceSpan   = 20 * time.Second
	queueLives = time.Second
	// workTime is about how long a generation takes once a worker has it.
	workTime = 4 * time.Second
	// leastRate is assumed where nothing was taken lately: the queue has just begun, or stands still.
	leastRate = 0.5
)

// Estimate tells how many generations are ahead of a queued one, and how long it is until it is ready, from the pace at
// which the queue was worked off lately.
func (q *Queue) Estimate(ctx context.Context, g Generation) (ahead int, eta time.Duration, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.refresh(ctx); err != nil {
		return 0, 0, err
	}
	ahead, _ = slices.BinarySearchFunc(q.keys, g.OrderKey(), time.Time.Compare)
	return ahead, workTime + time.Duration(float64(ahead)/max(q.rate, leastRate)*float64(time.Second)), nil
}

// refresh reads the queue where it was read too long ago; the lock must be held.
func (q *Queue) refresh(ctx context.Context) error {
	now := q.clock.Now()
	if now.Sub(q.read) < queueLives {
		return nil
	}
	keys, err := q.store.Queued(ctx)
	if err != nil {
		return err
	}
	taken, err := q.store.Pace(ctx, paceSpan)
	if err != nil {
		return err
	}
	q.keys, q.rate, q.read = keys, float64(taken)/paceSpan.Seconds(), now
	return nil
}
