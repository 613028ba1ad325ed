package refine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tripgen/tripgen/internal/resilience"
	"github.com/tripgen/tripgen/services/ai"
)

// Limits bound the calls of the model under way.
type Limits struct {
	// Least and Most bound how many calls are under way at once; the limit starts at Start.
	Least, Start, Most int
}

// DefaultLimits suit a provider that allows some thousand calls a minute.
func DefaultLimits() Limits { return Limits{Least: 2, Start: 128, Most: 512} }

// Limited is a model whose calls keep to what the provider bears. Two things bound them:
//
// The provider's allowances: every answer's headers tell what remains of its limits on calls, input and output a minute.
// Before a call what it is expected to take is reserved, afterwards the provider's own count holds, so that hardly any
// call is refused, also where several processes share the limits.
//
// The number of calls at once: it grows by one for each round of calls that went well and is halved when the provider
// says that it is busy (additive increase, multiplicative decrease, as TCP's congestion control: Chiu and Jain 1989);
// while the provider asks to wait, nothing is sent.
//
// When at least half of the latest calls failed, the guard's breaker hears of failures and opens.
type Limited struct {
	model Model
	guard *resilience.Guard

	mu         sync.Mutex
	limits     Limits
	limit      float64
	flying     int
	until      time.Time // nothing is sent before
	halved     time.Time
	changed    chan struct{}
	recent     [recentCalls]bool // failed
	calls      int
	sent, told int64 // number of the latest call, and of the latest whose answer told the allowances
	allowances [ofAll]allowance
	shares     shares

	metrics limitMetrics
}

const (
	recentCalls = 20
	// leastCalls are looked at before the provider is judged.
	leastCalls = 8
	// firstCalls may be under way until an answer has told the allowances.
	firstCalls = 16
	// halveEvery: the calls that were under way when the limit was halved say nothing new.
	halveEvery = time.Second
	// waitMost bounds what the provider may ask to wait.
	waitMost = 30 * time.Second
)

// NewLimited puts limits and a guard around a model. metrics may be nil.
func NewLimited(model Model, guard *resilience.Guard, l Limits, metrics prometheus.Registerer) (*Limited, error) {
	m := &Limited{
		model: model, guard: guard, limits: l, limit: float64(l.Start), changed: make(chan struct{}), shares: shares{1, 1},
		metrics: newLimitMetrics(),
	}
	m.metrics.limit.Set(m.limit)
	if metrics == nil {
		return m, nil
	}
	return m, m.metrics.register(metrics)
}

// Days answers a brief within the limits.
func (m *Limited) Days(ctx context.Context, b Brief, yield func(Answer)) (ai.Cost, error) {
	z, err := sizeOf(instructions, b.City, question{b.Group, b.Days, b.Wishes}, tokensPerDay*len(b.Days))
	if err != nil {
		return ai.Cost{}, err
	}
	return m.do(ctx, z, func(ctx context.Context) (ai.Cost, error) { return m.model.Days(ctx, b, yield) })
}

// Wishes asks within the limits.
func (m *Limited) Wishes(ctx context.Context, b Brief) (wishes []Wish, cost ai.Cost, err error) {
	z, err := sizeOf(wishInstructions, b.City, question{b.Group, b.Days, b.Wishes}, tokensForWishes)
	if err != nil {
		return nil, ai.Cost{}, err
	}
	cost, err = m.do(ctx, z, func(ctx context.Context) (cost ai.Cost, err error) {
		wishes, cost, err = m.model.Wishes(ctx, b)
		return cost, err
	})
	return wishes, cost, err
}

// Advise asks within the limits.
func (m *Limited) Advise(ctx context.Context, v Visit) (advice Advice, cost ai.Cost, err error) {
	advisor, ok := m.model.(Advisor)
	if !ok {
		return Advice{}, ai.Cost{}, fmt.Errorf("%T gives no advice", m.model)
	}
	z, err := sizeOf(adviceInstructions, v.City, v, tokensForAdvice)
	if err != nil {
		return Advice{}, ai.Cost{}, err
	}
	cost, err = m.do(ctx, z, func(ctx context.Context) (cost ai.Cost, err error) {
		advice, cost, err = advisor.Advise(ctx, v)
		return cost, err
	})
	return advice, cost, err
}

func (m *Limited) do(ctx context.Context, z size, call func(context.Context) (ai.Cost, error)) (cost ai.Cost, err error) {
	began := time.Now()
	number, need, err := m.acquire(ctx, z)
	m.metrics.waited.Observe(time.Since(began).Seconds())
	if err != nil {
		return ai.Cost{}, err
	}
	reserved := need // what the provider has not counted yet
	err = m.guard.Do(ctx, func(ctx context.Context) error {
		var err error
		cost, err = call(listening(ctx, func(h http.Header) { m.heard(h, number, &reserved) }))
		if m.judge(ctx, err) {
			return err
		}
		return resilience.Permanent(err)
	})
	m.release(z, reserved, cost, err)
	return cost, err
}

// acquire waits for a place and for room in the allowances, and reserves what the call is expected to take. The number is
// the call's.
func (m *Limited) acquire(ctx context.Context, z size) (number int64, need amounts, err error) {
	for {
		m.mu.Lock()
		need = m.shares.need(z)
		wait, free := m.wait(need, time.Now())
		if wait <= 0 && free {
			m.flying++
			m.sent++
			number = m.sent
			for i := range need {
				m.allowances[i].reserved += need[i]
			}
			m.mu.Unlock()
			return number, need, nil
		}
		changed := m.changed
		m.mu.Unlock()
		if isOptional(ctx) {
			return 0, need, &BusyError{RetryAfter: max(0, wait), cause: errNoRoom}
		}
		if wait <= 0 {
			wait = waitMost // a place comes with a change
		}
		timer := time.NewTimer(wait)
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return 0, need, ctx.Err()
		}
		timer.Stop()
	}
}

var errNoRoom = errors.New("the limits leave no room for a call that can be done without")

// wait tells how long to wait for the provider, and whether there is a place; the lock must be held.
func (m *Limited) wait(need amounts, now time.Time) (wait time.Duration, free bool) {
	wait = m.until.Sub(now)
	for i := range m.allowances {
		wait = max(wait, m.allowances[i].wait(need[i], now))
	}
	return wait, m.flying < int(m.limit) && (m.told > 0 || m.flying < firstCalls)
}

// heard takes in the headers of an answer. The provider has counted the call and its input by now: they are no longer
// reserved. Its output it counts as it is made.
func (m *Limited) heard(h http.Header, number int64, reserved *amounts) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	latest := number > m.told
	m.told = max(m.told, number)
	for i := range m.allowances {
		a := &m.allowances[i]
		a.heard(h, i, latest, now)
		if i != ofOutput {
			a.reserved -= reserved[i]
			reserved[i] = 0
		}
		m.metrics.tell(allowanceNames[i], a, now)
	}
	m.tell()
}

// release gives the place and what is still reserved back, and learns from what came of the call.
func (m *Limited) release(z size, reserved amounts, cost ai.Cost, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.flying--
	now := time.Now()
	for i := range m.allowances {
		m.allowances[i].reserved -= reserved[i]
	}
	// What was made since the headers came is not in them. Of a call that was cut nobody tells how much it was; the next
	// answer's headers have it.
	m.allowances[ofOutput].remaining -= float64(cost.OutputTokens)
	busy, isBusy := errors.AsType[*BusyError](err)
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
		m.shares.learn(z, counted(cost))
	}
	m.metrics.limit.Set(m.limit)
	m.tell()
}

// tell wakes all who wait for a change; the lock must be held.
func (m *Limited) tell() {
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
