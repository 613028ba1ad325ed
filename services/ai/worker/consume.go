package worker

import (
	"context"
	"errors"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/services/ai/dispatch"
	"github.com/tripgen/tripgen/services/ai/events"
)

const (
	fetchPause    = 200 * time.Millisecond
	commitPause   = 20 * time.Millisecond
	commitTimeout = 5 * time.Second
)

// consume puts the messages of a reader into the queue.
func (w *Worker) consume(ctx context.Context, reader *kafkago.Reader) {
	for {
		m, err := kafka.Fetch(ctx, reader)
		if ctx.Err() != nil {
			return
		}
		if err != nil { // also io.EOF, which a broker's restart may give
			w.Log.WarnContext(ctx, "queue cannot be read; trying again", "error", err)
			if !pause(ctx, fetchPause) {
				return
			}
			continue
		}
		partition := dispatch.Partition{Topic: m.Topic, Partition: m.Partition}
		if !w.ledger.Begin(partition, m.Offset) {
			continue
		}
		done := func() {
			w.ledger.Finish(partition, m.Offset)
			w.nudge()
		}
		if !w.take(ctx, m, done) {
			return
		}
	}
}

// take puts one message into the queue, or with the dead letters if it cannot be read; false if ctx ended.
func (w *Worker) take(ctx context.Context, m kafkago.Message, done func()) bool {
	call, err := events.ReadRequested(m)
	if err != nil {
		if !w.Dead.Bury(ctx, Group(kafka.Topic(m.Topic)), m, err) {
			return false
		}
		done()
		return true
	}
	item := &dispatch.Item{
		ID: call.GenerationID, Class: call.Class, Lane: m.Topic, Asked: call.Asked, Done: done,
		Context: kafka.Context(context.Background(), m),
	}
	return w.queue.Offer(ctx, item) == nil
}

func (w *Worker) nudge() {
	select {
	case w.commit <- struct{}{}:
	default:
	}
}

// commits commits how far the partitions are done, a little gathered, until ctx ends and once more then.
func (w *Worker) commits(ctx context.Context) {
	for {
		select {
		case <-w.commit:
			w.commitOnce(ctx)
			pause(ctx, commitPause)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
			defer cancel()
			w.commitOnce(last)
			return
		}
	}
}

func (w *Worker) commitOnce(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	for p, offset := range w.ledger.Commits() {
		reader := w.readerOf(p.Topic)
		if reader == nil {
			continue
		}
		// kafka-go commits one past the message that it is given.
		err := reader.CommitMessages(ctx, kafkago.Message{Topic: p.Topic, Partition: p.Partition, Offset: offset - 1})
		if err == nil {
			continue
		}
		w.ledger.Undone(p)
		if ctx.Err() == nil {
			w.nudge()
		}
		if !errors.Is(err, context.Canceled) {
			w.Log.WarnContext(ctx, "offset is not committed", "topic", p.Topic, "partition", p.Partition, "error", err)
		}
	}
}

// pause waits; false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
