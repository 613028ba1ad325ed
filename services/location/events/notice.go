// Package events carries what is wanted of places through Kafka: details that are lacking while somebody plans are
// asked for there, and fetched by whichever location process comes first. It also counts use, for what is kept warm.
package events

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
	kafkago "github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	eventsv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/events/v1"
	"github.com/tripgen/tripgen/services/location"
)

// Writer writes to Kafka.
type Writer interface {
	WriteMessages(ctx context.Context, messages ...kafkago.Message) error
}

// Uses keeps how often places are used.
type Uses interface {
	Use(ctx context.Context, uses map[string]int64) error
}

const (
	// flushEvery is how often counted use is stored and wanted details are asked for.
	flushEvery   = 2 * time.Second
	flushTimeout = 5 * time.Second
	// askAgain is how long a place that was asked for is not asked for again by this process.
	askAgain = 10 * time.Minute
	// mostWaiting bounds what is remembered between two flushes; beyond it is forgotten, and will be wanted again.
	mostWaiting = 20_000
)

// Notice implements location.Notice: it takes notes and returns at once. Its part brings them where they belong.
type Notice struct {
	writer Writer
	uses   Uses
	ids    id.Source
	log    *slog.Logger
	asked  *otter.Cache[string, struct{}]

	mu      sync.Mutex
	used    map[string]int64
	lacking map[string]bool
}

// NewNotice makes a notice.
func NewNotice(writer Writer, uses Uses, ids id.Source, log *slog.Logger) (*Notice, error) {
	asked, err := otter.New(&otter.Options[string, struct{}]{
		MaximumSize: 2 * mostWaiting, ExpiryCalculator: otter.ExpiryWriting[string, struct{}](askAgain),
	})
	if err != nil {
		return nil, fmt.Errorf("places asked for: %w", err)
	}
	return &Notice{
		writer: writer, uses: uses, ids: ids, log: log, asked: asked, used: make(map[string]int64), lacking: make(map[string]bool),
	}, nil
}

// Used counts places that somebody looked at or planned with.
func (n *Notice) Used(_ context.Context, places []location.Place) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range places {
		if len(n.used) < mostWaiting || n.used[p.ID] > 0 {
			n.used[p.ID]++
		}
	}
}

// Lacking notes places whose details are to be fetched.
func (n *Notice) Lacking(_ context.Context, places []location.Place) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range places {
		if _, already := n.asked.GetIfPresent(p.ID); !already && len(n.lacking) < mostWaiting {
			n.lacking[p.ID] = true
		}
	}
}

// Part flushes from time to time, and once more at the end.
func (n *Notice) Part() app.Part {
	return app.Part{
		Name: "notice of places",
		Run: func(ctx context.Context) error {
			ticker := time.NewTicker(flushEvery)
			defer ticker.Stop()
			for {
				select {
				case <-ctx.Done():
					return nil
				case <-ticker.C:
					n.Flush(ctx)
				}
			}
		},
		Close: func(ctx context.Context) error {
			n.Flush(ctx)
			n.asked.StopAllGoroutines()
			return nil
		},
	}
}

// Flush brings what was noted to the database and to Kafka. What cannot be brought is noted again, as far as it bears.
func (n *Notice) Flush(ctx context.Context) {
	n.mu.Lock()
	used, lacking := n.used, n.lacking
	n.used, n.lacking = make(map[string]int64), make(map[string]bool)
	n.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	if len(used) > 0 {
		if err := n.uses.Use(ctx, used); err != nil {
			n.log.WarnContext(ctx, "use of places is not stored yet", "error", err)
			n.again(used)
		}
	}
	ids := make([]string, 0, len(lacking))
	for placeID := range lacking {
		ids = append(ids, placeID)
	}
	if err := n.Want(ctx, ids); err != nil { // they are wanted again when they are next planned with
		n.log.WarnContext(ctx, "details of places are not asked for", "error", err)
	}
}

func (n *Notice) again(used map[string]int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for placeID, count := range used {
		if len(n.used) < mostWaiting {
			n.used[placeID] += count
		}
	}
}

// Want asks in Kafka for the details of places, each at most once in a while.
func (n *Notice) Want(ctx context.Context, ids []string) error {
	var messages []kafkago.Message
	for _, placeID := range ids {
		value, err := proto.Marshal(&eventsv1.PlaceEnrichmentRequested{PlaceId: placeID})
		if err != nil {
			return fmt.Errorf("encode a wish for details: %w", err)
		}
		messages = append(messages, kafka.Event{
			Topic: kafka.PlaceEnrichment, ID: n.ids.New(id.Event), Key: placeID, Value: value,
		}.Message(ctx))
	}
	if len(messages) == 0 {
		return nil
	}
	if err := n.writer.WriteMessages(ctx, messages...); err != nil {
		return err
	}
	for _, placeID := range ids {
		n.asked.Set(placeID, struct{}{})
	}
	return nil
}
