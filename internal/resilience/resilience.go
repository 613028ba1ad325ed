// Package resilience keeps a failing dependency from taking its callers down: a time-out for each attempt, a few retries
// with jitter under a budget, and a circuit breaker. The breaker and the retrier are go-resiliency's.
package resilience

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/eapache/go-resiliency/breaker"
	"github.com/eapache/go-resiliency/retrier"
)

// ErrOpen comes at once while a breaker is open; the dependency was not asked.
var ErrOpen = breaker.ErrBreakerOpen

// Policy says how a dependency is called.
type Policy struct {
	// Name of the dependency, for metrics and readiness.
	Name string
	// Timeout bounds one attempt; zero leaves that to the caller's context.
	Timeout time.Duration
	// Retries after the first attempt; zero for calls that must not be repeated.
	Retries int
	// Backoff before the first retry, doubled with each further one and varied by half; zero for 50 ms.
	Backoff time.Duration
	// Failures that open the breaker, unless so much time as Cooldown lies between two of them; zero for 5.
	Failures int
	// Cooldown is how long the breaker stays open before it lets calls through again; zero for 5 s.
	Cooldown time.Duration
}

const (
	jitter = 0.5
	// successes close a breaker that is half open.
	successes = 2
	// retryShare of the calls may be retried, after a reserve of retryReserve: a dependency that is down gets a tenth
	// more calls, not several times as many.
	retryShare   = 0.1
	retryReserve = 10.0
)

// Guard calls one dependency by its policy. It may be used by several goroutines.
type Guard struct {
	policy  Policy
	breaker *breaker.Breaker
	retrier *retrier.Retrier
	budget  *Share
	observe func(outcome string)
}

func newGuard(p Policy, observe func(outcome string)) *Guard {
	if p.Backoff == 0 {
		p.Backoff = 50 * time.Millisecond
	}
	if p.Failures == 0 {
		p.Failures = 5
	}
	if p.Cooldown == 0 {
		p.Cooldown = 5 * time.Second
	}
	g := &Guard{
		policy: p, observe: observe,
		breaker: breaker.New(p.Failures, successes, p.Cooldown),
		budget:  NewShare(retryShare, retryReserve, retryReserve),
	}
	g.retrier = retrier.New(retrier.ExponentialBackoff(p.Retries, p.Backoff), g)
	g.retrier.SetJitter(jitter)
	g.retrier.WithSurfaceWorkErrors()
	return g
}

// permanent marks an error that says nothing about the dependency's health.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent marks an error for [Guard.Do]: the dependency works, and the same call would fail again (bad request, not
// found). It is neither retried nor held against the dependency. Nil stays nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return permanent{err}
}

// Do calls fn until it succeeds, fails for good, or time or retries run out, and gives its last error; [ErrOpen] while
// the breaker is open.
func (g *Guard) Do(ctx context.Context, fn func(context.Context) error) error {
	g.budget.Earn()
	err := g.retrier.RunCtx(ctx, func(ctx context.Context) error { return g.attempt(ctx, fn) })
	if p, ok := errors.AsType[permanent](err); ok {
		return p.error
	}
	if err != nil {
		return fmt.Errorf("%s: %w", g.policy.Name, err)
	}
	return nil
}

// Call is [Guard.Do] for functions with a result.
func Call[T any](ctx context.Context, g *Guard, fn func(context.Context) (T, error)) (T, error) {
	var result T
	err := g.Do(ctx, func(ctx context.Context) (err error) {
		result, err = fn(ctx)
		return err
	})
	return result, err
}

func (g *Guard) attempt(caller context.Context, fn func(context.Context) error) error {
	ctx, cancel := caller, context.CancelFunc(func() {})
	if g.policy.Timeout > 0 {
		ctx, cancel = context.WithTimeout(caller, g.policy.Timeout)
	}
	defer cancel()
	var err error
	refused := g.breaker.Run(func() error {
		err = fn(ctx)
		if harmless(caller, err) {
			return nil
		}
		return err
	})
	if errors.Is(refused, ErrOpen) && err == nil {
		err = ErrOpen
	}
	g.observe(outcome(caller, err))
	return err
}

// harmless errors are not the dependency's: none, a permanent one, or the caller went away.
func harmless(caller context.Context, err error) bool {
	_, isPermanent := errors.AsType[permanent](err)
	return err == nil || isPermanent || errors.Is(caller.Err(), context.Canceled)
}

func outcome(caller context.Context, err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, ErrOpen):
		return "refused"
	case harmless(caller, err):
		return "rejected"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	default:
		return "failed"
	}
}

// Classify decides on a retry, for the retrier.
func (g *Guard) Classify(err error) retrier.Action {
	if err == nil {
		return retrier.Succeed
	}
	_, isPermanent := errors.AsType[permanent](err)
	if isPermanent || errors.Is(err, ErrOpen) || errors.Is(err, context.Canceled) || !g.budget.Spend() {
		return retrier.Fail
	}
	return retrier.Retry
}

// State is "closed" (calls go through), "open" (they are refused) or "half-open" (it is being tried).
func (g *Guard) State() string {
	switch g.breaker.GetState() {
	case breaker.Open:
		return "open"
	case breaker.HalfOpen:
		return "half-open"
	default:
		return "closed"
	}
}

// Check is for readiness: an error while the breaker is open. It asks nobody.
func (g *Guard) Check(context.Context) error {
	if g.breaker.GetState() == breaker.Open {
		return ErrOpen
	}
	return nil
}
