package events

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"go.opentelemetry.io/otel/propagation"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/kafka"
)

// Entry is an event that is stored and still has to reach Kafka.
type Entry struct {
	ID    int64
	Event kafka.Event
	// Trace is the W3C trace context in which the event was made; may be empty.
	Trace string
	// Due is when it is to be sent; zero for at once.
	Due time.Time
}

func (e Entry) message() kafkago.Message {
	carrier := propagation.MapCarrier{kafka.HeaderTrace: e.Trace}
	return e.Event.Message(propagation.TraceContext{}.Extract(context.Background(), carrier))
}

// Outbox is where events wait that are stored and not yet sent.
type Outbox interface {
	// Sent takes entries out.
	Sent(ctx context.Context, ids []int64) error
	// Sweep hands entries that have been due for longer than age to send, oldest first, and takes those out that it sent; an entry is
	// in the hands of one process at a time. It gives how many were sent.
	Sweep(ctx context.Context, age time.Duration, limit int, send func([]Entry) (sent []int64, err error)) (int, error)
}

// Writer writes to Kafka, as kafka.Writer does.
type Writer interface {
	WriteMessages(ctx context.Context, messages ...kafkago.Message) error
}

const (
	kickSenders  = 8
	kickBacklog  = 1024
	kickTimeout  = 700 * time.Millisecond
	sweepEvery   = 250 * time.Millisecond
	sweepTimeout = 10 * time.Second
	sweepBatch   = 200
	// sweepAge leaves fresh events to the kick: one that Kafka did not take at once is not late for the five seconds yet.
	sweepAge = time.Second
	// sentEvery is how often what was sent is taken out of the outbox, gathered.
	sentEvery   = 50 * time.Millisecond
	sentBacklog = 4 * kickBacklog
)

// Relay brings events from the outbox to Kafka: those that it is kicked with as soon as they are due, and by a sweep
// those whose kick went wrong, or whose process died between storing and sending. An event may be sent twice, never not
// at all.
type Relay struct {
	outbox Outbox
	writer Writer
	log    *slog.Logger
	kicks  chan Entry
	// later are not due yet.
	later chan Entry
	sent  chan int64
}

// NewRelay makes a relay.
func NewRelay(outbox Outbox, writer Writer, log *slog.Logger) *Relay {
	return &Relay{
		outbox: outbox, writer: writer, log: log, kicks: make(chan Entry, kickBacklog), later: make(chan Entry, kickBacklog),
		sent: make(chan int64, sentBacklog),
	}
}

// Kick sends an event as soon as it is due. It never blocks: what does not fit is left to the sweep.
func (r *Relay) Kick(e Entry) {
	to := r.kicks
	if time.Until(e.Due) > 0 {
		to = r.later
	}
	select {
	case to <- e:
	default:
	}
}

// Part runs the relay.
func (r *Relay) Part() app.Part {
	return app.Part{Name: "event relay", Run: r.run}
}

func (r *Relay) run(ctx context.Context) error {
	var senders sync.WaitGroup
	for range kickSenders {
		senders.Go(func() { r.sendKicked(ctx) })
	}
	senders.Go(func() { r.takeOut(ctx) })
	senders.Go(func() { r.holdUntilDue(ctx) })
	r.sweepUntil(ctx)
	senders.Wait()
	return nil
}

func (r *Relay) sendKicked(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-r.kicks:
			if err := r.send(ctx, e); err != nil && ctx.Err() == nil {
				r.log.WarnContext(ctx, "event is left to the sweep", "topic", e.Event.Topic, "error", err)
			}
		}
	}
}

func (r *Relay) send(ctx context.Context, e Entry) error {
	ctx, cancel := context.WithTimeout(ctx, kickTimeout)
	defer cancel()
	if err := r.writer.WriteMessages(ctx, e.message()); err != nil {
		return err
	}
	select {
	case r.sent <- e.ID:
	default: // it stays in the outbox and is sent again
	}
	return nil
}

// takeOut takes what was sent out of the outbox, many in one statement, before the sweep finds it.
func (r *Relay) takeOut(ctx context.Context) {
	tick := time.NewTicker(sentEvery)
	defer tick.Stop()
	var ids []int64
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), kickTimeout)
			defer cancel()
			r.clear(last, ids)
			return
		case entry := <-r.sent:
			ids = append(ids, entry)
			continue
		case <-tick.C:
		}
		r.clear(ctx, ids)
		ids = ids[:0]
	}
}

func (r *Relay) clear(ctx context.Context, ids []int64) {
	if len(ids) == 0 {
		return
	}
	if err := r.outbox.Sent(ctx, ids); err != nil && ctx.Err() == nil {
		r.log.WarnContext(ctx, "what was sent stays in the outbox and is sent again", "error", err)
	}
}

func (r *Relay) sweepUntil(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for {
			n, err := r.sweep(ctx)
			if err != nil && ctx.Err() == nil {
				r.log.WarnContext(ctx, "sweep outbox", "error", err)
			}
			if n < sweepBatch {
				break
			}
		}
	}
}

func (r *Relay) sweep(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, sweepTimeout)
	defer cancel()
	return r.outbox.Sweep(ctx, sweepAge, sweepBatch, func(entries []Entry) ([]int64, error) {
		messages := make([]kafkago.Message, len(entries))
		for i, e := range entries {
			messages[i] = e.message()
		}
		return written(entries, r.writer.WriteMessages(ctx, messages...))
	})
}

// written gives the ids of the entries that arrived.
func written(entries []Entry, err error) (ids []int64, _ error) {
	each, partly := errors.AsType[kafkago.WriteErrors](err)
	if err != nil && !partly {
		return nil, err
	}
	for i, e := range entries {
		if !partly || each[i] == nil {
			ids = append(ids, e.ID)
		}
	}
	return ids, err
}
