package refine_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tripgen/tripgen/internal/resilience"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/refine"
)

// fake is a model that a test answers for.
type fake struct {
	calls atomic.Int64
	days  func(ctx context.Context, b refine.Brief, yield func(refine.Answer)) (ai.Cost, error)
}

func (f *fake) Days(ctx context.Context, b refine.Brief, yield func(refine.Answer)) (ai.Cost, error) {
	f.calls.Add(1)
	return f.days(ctx, b, yield)
}

func (f *fake) Wishes(context.Context, refine.Brief) ([]refine.Wish, ai.Cost, error) {
	f.calls.Add(1)
	return nil, ai.Cost{}, nil
}

func limited(t *testing.T, model refine.Model, l refine.Limits) (*refine.Limited, *resilience.Guard) {
	t.Helper()
	guards, err := resilience.NewSet(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	guard := guards.Guard(resilience.Policy{Name: "model", Failures: 3, Cooldown: time.Minute})
	m, err := refine.NewLimited(model, guard, l, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return m, guard
}

func none(refine.Answer) {}

func TestCallsAtOnceKeepToTheLimitWhichGrowsWithSuccess(t *testing.T) {
	t.Parallel()
	var flying, most atomic.Int64
	enter := make(chan struct{})
	model := &fake{days: func(context.Context, refine.Brief, func(refine.Answer)) (ai.Cost, error) {
		most.Store(max(most.Load(), flying.Add(1)))
		<-enter
		flying.Add(-1)
		return ai.Cost{}, nil
	}}
	m, _ := limited(t, model, refine.Limits{Least: 1, Start: 2, Most: 4})
	done := make(chan error)
	for range 12 {
		go func() {
			_, err := m.Days(t.Context(), refine.Brief{}, none)
			done <- err
		}()
	}
	for range 12 {
		enter <- struct{}{}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if most.Load() > 4 || m.Limit() != 4 {
		t.Errorf("%d calls at once, limit %d", most.Load(), m.Limit())
	}
}

// [A1] A provider that is busy is left alone for as long as it asks, and asked less afterwards.
func TestABusyProviderIsLeftAloneForAsLongAsItAsks(t *testing.T) {
	t.Parallel()
	const wait = 150 * time.Millisecond
	busy := true
	model := &fake{}
	model.days = func(context.Context, refine.Brief, func(refine.Answer)) (ai.Cost, error) {
		if busy {
			busy = false
			return ai.Cost{}, &refine.BusyError{RetryAfter: wait}
		}
		return ai.Cost{}, nil
	}
	m, guard := limited(t, model, refine.Limits{Least: 1, Start: 8, Most: 8})
	began := time.Now()
	if _, err := m.Days(t.Context(), refine.Brief{}, none); err == nil {
		t.Fatal("busy and no error")
	}
	if got := m.Limit(); got != 4 {
		t.Errorf("limit is %d", got)
	}
	short, cancel := context.WithTimeout(t.Context(), wait/10)
	defer cancel()
	if _, err := m.Days(short, refine.Brief{}, none); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a call while the provider asks to wait: %v", err)
	}
	if _, err := m.Days(t.Context(), refine.Brief{}, none); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < wait {
		t.Errorf("called again after %v", took)
	}
	if model.calls.Load() != 2 || guard.State() != "closed" {
		t.Errorf("%d calls, breaker %s", model.calls.Load(), guard.State())
	}
}

// A few failures among many calls leave the breaker closed; a provider that fails opens it, and is not asked any more.
func TestOnlyAFailingProviderOpensTheBreaker(t *testing.T) {
	t.Parallel()
	share := 10 // one in ten fails
	model := &fake{}
	model.days = func(context.Context, refine.Brief, func(refine.Answer)) (ai.Cost, error) {
		if share == 1 || model.calls.Load()%int64(share) == 0 {
			return ai.Cost{}, errors.New("failed")
		}
		return ai.Cost{}, nil
	}
	m, guard := limited(t, model, refine.DefaultLimits())
	for range 200 {
		_, _ = m.Days(t.Context(), refine.Brief{}, none) // a tenth fails
	}
	if guard.State() != "closed" {
		t.Fatalf("with a tenth of failures the breaker is %s", guard.State())
	}
	// Who has the answer hangs up before the call is over: that is a call that went well.
	share = 1000
	for range 200 {
		ctx, cancel := context.WithCancel(t.Context())
		answered := &fake{days: func(context.Context, refine.Brief, func(refine.Answer)) (ai.Cost, error) {
			cancel()
			return ai.Cost{}, nil
		}}
		model.days, answered.days = answered.days, model.days
		_, _ = m.Days(ctx, refine.Brief{}, none) // goes well
		model.days = answered.days
		if model.calls.Load()%40 == 0 {
			share = 1
			_, _ = m.Days(t.Context(), refine.Brief{}, none) // fails
			share = 1000
		}
	}
	if guard.State() != "closed" {
		t.Fatalf("with calls that were hung up after the answer the breaker is %s", guard.State())
	}
	share = 1
	for range 40 {
		_, _ = m.Days(t.Context(), refine.Brief{}, none) // all fail
	}
	if guard.State() != "open" {
		t.Fatalf("with nothing but failures the breaker is %s", guard.State())
	}
	before := model.calls.Load()
	if _, err := m.Days(t.Context(), refine.Brief{}, none); !errors.Is(err, resilience.ErrOpen) || model.calls.Load() != before {
		t.Errorf("an open breaker gives %v after %d calls", err, model.calls.Load()-before)
	}
}
