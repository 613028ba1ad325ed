package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/resilience"
	"github.com/tripgen/tripgen/internal/simulator/faults"
	googlesimulator "github.com/tripgen/tripgen/internal/simulator/google"
	kakaosimulator "github.com/tripgen/tripgen/internal/simulator/kakao"
	meteosimulator "github.com/tripgen/tripgen/internal/simulator/openmeteo"
	weathersimulator "github.com/tripgen/tripgen/internal/simulator/openweather"
	"github.com/tripgen/tripgen/internal/simulator/sky"
	"github.com/tripgen/tripgen/internal/simulator/world"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/builtin"
	"github.com/tripgen/tripgen/services/location/climate"
	"github.com/tripgen/tripgen/services/location/sources"
)

const (
	callers = 6
	// pace is between two questions of a caller.
	pace            = 40 * time.Millisecond
	providerTimeout = time.Second
	cooldown        = 2 * time.Second
	// usual is how long the simulated providers take when nothing is wrong.
	usual = 20 * time.Millisecond
)

var well = faults.Config{P50: faults.Duration(usual), P99: faults.Duration(3 * usual)}

// simulated is one provider behind its faults.
type simulated struct {
	faults *faults.Provider
	server *httptest.Server
}

// trialWorld is what all trials share: the simulators, Redis and the built-in places.
type trialWorld struct {
	redis     *redis.Client
	providers map[string]simulated
	catalog   *location.Live
	cities    []location.City
}

func newWorld(client *redis.Client) (*trialWorld, error) {
	places, err := world.Load()
	if err != nil {
		return nil, err
	}
	cities, builtins, err := builtin.Load(time.Now())
	if err != nil {
		return nil, err
	}
	w := &trialWorld{redis: client, providers: make(map[string]simulated), cities: cities}
	w.catalog = location.NewLive(location.NewCatalog(cities, builtins))
	for name, handler := range map[string]http.Handler{
		"kakao": kakaosimulator.Handler(places), "google": googlesimulator.New(places),
		"openweather": weathersimulator.Handler(clock.System{}.Now, new(sky.Sky)), "openmeteo": meteosimulator.Handler(new(sky.Sky)),
	} {
		provider := faults.New(handler, well, 1)
		w.providers[name] = simulated{provider, httptest.NewServer(provider)}
	}
	return w, nil
}

func (w *trialWorld) close() {
	for _, p := range w.providers {
		p.server.CloseClientConnections()
		p.server.Close()
	}
}

// service is a location service as a process has it, with nothing in its caches.
type service struct {
	*sources.Sources
	guards  *resilience.Set
	finder  *location.Finder
	outlook *location.Outlook
}

func (w *trialWorld) service(ctx context.Context, provider string) (*service, error) {
	if err := w.redis.FlushDB(ctx).Err(); err != nil { // the runner's own server
		return nil, err
	}
	metrics := prometheus.NewRegistry()
	guards, err := resilience.NewSet(metrics)
	if err != nil {
		return nil, err
	}
	c := sources.Config{Timeout: providerTimeout, Cooldown: cooldown}
	c.Kakao.Key, c.Kakao.LocalURL, c.Kakao.MobilityURL = "simulated", w.providers["kakao"].server.URL, w.providers["kakao"].server.URL
	c.Google.Key, c.Google.PlacesURL, c.Google.RoutesURL = "simulated", w.providers["google"].server.URL, w.providers["google"].server.URL
	if provider == "openweather" {
		c.OpenWeather.Key, c.OpenWeather.URL = "simulated", w.providers["openweather"].server.URL
	}
	c.OpenMeteo.URL, c.OpenMeteo.AirURL = w.providers["openmeteo"].server.URL, w.providers["openmeteo"].server.URL
	quiet := slog.New(slog.DiscardHandler)
	s, err := sources.New(ctx, c, sources.Deps{Redis: w.redis, Guards: guards, Clock: clock.System{}, Log: quiet, Metrics: metrics})
	if err != nil {
		return nil, err
	}
	normals, err := climate.New(w.cities, time.Now())
	if err != nil {
		return nil, err
	}
	return &service{
		Sources: s, guards: guards, finder: s.Finder(w.catalog, quiet),
		outlook: location.NewOutlook(s.Weather, s.Air, normals, s.Borders.ZoneAt, quiet),
	}, nil
}

// result is what a trial showed.
type result struct {
	asked, answered int
	before, under   time.Duration // p99
	opened, closed  time.Duration // zero if it did not
	by              string
}

// try asks a provider's questions before, under and after a fault of it.
func (w *trialWorld) try(ctx context.Context, provider string, fault faults.Config, breaks bool) (result, error) {
	s, err := w.service(ctx, provider)
	if err != nil {
		return result{}, err
	}
	defer s.Close(ctx) //nolint:errcheck // a trial's end
	ask, breaker := s.questions(provider)
	faulty := w.providers[provider].faults
	var number atomic.Int64
	drive := func(d time.Duration, until func() bool) *tally {
		t := &tally{by: make(map[string]int)}
		deadline := time.Now().Add(d)
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				for time.Now().Before(deadline) && ctx.Err() == nil && !until() {
					t.one(func() string { return ask(ctx, int(number.Add(1))) })
					pause(ctx, pace)
				}
			})
		}
		all.Wait()
		return t
	}
	never := func() bool { return false }
	faulty.Configure(well)
	drive(healthy/3, never) // connections are made, borders are loaded
	before := drive(healthy, never)

	began := time.Now()
	faulty.Configure(fault)
	watch := watchState(ctx, s.guards, breaker, "open")
	under := drive(failing, never)
	opened := watch.stop(began)

	faulty.Configure(well)
	began = time.Now()
	closed := time.Duration(0)
	if opened > 0 {
		watch := watchState(ctx, s.guards, breaker, "closed")
		after := drive(healing, func() bool { return watch.seen() })
		closed = watch.stop(began)
		under.merge(after)
	}
	faulty.Configure(well)
	if breaks && opened == 0 && ctx.Err() != nil {
		return result{}, ctx.Err()
	}
	return result{
		asked: under.asked(), answered: under.answered, before: before.p99(), under: under.p99(), opened: opened, closed: closed, by: under.who(),
	}, nil
}

// tally counts answers.
type tally struct {
	mu       sync.Mutex
	took     []time.Duration
	answered int
	by       map[string]int
}

func (t *tally) one(ask func() string) {
	began := time.Now()
	by := ask()
	took := time.Since(began)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.took = append(t.took, took)
	if by != "" {
		t.answered++
		t.by[by]++
	}
}

func (t *tally) asked() int { return len(t.took) }

func (t *tally) merge(other *tally) {
	t.took = append(t.took, other.took...)
	t.answered += other.answered
	for by, n := range other.by {
		t.by[by] += n
	}
}

func (t *tally) p99() time.Duration {
	if len(t.took) == 0 {
		return 0
	}
	slices.Sort(t.took)
	return t.took[min(len(t.took)-1, len(t.took)*99/100)]
}

// who says which source's answers were how large a share.
func (t *tally) who() string {
	var parts []string
	for by, n := range t.by {
		parts = append(parts, fmt.Sprintf("%s %.0f%%", by, 100*float64(n)/float64(t.asked())))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// watcher notes when a breaker comes into a state.
type watcher struct {
	at     atomic.Int64
	cancel context.CancelFunc
	done   chan struct{}
}

func watchState(ctx context.Context, guards *resilience.Set, breaker, state string) *watcher {
	ctx, cancel := context.WithCancel(ctx)
	w := &watcher{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		for ctx.Err() == nil {
			if guards.States()[breaker] == state {
				w.at.Store(time.Now().UnixNano())
				return
			}
			pause(ctx, 5*time.Millisecond)
		}
	}()
	return w
}

func (w *watcher) seen() bool { return w.at.Load() != 0 }

// stop ends the watch and tells how long after an instant the state came; zero if it did not.
func (w *watcher) stop(since time.Time) time.Duration {
	w.cancel()
	<-w.done
	if at := w.at.Load(); at != 0 {
		return max(time.Unix(0, at).Sub(since), 1)
	}
	return 0
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
