package gate_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/resilience"
	"github.com/tripgen/tripgen/services/location/gate"
	"github.com/tripgen/tripgen/services/location/upstream"
)

var start = time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)

func newSet(t *testing.T) gate.Set {
	t.Helper()
	metrics := prometheus.NewRegistry()
	guards, err := resilience.NewSet(metrics)
	if err != nil {
		t.Fatal(err)
	}
	return gate.Set{Guards: guards, Clock: clock.NewFake(start), Metrics: metrics}
}

func newGate(t *testing.T, s gate.Set, p gate.Policy) *gate.Gate {
	t.Helper()
	p.Provider, p.Operation = "google", "search"
	g, err := s.Gate(p)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func ok(context.Context) (int, error) { return 1, nil }

func TestABulkheadRefusesTheCallsThatAreTooMany(t *testing.T) {
	t.Parallel()
	g := newGate(t, newSet(t), gate.Policy{Parallel: 2})
	inside, leave := make(chan struct{}), make(chan struct{})
	var calls sync.WaitGroup
	for range 2 {
		calls.Go(func() {
			if _, err := gate.Call(t.Context(), g, func(context.Context) (int, error) {
				inside <- struct{}{}
				<-leave
				return 1, nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
	<-inside
	<-inside
	if _, err := gate.Call(t.Context(), g, ok); !errors.Is(err, gate.ErrFull) {
		t.Errorf("error %v", err)
	}
	close(leave)
	calls.Wait()
	if _, err := gate.Call(t.Context(), g, ok); err != nil {
		t.Error(err)
	}
}

func TestCallsKeepToTheQuota(t *testing.T) {
	t.Parallel()
	g := newGate(t, newSet(t), gate.Policy{PerSecond: 3})
	refused := 0
	for range 10 {
		if _, err := gate.Call(t.Context(), g, ok); errors.Is(err, gate.ErrQuota) {
			refused++
		}
	}
	if refused != 7 {
		t.Errorf("%d of 10 calls at once are refused", refused)
	}
}

func TestABusyProviderIsLeftAloneAsLongAsItAsks(t *testing.T) {
	t.Parallel()
	s := newSet(t)
	g := newGate(t, s, gate.Policy{Retries: 3})
	calls := 0
	busy := func(context.Context) (int, error) {
		calls++
		return 0, &upstream.BusyError{RetryAfter: 7 * time.Second}
	}
	if _, err := gate.Call(t.Context(), g, busy); err == nil || calls != 1 {
		t.Fatalf("error %v after %d calls", err, calls)
	}
	if _, err := gate.Call(t.Context(), g, ok); !errors.Is(err, gate.ErrPaused) {
		t.Errorf("error %v", err)
	}
	s.Clock.(*clock.Fake).Advance(7 * time.Second)
	if _, err := gate.Call(t.Context(), g, ok); err != nil {
		t.Error(err)
	}
}

func TestASecondRequestHelpsWhereTheFirstHangs(t *testing.T) {
	t.Parallel()
	g := newGate(t, newSet(t), gate.Policy{Timeout: 5 * time.Second, Hedge: time.Millisecond})
	var calls atomic.Int64
	got, err := gate.Call(t.Context(), g, func(ctx context.Context) (int, error) {
		if calls.Add(1) == 1 {
			<-ctx.Done()
			return 0, ctx.Err()
		}
		return 2, nil
	})
	if got != 2 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
}

// A provider that is slow as a whole gets a tenth more requests, not twice as many.
func TestSecondRequestsAreAShareOfTheCalls(t *testing.T) {
	t.Parallel()
	g := newGate(t, newSet(t), gate.Policy{Timeout: time.Minute, Hedge: time.Nanosecond})
	const questions = 60
	var calls atomic.Int64
	for range questions {
		var asked sync.Once
		if _, err := gate.Call(t.Context(), g, func(context.Context) (int, error) {
			calls.Add(1)
			asked.Do(func() { time.Sleep(2 * time.Millisecond) }) // slow, and there in the end
			return 1, nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if n := calls.Load(); n <= questions || n > questions+questions/10+1 {
		t.Errorf("%d requests for %d questions", n, questions)
	}
}

func TestTheBreakerOpensAndAnsweredQuestionsAreNoFailures(t *testing.T) {
	t.Parallel()
	g := newGate(t, newSet(t), gate.Policy{Failures: 3, Cooldown: time.Minute})
	for range 10 {
		_, _ = gate.Call(t.Context(), g, func(context.Context) (int, error) { return 0, resilience.Permanent(io.EOF) })
	}
	if _, err := gate.Call(t.Context(), g, ok); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, _ = gate.Call(t.Context(), g, func(context.Context) (int, error) { return 0, io.EOF })
	}
	if _, err := gate.Call(t.Context(), g, ok); !errors.Is(err, resilience.ErrOpen) {
		t.Errorf("error %v", err)
	}
}

func TestTheDaysBudgetHoldsForAllProcessesAndWithoutRedisForEach(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1, DialTimeout: 50 * time.Millisecond})
	t.Cleanup(func() { _ = client.Close() })
	time := clock.NewFake(start)
	process := func() *gate.Gate {
		s := newSet(t)
		s.Clock, s.Purse, s.DayBudget = time, gate.NewRedisPurse(client, time), map[string]int64{"google": 50_000}
		return newGate(t, s, gate.Policy{MicroUSD: 10_000})
	}
	one, two := process(), process()
	spend := func(gates ...*gate.Gate) (sent int) {
		for range 10 {
			for _, g := range gates {
				if _, err := gate.Call(t.Context(), g, ok); err == nil {
					sent++
				} else if !errors.Is(err, gate.ErrCap) {
					t.Fatal(err)
				}
			}
		}
		return sent
	}
	if sent := spend(one, two); sent != 5 {
		t.Errorf("%d calls are sent on a budget for 5", sent)
	}
	time.Advance(24 * 60 * 60 * 1e9)
	if sent := spend(one, two); sent != 5 {
		t.Errorf("%d calls are sent on the next day", sent)
	}
	server.Close()
	time.Advance(24 * 60 * 60 * 1e9)
	if sent := spend(one, two); sent != 10 {
		t.Errorf("%d calls are sent by two processes without Redis", sent)
	}
}

func TestCallsAndTheirCostAreCounted(t *testing.T) {
	t.Parallel()
	s := newSet(t)
	g := newGate(t, s, gate.Policy{MicroUSD: 32_000})
	for range 3 {
		if _, err := gate.Call(t.Context(), g, ok); err != nil {
			t.Fatal(err)
		}
	}
	n, err := testutil.GatherAndCount(s.Metrics.(*prometheus.Registry), "tripgen_provider_calls_total", "tripgen_provider_cost_micro_usd_total")
	if err != nil || n != 2 {
		t.Errorf("%d series, %v", n, err)
	}
}
