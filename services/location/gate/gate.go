// Package gate stands between the adapters and their providers, one gate for each provider and operation: a time-out, a
// few retries inside a budget and a breaker (internal/resilience), a bulkhead, the provider's quota, a pause while it
// asks for one, a hedged second request, and what calls cost, with a daily cap. What a gate refuses it refuses at once:
// the next source is asked instead.
package gate

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/resilience"
	"github.com/tripgen/tripgen/internal/telemetry"
	"github.com/tripgen/tripgen/services/location/upstream"
)

var (
	// ErrFull comes while as many calls as allowed are under way.
	ErrFull = errors.New("too many calls under way")
	// ErrQuota comes when a call would exceed the provider's quota.
	ErrQuota = errors.New("the quota is used up for now")
	// ErrPaused comes while the provider asks to wait.
	ErrPaused = errors.New("the provider asked to wait")
	// ErrCap comes when the day's money is spent.
	ErrCap = errors.New("the day's budget is spent")
)

// Policy is how one operation of a provider is called.
type Policy struct {
	Provider, Operation string
	// Timeout of an attempt, retries after the first, failures that open the breaker and how long it stays open.
	Timeout, Cooldown time.Duration
	Retries, Failures int
	// Parallel calls at most; zero for 16.
	Parallel int
	// PerSecond calls at most on average, with bursts of as many; zero for no quota.
	PerSecond float64
	// Hedge is after what time without an answer a second request is sent; zero for never. Only for calls without side
	// effects, and for a tenth of the calls at most.
	Hedge time.Duration
	// MicroUSD is what a call costs by the price list, in millionths of a US dollar.
	MicroUSD int64
}

// Purse counts what is spent with a provider in a day, in all processes.
type Purse interface {
	// Take spends an amount unless the day's sum would exceed most; false if it would.
	Take(ctx context.Context, provider string, microUSD, most int64) bool
}

const (
	defaultParallel = 16
	// quotaWait is how long a call may wait for its turn.
	quotaWait = 50 * time.Millisecond
	// pauseLeast and pauseMost bound what a busy provider may ask to wait.
	pauseLeast = time.Second
	pauseMost  = time.Minute
)

// Gate is the way to one operation. It may be used by several goroutines.
type Gate struct {
	policy Policy
	guard  *resilience.Guard
	places chan struct{}
	quota  *rate.Limiter
	hedges *resilience.Share
	purse  Purse
	most   int64
	clock  clock.Clock

	mu    sync.Mutex
	until time.Time

	calls, refused prometheus.Counter
	cost           prometheus.Counter
}

// Set makes the gates of a process.
type Set struct {
	Guards  *resilience.Set
	Clock   clock.Clock
	Metrics prometheus.Registerer
	// Purse counts money; nil for none.
	Purse Purse
	// DayBudget is what may be spent with each provider a day, in millionths of a US dollar; none or zero for no cap.
	DayBudget map[string]int64
}

// Gate makes the gate of an operation.
func (s Set) Gate(p Policy) (*Gate, error) {
	if p.Parallel == 0 {
		p.Parallel = defaultParallel
	}
	g := &Gate{
		policy: p, places: make(chan struct{}, p.Parallel), purse: s.Purse, most: s.DayBudget[p.Provider], clock: s.Clock,
		quota: rate.NewLimiter(rate.Inf, 1), hedges: resilience.NewShare(hedgeShare, 1, hedgesSaved),
		guard: s.Guards.Guard(resilience.Policy{
			Name: p.Provider + " " + p.Operation, Timeout: p.Timeout, Retries: p.Retries, Failures: p.Failures, Cooldown: p.Cooldown,
		}),
	}
	if p.PerSecond > 0 {
		g.quota = rate.NewLimiter(rate.Limit(p.PerSecond), max(1, int(p.PerSecond)))
	}
	return g, g.register(s.Metrics)
}

// Call makes one call through a gate.
func Call[T any](ctx context.Context, g *Gate, fn func(context.Context) (T, error)) (T, error) {
	var none T
	if err := g.enter(ctx); err != nil {
		g.refused.Inc()
		return none, fmt.Errorf("%s %s: %w", g.policy.Provider, g.policy.Operation, err)
	}
	defer func() { <-g.places }()
	return resilience.Call(ctx, g.guard, func(ctx context.Context) (T, error) {
		result, err := hedged(ctx, g, func(ctx context.Context) (T, error) {
			if err := g.pay(ctx); err != nil {
				return none, resilience.Permanent(err)
			}
			return fn(ctx)
		})
		if busy, ok := errors.AsType[*upstream.BusyError](err); ok {
			g.pause(busy.RetryAfter)
			err = resilience.Permanent(err) // it works; asking again at once is what it does not want
		}
		return result, err
	})
}

// enter takes a place, or says why there is none.
func (g *Gate) enter(ctx context.Context) error {
	g.mu.Lock()
	paused := g.clock.Now().Before(g.until)
	g.mu.Unlock()
	if paused {
		return ErrPaused
	}
	if g.guard.State() == "open" {
		return resilience.ErrOpen
	}
	select {
	case g.places <- struct{}{}:
	default:
		return ErrFull
	}
	turn, cancel := context.WithTimeout(ctx, quotaWait)
	defer cancel()
	if err := g.quota.Wait(turn); err != nil {
		<-g.places
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return ErrQuota
	}
	return nil
}

// pay counts an attempt and what it costs.
func (g *Gate) pay(ctx context.Context) error {
	if g.policy.MicroUSD > 0 && g.most > 0 && g.purse != nil && !g.purse.Take(ctx, g.policy.Provider, g.policy.MicroUSD, g.most) {
		g.refused.Inc()
		return ErrCap
	}
	g.calls.Inc()
	g.cost.Add(float64(g.policy.MicroUSD))
	return nil
}

func (g *Gate) pause(asked time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := g.clock.Now().Add(min(max(asked, pauseLeast), pauseMost)); until.After(g.until) {
		g.until = until
	}
}

// hedged sends a second request when the first takes long; the first good answer counts.
func hedged[T any](ctx context.Context, g *Gate, fn func(context.Context) (T, error)) (T, error) {
	if g.policy.Hedge == 0 {
		return fn(ctx)
	}
	g.hedges.Earn()
	type answer struct {
		value T
		err   error
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the slower one
	answers := make(chan answer, 2)
	send := func() {
		value, err := fn(ctx)
		answers <- answer{value, err}
	}
	go send()
	timer := time.NewTimer(g.policy.Hedge)
	defer timer.Stop()
	flying := 1
	for {
		select {
		case a := <-answers:
			if flying--; a.err == nil || flying == 0 {
				return a.value, a.err
			}
		case <-timer.C:
			if flying == 1 && g.hedges.Spend() {
				flying++
				go send()
			}
		}
	}
}

const (
	// hedgeShare of the calls may get a second request, and hedgesSaved of them at most one after the other.
	hedgeShare  = 0.1
	hedgesSaved = 10
)

func (g *Gate) register(metrics prometheus.Registerer) error {
	labels := []string{"provider", "operation"}
	counter := func(name, help string) (prometheus.Counter, error) {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		if metrics != nil {
			var err error
			if c, err = telemetry.Register(metrics, c); err != nil {
				return nil, err
			}
		}
		return c.WithLabelValues(g.policy.Provider, g.policy.Operation), nil
	}
	var errs [3]error
	g.calls, errs[0] = counter("tripgen_provider_calls_total", "Requests sent to providers of places, routes and weather.")
	g.refused, errs[1] = counter("tripgen_provider_refused_total", "Requests not sent: bulkhead, quota, pause, breaker or budget.")
	g.cost, errs[2] = counter("tripgen_provider_cost_micro_usd_total", "What the requests cost by the price list, in millionths of a US dollar; simulated ones cost nothing.")
	return errors.Join(errs[:]...)
}
