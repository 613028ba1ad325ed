// Command location lets each provider of places, details and weather fail in turn, in each way that providers do, and
// measures what travellers notice: whether every question is answered, how much longer it takes, and how soon a breaker
// opens and closes again. It needs a Redis server, named by TRIPGEN_TEST_REDIS.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/tripgen/tripgen/bench/report"
	"github.com/tripgen/tripgen/internal/cache"
	"github.com/tripgen/tripgen/internal/simulator/faults"
)

const (
	limit = 10 * time.Minute
	// healthy, failing and healing are how long each phase lasts at most.
	healthy = time.Second
	failing = 3 * time.Second
	healing = 6 * time.Second
)

// kinds are the ways to fail.
var kinds = []struct {
	name   string
	config faults.Config
	// breaks is true where the breaker has to open. A provider that is busy is left alone as it asks, without one; one that
	// fails now and then may open it or not.
	breaks bool
	// hidden is true where Google's client hides the fault.
	hidden bool
}{
	{"slow", faults.Config{P50: faults.Duration(3 * time.Second), P99: faults.Duration(6 * time.Second)}, true, false},
	{"down", faults.Config{ErrorRate: 1, Status: 503}, true, false},
	{"429", faults.Config{BusyRate: 1, RetryAfter: 2}, false, false},
	{"truncated", faults.Config{TruncateRate: 1}, true, false},
	{"renamed fields", faults.Config{RenameRate: 1}, true, true},
	{"missing fields", faults.Config{MissingRate: 1}, true, true},
	{"hanging", faults.Config{HangRate: 1}, true, false},
	{"one call in three failing", faults.Config{ErrorRate: 0.34, Status: 500}, false, false},
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "faults location: "+err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	address := os.Getenv("TRIPGEN_TEST_REDIS")
	if address == "" {
		return errors.New("TRIPGEN_TEST_REDIS is not set: run make faults-location")
	}
	client, err := cache.Open(ctx, address)
	if err != nil {
		return err
	}
	defer client.Close() //nolint:errcheck // nothing is lost
	w, err := newWorld(client)
	if err != nil {
		return err
	}
	defer w.close()
	r := report.New("Location under its providers' faults")
	r.Add("%d callers ask for what nobody asked before (no cache helps), %v before the fault, %v under it, and until the breaker closes after it. A call of a provider may take %v, a breaker stays open for %v.\n",
		callers, healthy, failing, providerTimeout, cooldown)
	r.Add("| provider | fault | questions | answered | p99 before | p99 under | breaker opened after | closed after healing | who answered |")
	r.Add("|---|---|---|---|---|---|---|---|---|")
	sum := summary{}
	for _, provider := range []string{"kakao", "google", "openweather", "openmeteo"} {
		for _, kind := range kinds {
			result, err := w.try(ctx, provider, kind.config, kind.breaks)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", provider, kind.name, err)
			}
			sum.add(result, kind.breaks && !(provider == "google" && kind.hidden))
			r.Add("| %s | %s | %d | %.2f%% | %.0f ms | %.0f ms | %s | %s | %s |", provider, kind.name, result.asked,
				100*float64(result.answered)/float64(result.asked), ms(result.before), ms(result.under), told(result.opened), told(result.closed), result.by)
		}
	}
	r.Add("\nA search of Google's whose fields are renamed or missing looks like one without results, because Google's client leaves out what it does not know: it is believed for ten minutes at most, and the next source answers.")
	sum.goals(r)
	if err := r.Finish("docs/benchmarks/location-faults.md", "make faults-location"); err != nil {
		return err
	}
	if !r.Met() {
		return errors.New("a goal is missed")
	}
	return nil
}

// summary is over all trials.
type summary struct {
	asked, answered, unopened, unclosed int
	added, opened, closed               time.Duration
}

func (s *summary) add(r result, breaks bool) {
	s.asked, s.answered = s.asked+r.asked, s.answered+r.answered
	s.added = max(s.added, r.under-r.before)
	s.opened, s.closed = max(s.opened, r.opened), max(s.closed, r.closed)
	if breaks && r.opened == 0 {
		s.unopened++
	}
	if r.opened > 0 && r.closed == 0 {
		s.unclosed++
	}
}

func (s *summary) goals(r *report.Report) {
	r.Goal("questions answered under faults, percent", 100*float64(s.answered)/float64(s.asked), ">=", 100)
	r.Goal("p99 added by a fault, most, ms", ms(s.added), "<=", 1500)
	r.Goal("time for a breaker to open, most, ms", ms(s.opened), "<=", 2500)
	r.Goal("time for a breaker to close after healing, most, ms", ms(s.closed), "<=", 5000)
	r.Goal("breakers that had to open and did not", float64(s.unopened), "=", 0)
	r.Goal("breakers that did not close again", float64(s.unclosed), "=", 0)
}

func told(d time.Duration) string {
	if d == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f ms", ms(d))
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
