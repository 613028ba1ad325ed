package events_test

import (
	"context"
	"log/slog"
	"maps"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/twmb/franz-go/pkg/kfake"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/resilience"
	googlesimulator "github.com/tripgen/tripgen/internal/simulator/google"
	"github.com/tripgen/tripgen/internal/simulator/world"
	eventsv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/events/v1"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/builtin"
	"github.com/tripgen/tripgen/services/location/events"
	"github.com/tripgen/tripgen/services/location/sources"
)

var now = clock.NewFake(time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC))

// memory is the database in memory.
type memory struct {
	mu     sync.Mutex
	uses   map[string]int64
	rounds map[time.Time]bool
}

func (m *memory) Use(_ context.Context, uses map[string]int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, n := range uses {
		m.uses[id] += n
	}
	return nil
}

func (m *memory) Popular(context.Context, int) (map[string]int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.uses), nil
}

func (m *memory) Claim(_ context.Context, hour time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	taken := m.rounds[hour]
	m.rounds[hour] = true
	return !taken, nil
}

// process is a location process with simulated details, a Kafka and a Redis.
type process struct {
	t      *testing.T
	kafka  kafka.Config
	store  *memory
	notice *events.Notice
	finder *location.Finder
}

func start(t *testing.T) *process {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	p := &process{
		t: t, kafka: kafka.Config{Brokers: cluster.ListenAddrs(), Partitions: 1},
		store: &memory{uses: map[string]int64{}, rounds: map[time.Time]bool{}},
	}
	if err := kafka.CreateTopics(t.Context(), p.kafka); err != nil {
		t.Fatal(err)
	}
	places, err := world.Load()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(googlesimulator.New(places))
	t.Cleanup(server.Close)
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { _ = client.Close() })
	guards, err := resilience.NewSet(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	var c sources.Config
	c.Google.Key, c.Google.PlacesURL, c.Google.RoutesURL = "simulated", server.URL, server.URL
	quiet := slog.New(slog.DiscardHandler)
	s, err := sources.New(t.Context(), c, sources.Deps{Redis: client, Guards: guards, Clock: now, Log: quiet, Metrics: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	cities, builtins, err := builtin.Load(now.Now())
	if err != nil {
		t.Fatal(err)
	}
	p.finder = s.Finder(location.NewLive(location.NewCatalog(cities, builtins)), quiet)
	writer := kafka.NewWriter(p.kafka)
	t.Cleanup(func() { _ = writer.Close() })
	if p.notice, err = events.NewNotice(writer, p.store, id.Random{}, quiet); err != nil {
		t.Fatal(err)
	}
	p.finder.Notice = p.notice
	reader := kafka.NewReader(p.kafka, events.Group, kafka.PlaceEnrichment)
	p.run((&events.Enricher{Reader: reader, Writer: writer, Finder: p.finder, IDs: id.Random{}, Log: quiet}).Part())
	t.Cleanup(func() { _ = reader.Close() })
	return p
}

// run runs a part until the test ends.
func (p *process) run(part app.Part) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- part.Run(ctx) }()
	p.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			p.t.Errorf("%s: %v", part.Name, err)
		}
	})
}

func (p *process) place(id string) location.Place {
	p.t.Helper()
	place, err := p.finder.Basic(p.t.Context(), id)
	if err != nil {
		p.t.Fatal(err)
	}
	return place
}

// enriched awaits the news of so many places.
func (p *process) enriched(n int) map[string]string {
	p.t.Helper()
	reader := kafka.NewReader(p.kafka, "test", kafka.PlaceEnriched)
	defer reader.Close() //nolint:errcheck // the test's end
	ctx, cancel := context.WithTimeout(p.t.Context(), 20*time.Second)
	defer cancel()
	providers := make(map[string]string)
	for len(providers) < n {
		m, err := kafka.Fetch(ctx, reader)
		if err != nil {
			p.t.Fatalf("%d of %d places: %v", len(providers), n, err)
		}
		var news eventsv1.PlaceEnriched
		if err := proto.Unmarshal(m.Value, &news); err != nil {
			p.t.Fatal(err)
		}
		providers[news.GetPlaceId()] = news.GetProvider()
	}
	return providers
}

// [L4] A miss goes on with basic information; the details are fetched in the background.
func TestDetailsThatAreLackingAreFetchedBehindAndTold(t *testing.T) {
	t.Parallel()
	p := start(t)
	wanted := []location.Place{p.place("builtin:munich-marienplatz"), p.place("builtin:munich-residenz")}
	for _, place := range p.finder.Known(t.Context(), wanted) {
		if place.Details != nil {
			t.Fatalf("%s has details from nowhere", place.ID)
		}
	}
	p.notice.Flush(t.Context())
	news := p.enriched(2)
	for _, place := range p.finder.Known(t.Context(), wanted) {
		if place.Details == nil || place.Details.Rating == nil || len(place.Details.Reviews) == 0 || news[place.ID] != "google" {
			t.Errorf("%s: details %+v, told by %q", place.ID, place.Details, news[place.ID])
		}
	}
}

// [L4] The most popular places of a destination are kept warm; popularity comes from real use.
func TestThePopularAreFetchedAheadOnceAnHour(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.finder.Used(t.Context(), p.place("builtin:munich-marienplatz"), p.place("builtin:munich-residenz"))
	p.finder.Used(t.Context(), p.place("builtin:munich-marienplatz"))
	p.notice.Flush(t.Context())
	if p.store.uses["builtin:munich-marienplatz"] != 2 || p.store.uses["builtin:munich-residenz"] != 1 {
		t.Fatalf("use is counted as %v", p.store.uses)
	}
	hours := clock.NewFake(now.Now())
	w := &events.Warmer{Warmth: p.store, Notice: p.notice, Finder: p.finder, Clock: hours, Log: slog.New(slog.DiscardHandler)}
	if n, err := w.Round(t.Context()); n != 2 || err != nil {
		t.Fatalf("%d places, %v", n, err)
	}
	if n, err := w.Round(t.Context()); n != 0 || err != nil {
		t.Errorf("a second round in the hour: %d places, %v", n, err)
	}
	p.enriched(2)
	hours.Advance(time.Hour)
	if n, err := w.Round(t.Context()); n != 0 || err != nil {
		t.Errorf("what is warm is fetched again: %d places, %v", n, err)
	}
}

func TestAWishThatCannotBeReadHoldsNothingUp(t *testing.T) {
	t.Parallel()
	p := start(t)
	writer := kafka.NewWriter(p.kafka)
	defer writer.Close() //nolint:errcheck // the test's end
	for _, value := range []string{"\xff\xff\xff", ""} {
		event := kafka.Event{Topic: kafka.PlaceEnrichment, ID: "evt_x", Key: "x", Value: []byte(value)}
		if err := writer.WriteMessages(t.Context(), event.Message(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.notice.Want(t.Context(), []string{"builtin:nowhere", "builtin:munich-marienplatz"}); err != nil {
		t.Fatal(err)
	}
	if news := p.enriched(1); news["builtin:munich-marienplatz"] == "" {
		t.Errorf("told of %v", news)
	}
}
