package events_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/kafka/dead"
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
	rated  map[string]location.Details
	// broken keeps no ratings.
	broken bool
}

func (m *memory) Rate(_ context.Context, id string, d location.Details) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken {
		return errors.New("the disk is full")
	}
	m.rated[id] = d
	return nil
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

func (m *memory) Release(_ context.Context, hour time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rounds, hour)
	return nil
}

// away is a Kafka that is away once.
type away struct {
	events.Writer
	once atomic.Bool
}

func (a *away) WriteMessages(ctx context.Context, messages ...kafkago.Message) error {
	if a.once.CompareAndSwap(false, true) {
		return errors.New("the broker is away")
	}
	return a.Writer.WriteMessages(ctx, messages...)
}

// A round that came to nothing is made up for in its hour.
func TestARoundThatFailsIsNotLost(t *testing.T) {
	t.Parallel()
	p := start(t)
	writer := kafka.NewWriter(p.kafka)
	t.Cleanup(func() { _ = writer.Close() })
	quiet := slog.New(slog.DiscardHandler)
	notice, err := events.NewNotice(&away{Writer: writer}, p.store, id.Random{}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	p.store.uses["builtin:munich-marienplatz"] = 1
	p.finder.Popularity = new(location.Popularity)
	w := &events.Warmer{
		Rounds: p.store, Popular: &events.Popular{Counted: p.store, Finder: p.finder, Log: quiet}, Notice: notice, Clock: now, Log: quiet,
	}
	if n, err := w.Round(t.Context()); n != 0 || err == nil {
		t.Fatalf("%d places, %v", n, err)
	}
	if n, err := w.Round(t.Context()); n != 1 || err != nil {
		t.Errorf("%d places, %v", n, err)
	}
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
	return startWith(t, nil)
}

func startWith(t *testing.T, affords func(context.Context, bool) bool) *process {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	p := &process{
		t: t, kafka: kafka.Config{Brokers: cluster.ListenAddrs(), Partitions: 1},
		store: &memory{uses: map[string]int64{}, rounds: map[time.Time]bool{}, rated: map[string]location.Details{}},
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
	s, err := sources.New(t.Context(), c, sources.Deps{
		Redis: client, Guards: guards, Clock: now, Log: quiet, Metrics: prometheus.NewRegistry(), Ratings: p.store,
	})
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
	graves := &dead.Letters{Writer: writer, IDs: id.Random{}, Clock: now, Log: quiet}
	enricher := &events.Enricher{
		Reader: reader, Writer: writer, Finder: p.finder, Affords: affords, Dead: graves, IDs: id.Random{}, Log: quiet,
	}
	p.run(enricher.Part())
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
func (p *process) enriched(n int) map[string]string { return p.enrichedAs("test", n) }

// enrichedAs does so as a consumer group of its own: what the group heard before it does not hear again.
func (p *process) enrichedAs(group string, n int) map[string]string {
	p.t.Helper()
	reader := kafka.NewReader(p.kafka, group, kafka.PlaceEnriched)
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
		p.store.mu.Lock()
		if kept := p.store.rated[place.ID]; kept.Rating == nil || *kept.Rating != *place.Details.Rating || !kept.Source.Simulated {
			t.Errorf("%s: kept as rated %+v", place.ID, kept)
		}
		p.store.mu.Unlock()
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
	p.finder.Popularity = new(location.Popularity)
	quiet := slog.New(slog.DiscardHandler)
	w := &events.Warmer{
		Rounds: p.store, Popular: &events.Popular{Counted: p.store, Finder: p.finder, Log: quiet}, Notice: p.notice, Clock: hours, Log: quiet,
	}
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

// Of more than a hundred, the most popular are kept warm: the others are not asked for.
func TestTheHundredMostPopularAreKeptWarm(t *testing.T) {
	t.Parallel()
	p := start(t)
	places := p.finder.Catalog.Now().InCity("munich")
	if len(places) <= events.Warmest {
		t.Fatalf("only %d places in Munich", len(places))
	}
	for i, place := range places {
		p.store.uses[place.ID] = int64(i + 1)
	}
	p.finder.Popularity = new(location.Popularity)
	quiet := slog.New(slog.DiscardHandler)
	w := &events.Warmer{
		Rounds: p.store, Popular: &events.Popular{Counted: p.store, Finder: p.finder, Log: quiet}, Notice: p.notice, Clock: now, Log: quiet,
	}
	if n, err := w.Round(t.Context()); n != events.Warmest || err != nil {
		t.Fatalf("%d places, %v", n, err)
	}
	news := p.enriched(90) // some have no details at all
	for i, place := range places {
		if news[place.ID] != "" && i < len(places)-events.Warmest {
			t.Errorf("%s is kept warm, used only %d times", place.ID, i+1)
		}
	}
	if most, least := p.finder.Popularity.Of(places[len(places)-1]), p.finder.Popularity.Of(places[0]); most <= least || most > 1 {
		t.Errorf("popularity %v of the most used, %v of the least", most, least)
	}
}

// A trip's wish counts as use; a spent budget lets wishes go, and takes nothing of what is known.
func TestTheBudgetOfEnrichmentIsKept(t *testing.T) {
	t.Parallel()
	var trips, ahead atomic.Int64
	p := startWith(t, func(_ context.Context, forTrip bool) bool {
		if forTrip {
			return trips.Add(1) <= 1
		}
		ahead.Add(1)
		return false
	})
	writer := kafka.NewWriter(p.kafka)
	defer writer.Close() //nolint:errcheck // the test's end
	wish := func(place, trip string) {
		value, err := proto.Marshal(&eventsv1.PlaceEnrichmentRequested{PlaceId: place, TripId: trip})
		if err != nil {
			t.Fatal(err)
		}
		event := kafka.Event{Topic: kafka.PlaceEnrichment, ID: id.Random{}.New(id.Event), Key: place, Value: value}
		if err := writer.WriteMessages(t.Context(), event.Message(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	const square, palace, garden = "builtin:munich-marienplatz", "builtin:munich-residenz", "builtin:munich-olympiapark"
	wish(garden, "")
	wish(square, "trip_1")
	if news := p.enriched(1); news[square] == "" {
		t.Fatalf("told of %v", news)
	}
	wish(palace, "trip_1")
	wish(square, "trip_2") // known: costs nothing
	told := map[string]bool{}
	for range 2 { // the first is read again by another group
		for place := range p.enrichedAs("another", 1) {
			told[place] = true
		}
	}
	if told[palace] || told[garden] || ahead.Load() == 0 {
		t.Errorf("told of %v without money for it", told)
	}
	p.notice.Flush(t.Context())
	p.store.mu.Lock()
	defer p.store.mu.Unlock()
	if p.store.uses[square] != 2 || p.store.uses[garden] != 0 {
		t.Errorf("use is counted as %v", p.store.uses)
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
