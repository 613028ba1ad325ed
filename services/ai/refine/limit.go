package refine

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tripgen/tripgen/internal/resilience"
	"github.com/tripgen/tripgen/internal/telemetry"
	"github.com/tripgen/tripgen/services/ai"
)

// Limits bound the calls of the model under way.
type Limits struct {
	// Least and Most bound how many calls are under way at once; the limit starts at Start.
	Least, Start, Most int
}

// DefaultLimits suit a provider that allows some thousand calls a minute.
func DefaultLimits() Limits { return Limits{Least: 2, Start: 128, Most: 512} }

// Limited is a model whose calls keep to what the provider bears. The number of calls at once grows by one for each
// round of calls that went well and is halved when the provider says that it is busy (additive increase, multiplicative
// decrease, as TCP's congestion control: Chiu and Jain 1989); while the provider asks to wait, nothing is sent. When at
// least half of the latest calls failed, the guard's breaker hears of failures and opens.
type Limited struct {
	model Model
	guard *resilience.Guard

	mu      sync.Mutex
	limits  Limits
	limit   float64
	flying  int
	until   time.Time // nothing is sent before
	halved  time.Time
	changed chan struct{}
	recent  [recentCalls]bool // failed
	calls   int

	limitGauge prometheus.Gauge
}

const (
	recentCalls = 20
	// leastCalls are looked at before the provider is judged.
	leastCalls = 8
	// halveEvery: the calls that were under way when the limit was halved say nothing new.
	halveEvery = time.Second
	// waitMost bounds what the provider may ask to wait.
	waitMost = 30 * time.Second
)

// NewLimited puts limits and a guard around a model. metrics may be nil.
func NewLimited(model Model, guard *resilience.Guard, l Limits, metrics prometheus.Registerer) (*Limited, error) {
	m := &Limited{model: model, guard: guard, limits: l, limit: float64(l.Start), changed: make(chan struct{}), limitGauge: prometheus.NewGauge(
		prometheus.GaugeOpts{Name: "tripgen_model_calls_limit", Help: "How many calls of the model may be under way at once."})}
	m.limitGauge.Set(m.limit)
	if metrics == nil {
		return m, nil
	}
	var err error
	m.limitGauge, err = telemetry.Register(metrics, m.limitGauge)
	return m, err
}

// Days answers a brief within the limits.
func (m *Limited) Days(ctx context.Context, b Brief, yield func(Answer)) (cost ai.Cost, err error) {
	err = m.do(ctx, func(ctx context.Context) (err error) {
		cost, err = m.model.Days(ctx, b, yield)
		return err
	})
	return cost, err
}

// Wishes asks within the limits.
func (m *Limited) Wishes(ctx context.Context, b Brief) (wishes []Wish, cost ai.Cost, err error) {
	err = m.do(ctx, func(ctx context.Context) (err error) {
		wishes, cost, err = m.model.Wishes(ctx, b)
		return err
	})
	return wishes, cost, err
}

func (m *Limited) do(ctx context.Context, call func(context.Context) error) error {
	if err := m.acquire(ctx); err != nil {
		return err
	}
	err := m.guard.Do(ctx, func(ctx context.Context) error {
		err := call(ctx)
		if m.judge(ctx, err) {
			return err
		}
		return resilience.Permanent(err)
	})
	m.release(err)
	return err
}

// acquire waits for a place.
func (m *Limited) acquire(ctx context.Context) error {
	for {
		m.mu.Lock()
		wait := time.Until(m.until)
		if wait <= 0 && m.flying < int(m.limit) {
			m.flying++
			m.mu.Unlock()
			return nil
		}
		changed := m.changed
		m.mu.Unlock()
		if wait <= 0 {
			wait = waitMost // a place comes with a change
		}
		timer := time.NewTimer(wait)
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		timer.Stop()
	}
}

// release gives the place back and learns from what came of the call.
func (m *Limited) release(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.flying--
	busy, isBusy := errors.AsType[*BusyError](err)
	now := time.Now()
	switch {
	case isBusy:
		if now.Sub(m.halved) >= halveEvery {
			m.limit, m.halved = max(float64(m.limits.Least), m.limit/2), now
		}
		if until := now.Add(min(busy.RetryAfter, waitMost)); until.After(m.until) {
			m.until = until
		}
	case err == nil:
		m.limit = min(float64(m.limits.Most), m.limit+1/m.limit)
	}
	m.limitGauge.Set(m.limit)
	close(m.changed)
	m.changed = make(chan struct{})
}

// judge notes what came of a call and tells whether the provider itself is failing. Being busy, a refusal, and a caller
// who went away are no failures.
func (m *Limited) judge(ctx context.Context, err error) (failing bool) {
	_, busy := errors.AsType[*BusyError](err)
	_, refused := errors.AsType[*RefusedError](err)
	if busy || refused || err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.recent[m.calls%recentCalls] = err != nil
	m.calls++
	failed, seen := 0, min(m.calls, recentCalls)
	for _, f := range m.recent[:seen] {
		if f {
			failed++
		}
	}
	return err != nil && seen >= leastCalls && 2*failed >= seen
}

// Limit is how many calls may be under way at once now.
func (m *Limited) Limit() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int(m.limit)
}
