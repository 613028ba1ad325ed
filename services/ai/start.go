package ai

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
)

// Intake accepts generations up to a bound.
type Intake struct {
	// Accepted is told the client of each generation that is accepted, once; nil for nobody.
	Accepted func(clientID string)

	store  IntakeStore
	budget *Budget
	costs  *Costs
	clock  clock.Clock
	queue  int

	mu      sync.Mutex
	waiting int
	counted time.Time
}

// NewIntake makes an intake; queue is how many generations may wait in all.
func NewIntake(store IntakeStore, budget *Budget, costs *Costs, c clock.Clock, queue int) *Intake {
	return &Intake{store: store, budget: budget, costs: costs, clock: c, queue: queue}
}

const (
	// countLives is how long a count of the queue is good: with what was accepted here meanwhile added to it, it can
	// only be too low by what other processes accepted.
	countLives = 250 * time.Millisecond
	// retryPerQueued is how long a caller is told to wait for a place, per generation that waits.
	retryPerQueued = 20 * time.Millisecond
	retryLeast     = time.Second
	retryMost      = time.Minute
)

// Start accepts a request; a request that was accepted before gives the generation as it stands, also with a full
// queue or a spent budget. Errors: ErrQueueFull, ErrBudgetSpent, ErrMismatch.
func (i *Intake) Start(ctx context.Context, r Request) (Generation, error) {
	if refusal := i.admit(ctx, r.ClientID); refusal != nil {
		// One that was accepted before needs no place: Accept tells whether it is the same request.
		switch _, err := i.store.Get(ctx, r.ID); {
		case errors.Is(err, ErrNoGeneration):
			return Generation{}, refusal
		case err != nil:
			return Generation{}, err
		}
	}
	units := i.costs.Units(r.Size)
	g, accepted, err := i.store.Accept(ctx, r, units, ClassOf(units))
	if err != nil {
		return Generation{}, err
	}
	if accepted {
		i.mu.Lock()
		i.waiting++
		i.mu.Unlock()
		if i.Accepted != nil {
			i.Accepted(r.ClientID)
		}
	}
	return g, nil
}

// admit refuses what there is no place or no money for.
func (i *Intake) admit(ctx context.Context, clientID string) error {
	if err := i.budget.Admit(ctx, clientID); err != nil {
		return err
	}
	full, err := i.full(ctx)
	if err != nil || full == 0 {
		return err
	}
	return ErrQueueFull.Retry(min(max(time.Duration(full)*retryPerQueued, retryLeast), retryMost))
}

// full gives the length of a queue that has reached its bound, else 0. Far from the bound a recent count suffices; at
// it the queue is counted anew, so that nothing is refused for an old count's sake.
func (i *Intake) full(ctx context.Context) (int, error) {
	i.mu.Lock()
	fresh := i.clock.Now().Sub(i.counted) < countLives
	waiting := i.waiting
	i.mu.Unlock()
	if fresh && waiting < i.queue {
		return 0, nil
	}
	n, err := i.store.Waiting(ctx)
	if err != nil {
		return 0, err
	}
	i.mu.Lock()
	i.waiting, i.counted = n, i.clock.Now()
	i.mu.Unlock()
	if n < i.queue {
		return 0, nil
	}
	return n, nil
}
