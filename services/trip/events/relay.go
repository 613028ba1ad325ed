package events

import (
	"context"
	"log/slog"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"go.opentelemetry.io/otel/propagation"

	"github.com/tripgen/tripgen/internal/kafka"
)

// Entry is an event that is stored and still has to reach Kafka.
type Entry struct {
	ID    int64
	Event kafka.Event
	// Trace is the W3C trace context in which the event was made; may be empty.
	Trace string
}

func (e Entry) message() kafkago.Message {
	carrier := propagation.MapCarrier{kafka.HeaderTrace: e.Trace}
	return e.Event.Message(propagation.TraceContext{}.Extract(context.Background(), carrier))
}

// Outbox is where events wait.
type Outbox interface {
	// Sweep hands the oldest entries to send, which nobody else is given meanwhile, and takes them out if it gives no
	// error. It tells how many.
	Sweep(ctx context.Context, limit int, send func([]Entry) error) (int, error)
}

// Writer writes to Kafka, as kafka.Writer does.
type Writer interface {
	WriteMessages(ctx context.Context, messages ...kafkago.Message) error
}

const (
	sweepEvery   = time.Second
	sweepTimeout = 15 * time.Second
	sweepBatch   = 200
)

// Relay brings events from the outbox to Kafka, in the order in which they were stored. An event may be sent twice,
// never not at all.
type Relay struct {
	outbox Outbox
	writer Writer
	log    *slog.Logger
	kick   chan struct{}
}

// NewRelay makes a relay.
func NewRelay(outbox Outbox, writer Writer, log *slog.Logger) *Relay {
	return &Relay{outbox: outbox, writer: writer, log: log, kick: make(chan struct{}, 1)}
}

// Kick makes the relay look at once. It never blocks.
func (r *Relay) Kick() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// Run relays until ctx ends.
func (r *Relay) Run(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		sent, err := r.sweep(ctx)
		if err != nil && ctx.Err() == nil {
			r.log.WarnContext(ctx, "relay events", "error", err)
		}
		if sent == sweepBatch {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.kick:
		case <-ticker.C:
		}
	}
}

func (r *Relay) sweep(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, sweepTimeout)
	defer cancel()
	return r.outbox.Sweep(ctx, sweepBatch, func(entries []Entry) error {
		messages := make([]kafkago.Message, len(entries))
		for i, e := range entries {
			messages[i] = e.message()
		}
		return r.writer.WriteMessages(ctx, messages...)
	})
}
