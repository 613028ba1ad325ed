package events_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/kafka/dead"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	eventsv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/events/v1"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/events"
)

func broker(t *testing.T) kafka.Config {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	c := kafka.Config{Brokers: cluster.ListenAddrs(), Partitions: 1}
	if err := kafka.CreateTopics(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return c
}

// heard are what the handlers were told, in order.
type heard struct {
	mu    sync.Mutex
	all   []string
	fails int
	done  chan struct{}
	want  int
}

func (h *heard) hear(text string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fails > 0 {
		h.fails--
		return errors.New("the database is away")
	}
	h.all = append(h.all, text)
	if len(h.all) == h.want {
		close(h.done)
	}
	return nil
}

func (h *heard) handlers() events.Handlers {
	return events.Handlers{
		Finished: func(_ context.Context, event, generation string, state trip.GenerationState, reason string) error {
			return h.hear(fmt.Sprint(event, " ", generation, " ", state, " ", reason))
		},
		PlaceFilled: func(_ context.Context, _, tripID, place string) error { return h.hear(tripID + " " + place) },
	}
}

// Each event is handed over until it was handled; what cannot be read does not hold up the rest; and after a restart
// nothing that was handled comes again.
func TestConsumeHandsEachEventOver(t *testing.T) {
	t.Parallel()
	c := broker(t)
	writer := kafka.NewWriter(c)
	defer func() { _ = writer.Close() }()
	send := func(topic kafka.Topic, eventID string, m proto.Message) {
		value := []byte("\xff not protobuf")
		if m != nil {
			var err error
			if value, err = proto.Marshal(m); err != nil {
				t.Fatal(err)
			}
		}
		message := kafka.Event{Topic: topic, ID: eventID, Key: "k", Value: value}.Message(t.Context())
		if err := writer.WriteMessages(t.Context(), message); err != nil {
			t.Fatal(err)
		}
	}
	generationID := id.Random{}.New(id.Generation)
	for _, topic := range events.Topics() {
		send(topic, "evt_0", nil)
	}
	// Another topic's events, or none at all, may read as events that name nothing.
	for _, garbage := range []string{"", "gen_\x00", generationID + "x"} {
		send(kafka.GenerationFinished, "evt_0", &eventsv1.GenerationFinished{GenerationId: garbage})
	}
	send(kafka.GenerationFinished, "evt_1", &eventsv1.GenerationFinished{
		GenerationId: generationID, State: aiv1.GenerationState_GENERATION_STATE_FAILED, Reason: "BUDGET_SPENT",
	})
	send(kafka.PlaceEnriched, "evt_2", &eventsv1.PlaceEnriched{PlaceId: "osm:1"}) // for the cache, of no trip
	send(kafka.PlaceEnriched, "evt_3", &eventsv1.PlaceEnriched{PlaceId: "osm:2", TripId: "trip_1"})
	send(kafka.PlaceEnriched, "evt_4", &eventsv1.PlaceEnriched{PlaceId: "osm:3", TripId: "trip_1"})

	h := &heard{fails: 2, want: 3, done: make(chan struct{})}
	consume(t, c, h)
	slices.Sort(h.all)
	want := []string{"evt_1 " + generationID + " failed BUDGET_SPENT", "trip_1 osm:2", "trip_1 osm:3"}
	if !slices.Equal(h.all, want) {
		t.Fatalf("got %q, want %q", h.all, want)
	}
	send(kafka.PlaceEnriched, "evt_5", &eventsv1.PlaceEnriched{PlaceId: "osm:4", TripId: "trip_2"})
	again := &heard{want: 1, done: make(chan struct{})}
	consume(t, c, again)
	if !slices.Equal(again.all, []string{"trip_2 osm:4"}) {
		t.Fatalf("after a restart: %q", again.all)
	}
}

// consume runs a consumer until it has heard all.
func consume(t *testing.T, c kafka.Config, h *heard) {
	t.Helper()
	reader := kafka.NewReader(c, events.Group, events.Topics()...)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- events.Consume(ctx, reader, h.handlers(), graves(t, c)) }()
	select {
	case <-h.done:
	case <-time.After(30 * time.Second):
		t.Error("not all events were handed over")
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := reader.Close(); err != nil {
		t.Error(err)
	}
}

// graves are the dead letters of a Kafka.
func graves(t *testing.T, c kafka.Config) *dead.Letters {
	t.Helper()
	writer := kafka.NewWriter(c)
	t.Cleanup(func() { _ = writer.Close() })
	return &dead.Letters{Writer: writer, IDs: id.Random{}, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)}
}

// outbox is one in memory.
type outbox struct {
	mu      sync.Mutex
	entries []events.Entry
}

func (o *outbox) Sweep(_ context.Context, limit int, send func([]events.Entry) error) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := min(limit, len(o.entries))
	if n == 0 {
		return 0, nil
	}
	if err := send(o.entries[:n]); err != nil {
		return 0, err
	}
	o.entries = o.entries[n:]
	return n, nil
}

// writer fails some times, then passes on what it gets.
type writer struct {
	fails int
	got   chan string
}

func (w *writer) WriteMessages(_ context.Context, messages ...kafkago.Message) error {
	if w.fails > 0 {
		w.fails--
		return errors.New("no broker")
	}
	for _, m := range messages {
		w.got <- m.Topic + " " + string(m.Key)
	}
	return nil
}

// What is stored reaches Kafka in its order, also when Kafka was away at first.
func TestRelaySendsWhatIsStored(t *testing.T) {
	t.Parallel()
	changed, err := events.ItineraryChanged(id.Random{}, trip.Itinerary{TripID: "trip_1", Version: 2, Revision: 1}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := events.PlaceWanted(id.Random{}, "osm:1", "trip_1")
	if err != nil {
		t.Fatal(err)
	}
	o := &outbox{entries: []events.Entry{{ID: 1, Event: changed}, {ID: 2, Event: wanted}}}
	w := &writer{fails: 1, got: make(chan string, 10)}
	relay := events.NewRelay(o, w, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	running.Go(func() { _ = relay.Run(ctx) })
	for _, want := range []string{string(kafka.ItineraryChanged) + " trip_1", string(kafka.PlaceEnrichment) + " osm:1"} {
		relay.Kick()
		select {
		case got := <-w.got:
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%q did not come", want)
		}
	}
}
