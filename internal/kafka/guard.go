package kafka

import (
	"context"
	"errors"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/tripgen/tripgen/internal/resilience"
)

// GuardPolicy is how Kafka is written to: while it does not answer, writes fail at once, and what is to be sent stays in
// its outbox.
func GuardPolicy() resilience.Policy {
	return resilience.Policy{Name: "kafka", Cooldown: time.Second}
}

// GuardedWriter is a writer behind a breaker.
type GuardedWriter struct {
	*kafka.Writer
	guard *resilience.Guard
}

// Guarded puts a breaker before a writer.
func Guarded(w *kafka.Writer, guard *resilience.Guard) GuardedWriter { return GuardedWriter{w, guard} }

// WriteMessages writes as kafka.Writer does; resilience.ErrOpen while the breaker is open.
func (w GuardedWriter) WriteMessages(ctx context.Context, messages ...kafka.Message) error {
	return w.guard.Do(ctx, func(ctx context.Context) error {
		err := w.Writer.WriteMessages(ctx, messages...)
		if refused(err) {
			return resilience.Permanent(err)
		}
		return err
	})
}

// refused tells whether Kafka, or its client, answered that it will never take a message.
func refused(err error) bool {
	if _, large := errors.AsType[kafka.MessageTooLargeError](err); large {
		return true
	}
	code, ok := errors.AsType[kafka.Error](err)
	return ok && !code.Temporary()
}
