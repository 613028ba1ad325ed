// Package dead puts messages that a consumer cannot process with the dead letters, where `tripgen dlq` shows them, so
// that their partitions move on.
package dead

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	eventsv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/events/v1"
)

// Writer writes to Kafka, as kafka.Writer does.
type Writer interface {
	WriteMessages(ctx context.Context, messages ...kafkago.Message) error
}

// Attempt is a try that failed. Its error is for ops and has no personal data.
type Attempt struct {
	Time  time.Time
	Error string
}

// Letters are the dead letters, for those who write them.
type Letters struct {
	Writer Writer
	IDs    id.Source
	Clock  clock.Clock
	Log    *slog.Logger
}

const (
	firstPause   = 100 * time.Millisecond
	lastPause    = 5 * time.Second
	writeTimeout = 5 * time.Second
)

// Write writes one dead letter: the message that a consumer group gives up, why, and the tries, oldest first.
func (l *Letters) Write(ctx context.Context, group string, m kafkago.Message, reason string, attempts ...Attempt) error {
	letter := &eventsv1.DeadLetter{
		Topic: m.Topic, Partition: int32(m.Partition), Offset: m.Offset, Key: m.Key, Value: m.Value, Reason: reason,
		Time: timestamppb.New(l.Clock.Now()), Group: group,
	}
	for _, h := range m.Headers {
		letter.Headers = append(letter.Headers, &eventsv1.DeadLetterHeader{Key: h.Key, Value: h.Value})
	}
	for _, a := range attempts {
		letter.Attempts = append(letter.Attempts, &eventsv1.DeadLetterAttempt{Time: timestamppb.New(a.Time), Error: a.Error})
	}
	value, err := proto.Marshal(letter)
	if err != nil {
		return fmt.Errorf("marshal dead letter: %w", err)
	}
	event := kafka.Event{Topic: kafka.GenerationDead, ID: l.IDs.New(id.Event), Key: string(m.Key), Value: value}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return l.Writer.WriteMessages(ctx, event.Message(ctx))
}

// Bury writes a dead letter, however often that takes; false if ctx ended first, and the message must not be committed.
func (l *Letters) Bury(ctx context.Context, group string, m kafkago.Message, reason error, attempts ...Attempt) bool {
	l.Log.ErrorContext(ctx, "message goes to the dead letters", "topic", m.Topic, "partition", m.Partition, "offset", m.Offset,
		"group", group, "event", kafka.EventID(m), "attempts", len(attempts), "error", reason)
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := l.Write(ctx, group, m, reason.Error(), attempts...)
		if err == nil {
			return true
		}
		l.Log.ErrorContext(ctx, "dead letter is not written; trying again", "error", err)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false
		}
	}
}
