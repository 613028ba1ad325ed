// Package cacheaside keeps what providers said: in the process, and in Redis for all processes. A value is served while
// it is fresh, and for some time after while a new one is fetched behind it; where none can be fetched, an older one is
// served and says so. Also what is not there is kept for a while. However many callers in however many processes miss a
// key at once, one of them fetches. Losing Redis costs speed and calls, never an answer.
package cacheaside

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"github.com/tripgen/tripgen/internal/clock"
)

var (
	// ErrMissing is what a loader gives (or wraps) for a thing that is not there, and what Get gives for it.
	ErrMissing = errors.New("there is no such thing")
	// ErrSlow comes when the caller's patience ends before a first value is there; the fetch goes on.
	ErrSlow = errors.New("no answer yet")
	// ErrFailing comes at once while the last fetch, by whatever process, failed a moment ago.
	ErrFailing = errors.New("the last fetch failed a moment ago")
)

// Policy says how long values of one kind are kept.
type Policy struct {
	// Kind names the values in keys and metrics, such as "nearby".
	Kind string
	// Version goes up when the meaning of the values changes. A change of their shape makes new keys by itself.
	Version int
	// Fresh is a value's normal lifetime, and Jitter the share by which it is shortened at random, so that what was
	// fetched together is not fetched again together.
	Fresh  time.Duration
	Jitter float64
	// Revalidate is how long after Fresh a value is still served at once, while a new one is fetched.
	Revalidate time.Duration
	// Keep is how long after Fresh a value is kept for when no new one can be fetched; at least Revalidate.
	Keep time.Duration
	// Missing is how long it is believed that a thing is not there.
	Missing time.Duration
	// Local is how long the first level is believed before the second is asked whether it has something newer; zero for as
	// long as a value is fresh.
	Local time.Duration
	// Load bounds one fetch.
	Load time.Duration
	// Patience bounds a caller's wait; zero leaves that to its context.
	Patience time.Duration
	// Entries bounds the first level.
	Entries int
}

// Remote is the second level, shared by all processes.
type Remote interface {
	// Get gives the values of keys, nil where there is none.
	Get(ctx context.Context, keys ...string) ([][]byte, error)
	// Put keeps a value for a while.
	Put(ctx context.Context, key string, value []byte, keep time.Duration) error
	// Lease takes key for a holder, unless another has it; it is free again after a while by itself.
	Lease(ctx context.Context, key, holder string, hold time.Duration) (bool, error)
	// Release gives the lease of key back, if it still is the holder's.
	Release(ctx context.Context, key, holder string) error
}

// Entry is a value with its age.
type Entry[T any] struct {
	Value     T
	FetchedAt time.Time
	// Stale is true for a value past its normal lifetime.
	Stale bool
	// Missing is true for what is known not to be there; only PeekAll tells.
	Missing bool
}

// Cache keeps values of one kind. It may be used by several goroutines.
type Cache[T any] struct {
	policy  Policy
	space   string
	first   *otter.Cache[string, record[T]]
	remote  Remote
	restore func(*T) error
	clock   clock.Clock
	log     *slog.Logger
	outcome *prometheus.CounterVec
	loads   *prometheus.CounterVec

	lookups    singleflight.Group // of the second level
	flights    singleflight.Group
	refreshing sync.Map
	running    sync.WaitGroup
	base       context.Context //nolint:containedctx // the fetches' owner, ended by Close
	stop       context.CancelFunc
}

// Deps are what a cache is made of.
type Deps[T any] struct {
	Policy Policy
	Remote Remote
	// Restore completes a value that was read from the second level; nil for values that need nothing.
	Restore func(*T) error
	Clock   clock.Clock
	Log     *slog.Logger
	// Metrics registers tripgen_location_cache_total and tripgen_location_cache_loads_total; nil for none.
	Metrics prometheus.Registerer
}

// New makes a cache; Close ends its fetches.
func New[T any](d Deps[T]) (*Cache[T], error) {
	first, err := otter.New(&otter.Options[string, record[T]]{
		MaximumSize: d.Policy.Entries, ExpiryCalculator: otter.ExpiryWriting[string, record[T]](d.Policy.Fresh + d.Policy.Keep),
	})
	if err != nil {
		return nil, fmt.Errorf("first level of %s: %w", d.Policy.Kind, err)
	}
	c := &Cache[T]{
		policy: d.Policy, first: first, remote: d.Remote, restore: d.Restore, clock: d.Clock, log: d.Log,
		space: space[T](d.Policy.Kind, d.Policy.Version),
	}
	c.base, c.stop = context.WithCancel(context.Background())
	return c, c.register(d.Metrics)
}

// Get gives the value of a key, fetching it by load where that is needed. Errors: [ErrMissing], [ErrSlow], [ErrFailing],
// the context's, or the loader's.
func (c *Cache[T]) Get(ctx context.Context, key string, load func(context.Context) (T, error)) (Entry[T], error) {
	kept, level := c.lookup(ctx, key)
	now := c.clock.Now()
	switch {
	case kept.usable() && now.Before(kept.FreshUntil):
		return c.tell(kept, level, false)
	case kept.usable() && !kept.Missing && now.Before(kept.FreshUntil.Add(c.policy.Revalidate)):
		c.refresh(key, load)
		return c.tell(kept, "stale", true)
	}
	return c.fetched(ctx, key, wish{}, kept, load)
}

// Refresh gives a value that was fetched at most so long ago, fetching it anew where that is needed; where none can be
// fetched, what is kept as Get does. Callers that want the same at once still cause one fetch.
func (c *Cache[T]) Refresh(ctx context.Context, key string, age time.Duration, load func(context.Context) (T, error)) (Entry[T], error) {
	kept, level := c.lookup(ctx, key)
	want := wish{since: c.clock.Now().Add(-age)}
	if kept.usable() && kept.serves(want, c.clock.Now()) {
		return c.tell(kept, level, false)
	}
	return c.fetched(ctx, key, want, kept, load)
}

// fetched gives what is fetched, or what is kept where that fails.
func (c *Cache[T]) fetched(ctx context.Context, key string, want wish, kept record[T], load func(context.Context) (T, error)) (Entry[T], error) {
	fetched, err := c.await(ctx, key, want, load)
	if err == nil {
		return c.tell(fetched, "miss", false)
	}
	now := c.clock.Now()
	if kept.usable() && !kept.Missing && now.Before(kept.FreshUntil.Add(c.policy.Keep)) {
		return c.tell(kept, "stale on error", !kept.fresh(now))
	}
	c.outcome.WithLabelValues(c.policy.Kind, "failed").Inc()
	return Entry[T]{}, err
}

// Peek gives what is kept for a key, however old, without fetching; false where nothing is.
func (c *Cache[T]) Peek(ctx context.Context, key string) (Entry[T], bool) {
	kept, _ := c.lookup(ctx, key)
	if !kept.usable() || kept.Missing {
		return Entry[T]{}, false
	}
	return Entry[T]{Value: kept.Value, FetchedAt: kept.FetchedAt, Stale: !c.clock.Now().Before(kept.FreshUntil)}, true
}

// PeekAll is Peek for several keys at once, by one call of the second level; keys that nothing is kept for are not in the
// answer. It also tells what is known not to be there.
func (c *Cache[T]) PeekAll(ctx context.Context, keys []string) map[string]Entry[T] {
	now := c.clock.Now()
	kept := make(map[string]record[T], len(keys))
	var ask []string
	for _, key := range keys {
		r, ok := c.first.GetIfPresent(key)
		if ok {
			kept[key] = r
		}
		if !ok || !r.fresh(now) {
			ask = append(ask, key)
		}
	}
	for key, shared := range c.sharedAll(ctx, ask) {
		if shared.FetchedAt.After(kept[key].FetchedAt) {
			c.remember(key, shared)
			kept[key] = shared
		}
	}
	found := make(map[string]Entry[T], len(kept))
	for key, r := range kept {
		if !r.Missing || r.fresh(now) {
			found[key] = Entry[T]{Value: r.Value, FetchedAt: r.FetchedAt, Stale: !r.fresh(now), Missing: r.Missing}
		}
	}
	return found
}

// Put keeps a value that came by another way.
func (c *Cache[T]) Put(ctx context.Context, key string, value T) error {
	return c.keep(ctx, key, c.record(value, false))
}

func (c *Cache[T]) tell(r record[T], outcome string, stale bool) (Entry[T], error) {
	if r.Missing {
		c.outcome.WithLabelValues(c.policy.Kind, "missing").Inc()
		return Entry[T]{}, ErrMissing
	}
	c.outcome.WithLabelValues(c.policy.Kind, outcome).Inc()
	return Entry[T]{Value: r.Value, FetchedAt: r.FetchedAt, Stale: stale}, nil
}

// lookup asks the first level, and the second where that has nothing fresh.
func (c *Cache[T]) lookup(ctx context.Context, key string) (record[T], string) {
	now := c.clock.Now()
	kept, ok := c.first.GetIfPresent(key)
	if ok && kept.fresh(now) && (c.policy.Local == 0 || now.Before(kept.seen.Add(c.policy.Local))) {
		return kept, "memory"
	}
	found, _, _ := c.lookups.Do(key, func() (any, error) {
		shared, err := c.shared(context.WithoutCancel(ctx), key, wish{})
		return shared, err
	})
	shared := found.(record[T]) //nolint:forcetypeassert // it is given in any case
	if shared.FetchedAt.After(kept.FetchedAt) {
		c.remember(key, shared)
		return shared, "redis"
	}
	if kept.fresh(now) {
		c.remember(key, kept)
	}
	return kept, "memory"
}

// remember puts a record into the first level.
func (c *Cache[T]) remember(key string, r record[T]) {
	r.seen = c.clock.Now()
	c.first.Set(key, r)
}

type patientKey struct{}

// Patient gives a context whose callers wait until it ends, whatever the policy says: those that nobody waits for.
func Patient(ctx context.Context) context.Context { return context.WithValue(ctx, patientKey{}, true) }

// await fetches and waits as long as the caller has patience.
func (c *Cache[T]) await(ctx context.Context, key string, want wish, load func(context.Context) (T, error)) (record[T], error) {
	type answer struct {
		record record[T]
		err    error
	}
	done := make(chan answer, 1)
	owner := context.WithoutCancel(ctx) // with the caller's trace, not its end: others wait for the same fetch
	c.running.Go(func() {
		r, err := c.flight(owner, key, want, load)
		done <- answer{r, err}
	})
	var impatient <-chan time.Time
	if patient, _ := ctx.Value(patientKey{}).(bool); c.policy.Patience > 0 && !patient {
		timer := time.NewTimer(c.policy.Patience)
		defer timer.Stop()
		impatient = timer.C
	}
	select {
	case a := <-done:
		return a.record, a.err
	case <-ctx.Done():
		return record[T]{}, ctx.Err()
	case <-impatient:
		return record[T]{}, ErrSlow
	}
}

// refresh fetches in the background, once at a time for a key.
func (c *Cache[T]) refresh(key string, load func(context.Context) (T, error)) {
	if _, running := c.refreshing.LoadOrStore(key, struct{}{}); running {
		return
	}
	c.running.Go(func() {
		defer c.refreshing.Delete(key)
		if _, err := c.flight(context.Background(), key, wish{}, load); err != nil && c.base.Err() == nil && !errors.Is(err, ErrFailing) {
			c.log.Warn("a kept value cannot be renewed", "kind", c.policy.Kind, "error", err)
		}
	})
}

// flight fetches once for all callers in this process that ask at the same time.
func (c *Cache[T]) flight(ctx context.Context, key string, want wish, load func(context.Context) (T, error)) (record[T], error) {
	r, err, _ := c.flights.Do(key+want.suffix(), func() (any, error) {
		ctx, cancel := context.WithTimeout(ctx, c.policy.Load)
		defer cancel()
		defer context.AfterFunc(c.base, cancel)()
		return c.fetch(ctx, key, want, load)
	})
	if err != nil {
		return record[T]{}, err
	}
	return r.(record[T]), nil //nolint:forcetypeassert // what fetch gives
}

// jittered shortens a lifetime at random.
func (c *Cache[T]) jittered(d time.Duration) time.Duration {
	return d - time.Duration(c.policy.Jitter*rand.Float64()*float64(d))
}

// Close ends the fetches under way and waits for them.
func (c *Cache[T]) Close(context.Context) error {
	c.stop()
	c.running.Wait()
	c.first.StopAllGoroutines()
	return nil
}
