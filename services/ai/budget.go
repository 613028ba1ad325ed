package ai

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
)

// SpendStore tells what was spent on the model.
type SpendStore interface {
	// Spent gives, by client, what the generations cost that were accepted since the beginning of a day (UTC), and what
	// recommendations cost since then, in millionths of a US dollar.
	Spent(ctx context.Context, since time.Time) (map[string]int64, error)
}

// Budget caps what is spent on the model per day (in UTC), in all and per client. What is under way is not counted until
// it is made, so that a budget may be passed by that much.
type Budget struct {
	store SpendStore
	clock clock.Clock
	// day and client are in millionths of a US dollar; zero for no cap.
	day, client int64

	mu      sync.Mutex
	spent   map[string]int64
	counted time.Time
}

// NewBudget makes a budget of dollars a day; zero for no cap.
func NewBudget(store SpendStore, c clock.Clock, dayUSD, clientUSD float64) *Budget {
	const micros = 1e6
	return &Budget{store: store, clock: c, day: int64(dayUSD * micros), client: int64(clientUSD * micros)}
}

// spentLives is how long a count of what was spent is good.
const spentLives = 5 * time.Second

// Admit refuses a client whose budget is spent: ErrBudgetSpent, which says when the next day begins.
func (b *Budget) Admit(ctx context.Context, clientID string) error {
	if b.client == 0 {
		return nil
	}
	spent, err := b.count(ctx)
	if err != nil {
		return err
	}
	if spent[clientID] < b.client {
		return nil
	}
	return ErrBudgetSpent.Retry(b.today().AddDate(0, 0, 1).Sub(b.clock.Now()))
}

// Affords tells whether the model may be asked: with the day's budget spent, itineraries are planned and not refined.
func (b *Budget) Affords(ctx context.Context) (bool, error) {
	if b.day == 0 {
		return true, nil
	}
	spent, err := b.count(ctx)
	if err != nil {
		return false, err
	}
	var all int64
	for _, s := range spent {
		all += s
	}
	return all < b.day, nil
}

// AffordsFor tells whether the model may be asked for a client, within the day's budget and the client's.
func (b *Budget) AffordsFor(ctx context.Context, clientID string) (bool, error) {
	switch err := b.Admit(ctx, clientID); {
	case errors.Is(err, ErrBudgetSpent):
		return false, nil
	case err != nil:
		return false, err
	}
	return b.Affords(ctx)
}

func (b *Budget) today() time.Time { return b.clock.Now().Truncate(24 * time.Hour) }

func (b *Budget) count(ctx context.Context) (map[string]int64, error) {
	b.mu.Lock()
	spent, fresh := b.spent, b.clock.Now().Sub(b.counted) < spentLives
	b.mu.Unlock()
	if fresh && spent != nil {
		return spent, nil
	}
	spent, err := b.store.Spent(ctx, b.today())
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spent, b.counted = spent, b.clock.Now()
	return spent, nil
}
