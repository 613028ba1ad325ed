package refine_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tripgen/tripgen/internal/resilience"
	"github.com/tripgen/tripgen/internal/simulator/anthropic"
	"github.com/tripgen/tripgen/services/ai/refine"
)

// [A1] The provider's limits a minute are kept from what its answers tell: hardly a call is refused, and all are answered.
func TestCallsKeepToTheProvidersLimitsAMinute(t *testing.T) {
	t.Parallel()
	long := twoDays()
	long.Wishes = strings.Repeat("four", 500)
	for name, c := range map[string]struct {
		config anthropic.Config
		brief  refine.Brief
		// calls are a twentieth more than the limit admits at once: the last ones have to wait for some seconds.
		calls, callers int
	}{
		"calls":  {anthropic.Config{CallsPerMinute: 120}, twoDays(), 126, 40},
		"input":  {anthropic.Config{InputTokensPerMinute: 37_500}, long, 70, 40},
		"output": {anthropic.Config{OutputTokensPerMinute: 15_000}, twoDays(), 112, 4}, // calls under way hide it
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bare, kept := anthropic.New(c.config), anthropic.New(c.config)
			m, _ := limited(t, claude(t, kept.Handler()), refine.DefaultLimits())
			askAll(t, claude(t, bare.Handler()), c.brief, c.calls, c.callers)
			askAll(t, m, c.brief, c.calls, c.callers)
			if bare.Counts().Busy == 0 {
				t.Errorf("without keeping to the limits nothing was refused: %+v", bare.Counts())
			}
			if n := kept.Counts(); n.Answered != int64(c.calls) || n.Busy*50 > n.Calls {
				t.Errorf("refused %d of %d calls, answered %d; without keeping to the limits refused %d", n.Busy, n.Calls, n.Answered, bare.Counts().Busy)
			}
		})
	}
}

// askAll has callers ask until each of the calls is answered.
func askAll(t *testing.T, model refine.Model, b refine.Brief, calls, callers int) {
	t.Helper()
	var left atomic.Int64
	left.Store(int64(calls))
	var asking sync.WaitGroup
	for range callers {
		asking.Go(func() {
			for left.Add(-1) >= 0 {
				for {
					_, err := model.Days(t.Context(), b, none)
					busy, ok := errors.AsType[*refine.BusyError](err)
					if err != nil && !ok {
						t.Error(err)
					}
					if !ok {
						break
					}
					select {
					case <-time.After(busy.RetryAfter):
					case <-t.Context().Done():
						return
					}
				}
			}
		})
	}
	asking.Wait()
}

// A call that can be done without does not wait for room: it would take it from those that cannot.
func TestOptionalCallsAreMadeOnlyWhereThereIsRoom(t *testing.T) {
	t.Parallel()
	simulator := anthropic.New(anthropic.Config{CallsPerMinute: 2})
	guards, err := resilience.NewSet(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	metrics := prometheus.NewRegistry()
	m, err := refine.NewLimited(claude(t, simulator.Handler()), guards.Guard(resilience.Policy{Name: "model"}), refine.DefaultLimits(), metrics)
	if err != nil {
		t.Fatal(err)
	}
	optional := refine.Optional(t.Context())
	for range 2 {
		if _, err := m.Days(optional, twoDays(), none); err != nil {
			t.Fatal(err)
		}
	}
	var busy *refine.BusyError
	if _, err := m.Days(optional, twoDays(), none); !errors.As(err, &busy) || busy.RetryAfter <= 0 {
		t.Errorf("without room: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := m.Days(ctx, twoDays(), none); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a call that waits for room: %v", err)
	}
	if n := simulator.Counts(); n.Calls != 2 {
		t.Errorf("the provider got %d calls", n.Calls)
	}
	if allowed, room := metric(t, metrics, "tripgen_model_allowance", "requests"), metric(t, metrics, "tripgen_model_allowance_room", "requests"); allowed != 2 || room >= 1 {
		t.Errorf("the metrics tell of %v calls a minute and room for %v", allowed, room)
	}
}

// What calls that were cut or failed had reserved is given back.
func TestFailedCallsGiveBackWhatTheyReserved(t *testing.T) {
	t.Parallel()
	simulator := anthropic.New(anthropic.Config{OutputTokensPerMinute: 20_000, ErrorRate: 1})
	m, _ := limited(t, claude(t, simulator.Handler()), refine.DefaultLimits())
	for range 7 { // each reserves 8,000 of output
		_, _ = m.Days(t.Context(), twoDays(), none)
	}
	simulator.Configure(anthropic.Config{OutputTokensPerMinute: 20_000})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := m.Days(ctx, twoDays(), none); err != nil {
		t.Errorf("after failed calls: %v", err)
	}
}
