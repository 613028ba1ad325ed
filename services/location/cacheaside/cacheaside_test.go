package cacheaside_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/resilience"
	"github.com/tripgen/tripgen/services/location/cacheaside"
)

type view struct{ Name string }

var policy = cacheaside.Policy{
	Kind: "test", Version: 1, Fresh: time.Hour, Jitter: 0.1, Revalidate: time.Hour, Keep: 24 * time.Hour,
	Missing: 10 * time.Minute, Load: 5 * time.Second, Entries: 1000,
}

// world is a Redis of the test's own, a clock and processes that share them.
type world struct {
	t      *testing.T
	client *redis.Client
	clock  *clock.Fake
	prefix string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	address := os.Getenv("TRIPGEN_TEST_REDIS")
	if address == "" {
		if os.Getenv("TRIPGEN_TEST_REAL") == "1" {
			t.Fatal("TRIPGEN_TEST_REDIS is not set")
		}
		address = "redis://" + miniredis.RunT(t).Addr() + "/0"
	}
	options, err := redis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return &world{t, client, clock.NewFake(time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)), t.Name()}
}

// process makes a cache as another process would have it.
func process[T any](w *world, p cacheaside.Policy) *cacheaside.Cache[T] {
	w.t.Helper()
	guards, err := resilience.NewSet(prometheus.NewRegistry())
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := cacheaside.New(cacheaside.Deps[T]{
		Policy: p, Remote: cacheaside.NewRedis(w.client, guards), Clock: w.clock, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// origin counts its loads.
type origin struct {
	loads atomic.Int64
	fails atomic.Bool
	wait  time.Duration
}

var errAway = errors.New("the provider is away")

func (o *origin) load(ctx context.Context) (view, error) {
	n := o.loads.Add(1)
	if o.wait > 0 {
		select {
		case <-time.After(o.wait):
		case <-ctx.Done():
			return view{}, ctx.Err()
		}
	}
	if o.fails.Load() {
		return view{}, errAway
	}
	return view{Name: string(rune('a' + n - 1))}, nil
}

func (w *world) get(c *cacheaside.Cache[view], o *origin) cacheaside.Entry[view] {
	w.t.Helper()
	got, err := c.Get(w.t.Context(), w.prefix, o.load)
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

func await(t *testing.T, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatal("it never came to be")
		}
		time.Sleep(time.Millisecond)
	}
}

// [L4] hit → use.
func TestAValueIsFetchedOnceAndServedInAllProcesses(t *testing.T) {
	t.Parallel()
	w, o := newWorld(t), &origin{}
	one, two := process[view](w, policy), process[view](w, policy)
	for range 3 {
		if got := w.get(one, o); got.Value.Name != "a" || got.Stale {
			t.Fatalf("got %+v", got)
		}
		if got := w.get(two, o); got.Value.Name != "a" || !got.FetchedAt.Equal(w.clock.Now()) {
			t.Fatalf("got %+v", got)
		}
	}
	if n := o.loads.Load(); n != 1 {
		t.Errorf("%d fetches", n)
	}
}

// [L4] one fetch for many simultaneous misses.
func TestManyMissesAtOnceInManyProcessesAreOneFetch(t *testing.T) {
	t.Parallel()
	w, o := newWorld(t), &origin{wait: 50 * time.Millisecond}
	var all sync.WaitGroup
	for range 4 {
		c := process[view](w, policy)
		for range 50 {
			all.Go(func() {
				if got, err := c.Get(t.Context(), w.prefix, o.load); err != nil || got.Value.Name != "a" {
					t.Errorf("got %+v, %v", got, err)
				}
			})
		}
	}
	all.Wait()
	if n := o.loads.Load(); n != 1 {
		t.Errorf("%d fetches", n)
	}
}

func TestAStaleValueIsServedAtOnceAndRenewedBehind(t *testing.T) {
	t.Parallel()
	w, o := newWorld(t), &origin{}
	c := process[view](w, policy)
	w.get(c, o)
	w.clock.Advance(policy.Fresh + time.Minute)
	if got := w.get(c, o); got.Value.Name != "a" || !got.Stale {
		t.Errorf("got %+v", got)
	}
	await(t, func() bool { return w.get(c, o).Value.Name == "b" })
	if got := w.get(c, o); got.Stale || o.loads.Load() != 2 {
		t.Errorf("got %+v after %d fetches", got, o.loads.Load())
	}
}

// [L3] stale cache when the provider is away.
func TestAnOldValueIsServedWhileNoNewOneCanBeHad(t *testing.T) {
	t.Parallel()
	w, o := newWorld(t), &origin{}
	c := process[view](w, policy)
	w.get(c, o)
	o.fails.Store(true)
	w.clock.Advance(policy.Fresh + policy.Revalidate + time.Minute)
	if got := w.get(c, o); got.Value.Name != "a" || !got.Stale {
		t.Errorf("got %+v", got)
	}
	w.clock.Advance(policy.Keep)
	if got, err := c.Get(t.Context(), w.prefix, o.load); err == nil {
		t.Errorf("a value older than all limits is served: %+v", got)
	}
}

func TestAFailedFetchIsNotRepeatedAtOnce(t *testing.T) {
	t.Parallel()
	w, o := newWorld(t), &origin{}
	o.fails.Store(true)
	one, two := process[view](w, policy), process[view](w, policy)
	if _, err := one.Get(t.Context(), w.prefix, o.load); !errors.Is(err, errAway) {
		t.Fatalf("error %v", err)
	}
	if _, err := two.Get(t.Context(), w.prefix, o.load); !errors.Is(err, cacheaside.ErrFailing) {
		t.Errorf("error %v", err)
	}
	if n := o.loads.Load(); n != 1 {
		t.Errorf("%d fetches", n)
	}
}

func TestWhatIsNotThereIsRememberedForAWhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var loads int
	load := func(context.Context) (view, error) { loads++; return view{}, cacheaside.ErrMissing }
	one, two := process[view](w, policy), process[view](w, policy)
	for _, c := range []*cacheaside.Cache[view]{one, two, one} {
		if _, err := c.Get(t.Context(), w.prefix, load); !errors.Is(err, cacheaside.ErrMissing) {
			t.Fatalf("error %v", err)
		}
	}
	if loads != 1 {
		t.Errorf("%d fetches", loads)
	}
	w.clock.Advance(policy.Missing + time.Second)
	if _, err := one.Get(t.Context(), w.prefix, load); !errors.Is(err, cacheaside.ErrMissing) || loads != 2 {
		t.Errorf("error %v after %d fetches", err, loads)
	}
}

func TestACallersPatienceEndsTheWaitAndNotTheFetch(t *testing.T) {
	t.Parallel()
	w, o := newWorld(t), &origin{wait: 100 * time.Millisecond}
	p := policy
	p.Patience = 10 * time.Millisecond
	c := process[view](w, p)
	if _, err := c.Get(t.Context(), w.prefix, o.load); !errors.Is(err, cacheaside.ErrSlow) {
		t.Fatalf("error %v", err)
	}
	other := &origin{wait: 100 * time.Millisecond}
	if got, err := c.Get(cacheaside.Patient(t.Context()), w.prefix+"patient", other.load); err != nil || got.Value.Name != "a" {
		t.Errorf("the patient get %+v, %v", got, err)
	}
	await(t, func() bool { _, ok := c.Peek(t.Context(), w.prefix); return ok })
	if got := w.get(c, o); got.Value.Name != "a" || o.loads.Load() != 1 {
		t.Errorf("got %+v after %d fetches", got, o.loads.Load())
	}
}

func TestAReleaseWithAnotherShapeReadsNothingOfTheOld(t *testing.T) {
	t.Parallel()
	w, o := newWorld(t), &origin{}
	w.get(process[view](w, policy), o)
	type newer struct{ Name []string }
	if got, ok := process[newer](w, policy).Peek(t.Context(), w.prefix); ok {
		t.Errorf("it reads %+v", got)
	}
	p := policy
	p.Version++
	if got, ok := process[view](w, p).Peek(t.Context(), w.prefix); ok {
		t.Errorf("another version reads %+v", got)
	}
}

func TestLosingTheSecondLevelCostsCallsAndNoAnswers(t *testing.T) {
	t.Parallel()
	w, o := newWorld(t), &origin{}
	w.client = redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", DialTimeout: 50 * time.Millisecond, MaxRetries: -1})
	one, two := process[view](w, policy), process[view](w, policy)
	for range 5 {
		w.get(one, o)
		w.get(two, o)
	}
	if n := o.loads.Load(); n != 2 {
		t.Errorf("%d fetches by two processes", n)
	}
}

// [T9] What one process refreshed the others have soon after.
func TestARefreshedValueReachesAllProcesses(t *testing.T) {
	t.Parallel()
	p := policy
	p.Local = 2 * time.Second
	w, o := newWorld(t), &origin{}
	one, two := process[view](w, p), process[view](w, p)
	w.get(one, o)
	w.get(two, o)
	w.clock.Advance(time.Minute)
	w.get(two, o) // has just looked
	if got, err := one.Refresh(t.Context(), w.prefix, 10*time.Second, o.load); err != nil || got.Value.Name != "b" || got.Stale {
		t.Fatalf("refreshed %+v, %v", got, err)
	}
	w.clock.Advance(p.Local)
	if got := w.get(two, o); got.Value.Name != "b" {
		t.Errorf("another process has %+v", got)
	}
	if n := o.loads.Load(); n != 2 {
		t.Errorf("%d fetches", n)
	}
}

// Many keys cost one call of the second level.
func TestManyKeysAreLookedAtInOneCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	writer, reader := process[view](w, policy), process[view](w, policy)
	var keys []string
	for i := range 40 {
		keys = append(keys, fmt.Sprint(w.prefix, i))
		if i%2 == 0 {
			if err := writer.Put(t.Context(), keys[i], view{Name: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := reader.Get(t.Context(), keys[1], func(context.Context) (view, error) { return view{}, cacheaside.ErrMissing }); !errors.Is(err, cacheaside.ErrMissing) {
		t.Fatal(err)
	}
	for range 2 { // from the second level, then from the first
		found := reader.PeekAll(t.Context(), keys)
		if len(found) != 21 || found[keys[38]].Value.Name != "38" || found[keys[38]].Stale || !found[keys[1]].Missing {
			t.Errorf("found %v", found)
		}
	}
	w.clock.Advance(policy.Fresh + time.Minute)
	if found := reader.PeekAll(t.Context(), keys); len(found) != 20 || !found[keys[0]].Stale {
		t.Errorf("later found %v", found)
	}
}

func TestAPanicInAFetchIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := process[view](w, policy).Get(t.Context(), w.prefix, func(context.Context) (view, error) { panic("oh") }); err == nil {
		t.Error("no error")
	}
}

func TestGarbageInTheSecondLevelCountsAsNothing(t *testing.T) {
	t.Parallel()
	w, o := newWorld(t), &origin{}
	w.get(process[view](w, policy), o)
	keys, err := w.client.Keys(t.Context(), "*"+w.prefix).Result()
	if err != nil || len(keys) != 1 {
		t.Fatalf("keys %v, %v", keys, err)
	}
	if err := w.client.Set(t.Context(), keys[0], `{"fetched_at":"20`, time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	if got := w.get(process[view](w, policy), o); got.Value.Name != "b" {
		t.Errorf("got %+v", got)
	}
}
