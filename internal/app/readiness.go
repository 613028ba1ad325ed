package app

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// Check asks one dependency whether it is there; nil means yes. It has to heed ctx.
type Check func(ctx context.Context) error

// Readiness knows whether a role should get traffic: when all that it cannot do without is there and it is not on its
// way out. It may be used by several goroutines.
type Readiness struct {
	mu       sync.RWMutex
	needed   map[string]Check
	optional map[string]Check
	draining bool
}

// State of one dependency, as /readyz shows it.
type State struct {
	// State is "ok" or "down".
	State string `json:"state"`
	// Needed tells whether the role is not ready without it.
	Needed bool `json:"needed"`
	// Error says what is wrong, when down.
	Error string `json:"error,omitempty"`
	// Millis is how long the check took.
	Millis int64 `json:"ms"`
}

// Report is what /readyz answers.
type Report struct {
	Ready        bool             `json:"ready"`
	Draining     bool             `json:"draining"`
	Dependencies map[string]State `json:"dependencies"`
}

// Need adds a dependency without which the role is not ready.
func (r *Readiness) Need(name string, check Check) { r.add(&r.needed, name, check) }

// Show adds a dependency whose state is told but does not decide, such as an outside provider's breaker.
func (r *Readiness) Show(name string, check Check) { r.add(&r.optional, name, check) }

func (r *Readiness) add(to *map[string]Check, name string, check Check) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if *to == nil {
		*to = make(map[string]Check)
	}
	(*to)[name] = check
}

// Drain turns readiness off for good.
func (r *Readiness) Drain() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.draining = true
}

// Report asks all dependencies at once and waits no longer than ctx.
func (r *Readiness) Report(ctx context.Context) Report {
	r.mu.RLock()
	needed, optional, draining := maps.Clone(r.needed), maps.Clone(r.optional), r.draining
	r.mu.RUnlock()

	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		states = make(map[string]State, len(needed)+len(optional))
	)
	ask := func(name string, check Check, need bool) {
		wg.Go(func() {
			s := askOne(ctx, check)
			s.Needed = need
			mu.Lock()
			defer mu.Unlock()
			states[name] = s
		})
	}
	for name, check := range optional {
		ask(name, check, false)
	}
	for name, check := range needed {
		ask(name, check, true)
	}
	wg.Wait()

	down := slices.ContainsFunc(slices.Collect(maps.Values(states)), func(s State) bool {
		return s.Needed && s.State != stateOK
	})
	return Report{Ready: !draining && !down, Draining: draining, Dependencies: states}
}

const stateOK = "ok"

func askOne(ctx context.Context, check Check) State {
	start := time.Now()
	err := check(ctx)
	s := State{State: stateOK, Millis: time.Since(start).Milliseconds()}
	if err != nil {
		s.State, s.Error = "down", err.Error()
	}
	return s
}
