package lookout_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/internal/seal/sealtest"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/lookout"
	"github.com/tripgen/tripgen/services/trip/postgres"
	"github.com/tripgen/tripgen/services/trip/triptest"
	"github.com/tripgen/tripgen/services/trip/wake"
)

// eye counts the looks after each trip, and marks them as taken in the store unless it is blind.
type eye struct {
	store triptest.Store
	clock clock.Clock
	seen  chan string

	mu    sync.Mutex
	blind bool
	looks map[string]int
}

func (e *eye) Check(ctx context.Context, owner, tripID string) (trip.Checked, error) {
	e.mu.Lock()
	blind := e.blind
	e.looks[tripID]++
	e.mu.Unlock()
	defer func() { e.seen <- tripID }()
	if blind {
		return trip.Checked{}, errs.Unavailable(context.DeadlineExceeded)
	}
	return trip.Checked{Raised: 1}, e.store.UpdateAlerts(ctx, owner, tripID, trip.Once{}, func(t *trip.Trip, _ []trip.Alert) ([]trip.Alert, error) {
		t.Looked = e.clock.Now()
		return nil, nil
	})
}

func store(t *testing.T, c clock.Clock) triptest.Store {
	t.Helper()
	sealer, _ := sealtest.New(t)
	return postgres.New(postgres.Deps{
		Pool: postgrestest.New(t, postgres.Migrations()), Seal: sealer, Clock: c, IDs: id.Random{},
		Waker: wake.NewHub(nil, slog.New(slog.DiscardHandler)),
	})
}

// [T9] Several processes look after all trips that are due, each trip once a day, and again where a look failed.
func TestEachDueTripIsLookedAfterByOneProcess(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(time.Date(2027, 5, 25, 4, 0, 0, 0, time.UTC))
	s := store(t, c)
	const trips, processes = 100, 3
	want := make([]string, trips)
	for i := range want {
		made := triptest.Sample(id.Random{}, c.Now())
		if err := s.Create(t.Context(), made, trip.Once{}); err != nil {
			t.Fatal(err)
		}
		_, err := s.AddVersion(t.Context(), made.Owner, made.ID, trip.Once{}, func(*trip.Trip) (trip.Itinerary, error) {
			return trip.Itinerary{Plan: trip.Plan{Document: trip.Document("x")}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		want[i] = made.ID
	}
	e := &eye{store: s, clock: c, seen: make(chan string, 4*trips), looks: map[string]int{}}
	metrics := prometheus.NewRegistry()
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for range processes {
		l, err := lookout.New(lookout.Deps{
			Trips: s, Checker: e, Metrics: metrics, Clock: c, Log: slog.New(slog.DiscardHandler), Every: time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		running.Go(func() {
			if err := l.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	round := func(times int) {
		t.Helper()
		var seen []string
		for range trips {
			seen = append(seen, <-e.seen)
		}
		slices.Sort(seen)
		slices.Sort(want)
		if !slices.Equal(seen, want) {
			t.Fatalf("looked after %d trips, some twice", len(slices.Compact(seen)))
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		for tripID, n := range e.looks {
			if n != times {
				t.Fatalf("%s was looked after %d times, want %d", tripID, n, times)
			}
		}
	}
	c.Advance(time.Hour) // 7:00 in Munich
	round(1)
	e.mu.Lock()
	e.blind = true
	e.mu.Unlock()
	c.Advance(24 * time.Hour)
	round(2)
	e.mu.Lock()
	e.blind = false
	e.mu.Unlock()
	c.Advance(10 * time.Minute) // the lease is over
	round(3)
	stop()
	running.Wait()
	if n := testutil.CollectAndCount(metrics, "tripgen_trip_looks_total"); n != 2 {
		t.Errorf("%d outcomes, want complete and failed", n)
	}
}
