package kafka_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/resilience"
)

// A message that is too large says nothing about Kafka; with Kafka away writes fail at once.
func TestABreakerStandsBeforeWrites(t *testing.T) {
	t.Parallel()
	guards, err := resilience.NewSet(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	guard := guards.Guard(kafka.GuardPolicy())
	topic := fresh(1)[0]
	config := kafka.Config{Brokers: brokers(t), Partitions: 1}
	if err := kafka.CreateTopics(t.Context(), config, topic); err != nil {
		t.Fatal(err)
	}
	there := kafka.NewWriter(config)
	defer func() { _ = there.Close() }()
	large := kafka.Event{Topic: topic, Value: make([]byte, 3<<20)}.Message(t.Context())
	for range 10 {
		if err := kafka.Guarded(there, guard).WriteMessages(t.Context(), large); err == nil || errors.Is(err, resilience.ErrOpen) {
			t.Fatalf("too large a message: %v", err)
		}
	}
	if err := kafka.Guarded(there, guard).WriteMessages(t.Context(), kafka.Event{Topic: topic}.Message(t.Context())); err != nil {
		t.Fatal(err)
	}
	away := kafka.NewWriter(kafka.Config{Brokers: []string{"127.0.0.1:1"}})
	defer func() { _ = away.Close() }()
	for deadline := time.Now().Add(time.Minute); ; {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		err := kafka.Guarded(away, guard).WriteMessages(ctx, kafka.Event{Topic: topic}.Message(ctx))
		cancel()
		if errors.Is(err, resilience.ErrOpen) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("writes are still tried: %v", err)
		}
	}
	if guards.States()["kafka"] != "open" {
		t.Errorf("told as %v", guards.States())
	}
}
