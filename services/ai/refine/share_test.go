package refine_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/refine"
)

type memory struct {
	mu     sync.Mutex
	values map[string][]byte
	away   bool
}

func (m *memory) Get(_ context.Context, keys []string) ([][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return nil, errors.New("away")
	}
	out := make([][]byte, len(keys))
	for i, key := range keys {
		out[i] = m.values[key]
	}
	return out, nil
}

func (m *memory) Put(_ context.Context, key string, value []byte, _ time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[key] = value
	return nil
}

func brief(wishes string, days ...refine.Day) refine.Brief {
	return refine.Brief{City: refine.City{ID: "munich"}, Group: refine.Group{Mode: "car"}, Days: days, Wishes: wishes}
}

func day(number int, date string, ids ...string) refine.Day {
	d := refine.Day{Number: number, Date: date, Weekday: "Monday"}
	for _, placeID := range ids {
		d.Draft = append(d.Draft, refine.Stop{ID: placeID, Kind: "visit", Arrive: date})
	}
	return d
}

// metric gives the value of a counter or gauge with these values of labels.
func metric(t *testing.T, from prometheus.Gatherer, name string, labels ...string) float64 {
	t.Helper()
	families, err := from.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			var values []string
			for _, label := range m.GetLabel() {
				values = append(values, label.GetValue())
			}
			if family.GetName() == name && slices.Equal(values, labels) {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return 0
}

// [A7] Equal days are asked for once, and what that saved is counted; what is personal is not shared.
func TestEqualDaysAreAskedForOnce(t *testing.T) {
	t.Parallel()
	model := &fake{days: func(_ context.Context, b refine.Brief, yield func(refine.Answer)) (ai.Cost, error) {
		for _, d := range b.Days {
			yield(refine.Answer{Number: d.Number, Stops: []refine.Choice{{ID: d.Draft[0].ID}}})
		}
		return ai.Cost{Calls: 1, MicroUSD: 10}, nil
	}}
	metrics := prometheus.NewRegistry()
	cache := &memory{values: map[string][]byte{}}
	s, err := refine.NewShared(model, cache, func() string { return "m" }, slog.New(slog.DiscardHandler), metrics)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		brief refine.Brief
		// In all:
		calls                        int64
		saved, hits, misses, private float64 // money in millionths; days
	}{
		{"first", brief("", day(1, "2026-05-04", "a"), day(2, "2026-05-05", "b")), 1, 0, 0, 2, 0},
		{"again, on other days of another trip", brief("", day(7, "2026-06-01", "b"), day(8, "2026-06-02", "a")), 1, 10, 2, 2, 0},
		{"one of them new", brief("", day(1, "2026-05-04", "a"), day(2, "2026-05-05", "c")), 2, 15, 3, 3, 0},
		{"another order of stops", brief("", day(1, "2026-05-04", "b", "a")), 3, 15, 3, 4, 0},
		{"with own words", brief("quiet", day(1, "2026-05-04", "a")), 4, 15, 3, 4, 1},
		{"with own words again", brief("quiet", day(1, "2026-05-04", "a")), 5, 15, 3, 4, 2},
	} {
		got := map[int]string{}
		if _, err := s.Days(t.Context(), c.brief, func(a refine.Answer) { got[a.Number] = a.Stops[0].ID }); err != nil {
			t.Fatal(err)
		}
		for _, d := range c.brief.Days {
			if got[d.Number] != d.Draft[0].ID {
				t.Errorf("%s: day %d is answered with %q", c.name, d.Number, got[d.Number])
			}
		}
		if model.calls.Load() != c.calls {
			t.Errorf("%s: %d calls in all, want %d", c.name, model.calls.Load(), c.calls)
		}
		if saved := metric(t, metrics, "tripgen_shared_saved_micro_usd_total"); saved != c.saved {
			t.Errorf("%s: saved %v in all, want %v", c.name, saved, c.saved)
		}
		for outcome, want := range map[string]float64{"hit": c.hits, "miss": c.misses, "private": c.private} {
			if got := metric(t, metrics, "tripgen_shared_days_total", outcome); got != want {
				t.Errorf("%s: %v days in all are a %s, want %v", c.name, got, outcome, want)
			}
		}
	}
	cache.away = true
	if _, err := s.Days(t.Context(), brief("", day(1, "2026-05-04", "a")), none); err != nil || model.calls.Load() != 6 {
		t.Errorf("without the cache: %v, %d calls", err, model.calls.Load())
	}
}
