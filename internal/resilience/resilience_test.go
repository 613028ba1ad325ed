package resilience_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/resilience"
)

func newSet(t *testing.T) (*resilience.Set, *prometheus.Registry) {
	t.Helper()
	metrics := prometheus.NewRegistry()
	set, err := resilience.NewSet(metrics)
	if err != nil {
		t.Fatal(err)
	}
	return set, metrics
}

// bubble runs a test on its own time and lets the open breakers' timers run out.
func bubble(t *testing.T, test func(*testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(t)
		time.Sleep(time.Minute)
	})
}

// failing counts its calls and fails the first n of them.
func failing(calls *int, n int, err error) func(context.Context) error {
	return func(context.Context) error {
		if *calls++; *calls <= n {
			return err
		}
		return nil
	}
}

func TestDoRetriesWhatMayPass(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		set, _ := newSet(t)
		g := set.Guard(resilience.Policy{Name: "x", Retries: 2})
		var calls int
		if err := g.Do(t.Context(), failing(&calls, 2, io.EOF)); err != nil || calls != 3 {
			t.Errorf("Do = %v after %d calls", err, calls)
		}
		calls = 0
		if err := g.Do(t.Context(), failing(&calls, 9, io.EOF)); !errors.Is(err, io.EOF) || calls != 3 {
			t.Errorf("Do = %v after %d calls", err, calls)
		}
	})
}

func TestDoRepeatsNothingThatIsPermanentAndNeverHoldsItAgainstTheDependency(t *testing.T) {
	t.Parallel()
	set, _ := newSet(t)
	g := set.Guard(resilience.Policy{Name: "x", Retries: 2, Failures: 2})
	for range 10 {
		var calls int
		err := g.Do(t.Context(), failing(&calls, 9, resilience.Permanent(io.EOF)))
		if err != io.EOF || calls != 1 { // the mark has to be gone
			t.Fatalf("Do = %v after %d calls", err, calls)
		}
	}
	if g.State() != "closed" {
		t.Errorf("the breaker is %s", g.State())
	}
}

func TestAnAttemptIsBoundedInTimeAndACallerThatLeavesIsNoFailure(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		set, _ := newSet(t)
		hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		g := set.Guard(resilience.Policy{Name: "slow", Timeout: time.Second, Failures: 3})
		start := time.Now()
		if err := g.Do(t.Context(), hang); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("Do = %v after %v", err, time.Since(start))
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		for range 10 {
			if err := g.Do(gone, hang); !errors.Is(err, context.Canceled) {
				t.Errorf("Do = %v", err)
			}
		}
		if g.State() != "closed" {
			t.Errorf("the breaker is %s", g.State())
		}
	})
}

func TestTheBreakerOpensShowsItselfAndClosesAgain(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		set, metrics := newSet(t)
		g := set.Guard(resilience.Policy{Name: "claude", Failures: 3, Cooldown: time.Second})
		if set.Guard(resilience.Policy{Name: "claude"}) != g {
			t.Error("one dependency has two guards")
		}
		var ready app.Readiness
		set.Show(&ready)
		var calls int
		for range 3 {
			_ = g.Do(t.Context(), failing(&calls, 9, io.EOF))
		}
		calls = 0
		if err := g.Do(t.Context(), failing(&calls, 0, nil)); !errors.Is(err, resilience.ErrOpen) || calls != 0 {
			t.Errorf("Do = %v after %d calls", err, calls)
		}
		if got := set.States()["claude"]; got != "open" {
			t.Errorf("state is %q", got)
		}
		report := ready.Report(t.Context())
		if !report.Ready || report.Dependencies["claude"].State != "down" {
			t.Errorf("readiness is %+v", report)
		}
		want := `# HELP tripgen_dependency_open 1 while calls to the dependency are refused by its breaker.
# TYPE tripgen_dependency_open gauge
tripgen_dependency_open{dependency="claude"} 1
`
		if err := testutil.GatherAndCompare(metrics, strings.NewReader(want), "tripgen_dependency_open"); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Second) // the bubble's time: none passes
		for range 2 {
			if err := g.Do(t.Context(), failing(&calls, 0, nil)); err != nil {
				t.Errorf("Do = %v", err)
			}
		}
		if g.State() != "closed" {
			t.Errorf("the breaker is %s", g.State())
		}
	})
}

func TestRetriesHaveABudget(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		set, _ := newSet(t)
		g := set.Guard(resilience.Policy{Name: "down", Retries: 3, Failures: 10_000})
		var calls int
		for range 100 {
			_ = g.Do(t.Context(), failing(&calls, 1000, io.EOF))
		}
		if calls < 110 || calls > 121 {
			t.Errorf("100 calls to a dead dependency became %d", calls)
		}
	})
}

func TestCallGivesTheResult(t *testing.T) {
	t.Parallel()
	set, _ := newSet(t)
	got, err := resilience.Call(t.Context(), set.Guard(resilience.Policy{Name: "x"}), func(context.Context) (int, error) {
		return 7, nil
	})
	if got != 7 || err != nil {
		t.Errorf("Call = %d, %v", got, err)
	}
}
