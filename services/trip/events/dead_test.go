package events_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	eventsv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/events/v1"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/events"
)

// realBroker is the test servers' Kafka, which others use, too, else one in the process.
func realBroker(t *testing.T) kafka.Config {
	t.Helper()
	address := os.Getenv("TRIPGEN_TEST_KAFKA")
	if address == "" {
		return broker(t)
	}
	c := kafka.Config{Brokers: []string{address}, Partitions: 3}
	if err := kafka.CreateTopics(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return c
}

// [A6] Garbage, a schema of the future, and events that fail for good go to the dead letters with their reason, their
// attempts and the original; the partition moves on.
func TestWhatCannotBeHandledIsADeadLetterAndThePartitionMovesOn(t *testing.T) {
	t.Parallel()
	c := realBroker(t)
	bad, panicking, good := id.Random{}.New(id.Generation), id.Random{}.New(id.Generation), id.Random{}.New(id.Generation)
	key := id.Random{}.New("key") // one partition
	send(t, c, key, []byte("\xff not protobuf"), "1")
	send(t, c, key, finished(t, good), "99")
	send(t, c, key, nil, "1")
	for _, generationID := range []string{bad, panicking, good} {
		send(t, c, key, finished(t, generationID), "1")
	}
	heard := make(chan string, 10)
	reader := kafka.NewReader(c, id.Random{}.New("group"), events.Topics()...)
	defer func() { _ = reader.Close() }()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- events.Consume(ctx, reader, events.Handlers{
			Finished: func(_ context.Context, _, generationID string, _ trip.GenerationState, _ string) error {
				switch generationID {
				case bad:
					return errs.NotFound(errs.ReasonNotFound, "없음", "There is none.")
				case panicking:
					panic("it cannot be")
				case good:
					heard <- generationID
				}
				return nil
			},
			PlaceFilled: func(context.Context, string, string, string) error { return nil },
		}, graves(t, c))
	}()
	select {
	case <-heard:
	case <-time.After(time.Minute):
		t.Error("the partition has not moved on")
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	letters := deadLetters(t, c, key, 5)
	for i, want := range []struct {
		reason   string
		attempts int
	}{
		{"cannot be read", 0},
		{"schema version that this build does not know: 99", 0},
		{"names nothing", 0},
		{"There is none.", 5},
		{"panic: it cannot be", 5},
	} {
		l := letters[i]
		if !strings.Contains(l.GetReason(), want.reason) || len(l.GetAttempts()) != want.attempts || l.GetTopic() != string(kafka.GenerationFinished) || l.GetGroup() != events.Group {
			t.Errorf("letter %d: %q from %s of %s after %d attempts", i, l.GetReason(), l.GetTopic(), l.GetGroup(), len(l.GetAttempts()))
		}
		for _, a := range l.GetAttempts() {
			if !strings.Contains(a.GetError(), want.reason) || a.GetTime().AsTime().IsZero() {
				t.Errorf("letter %d: attempt %v", i, a)
			}
		}
	}
	if string(letters[0].GetValue()) != "\xff not protobuf" || string(letters[1].GetValue()) != string(finished(t, good)) || letters[1].GetHeaders()[1].GetKey() != kafka.HeaderSchema {
		t.Errorf("the originals are %v", letters[:2])
	}
}

func finished(t *testing.T, generationID string) []byte {
	t.Helper()
	value, err := proto.Marshal(&eventsv1.GenerationFinished{GenerationId: generationID})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// send writes a record of a schema version to the topic of finished generations.
func send(t *testing.T, c kafka.Config, key string, value []byte, schema string) {
	t.Helper()
	writer := kafka.NewWriter(c)
	defer func() { _ = writer.Close() }()
	if err := writer.WriteMessages(t.Context(), kafkago.Message{
		Topic: string(kafka.GenerationFinished), Key: []byte(key), Value: value,
		Headers: []kafkago.Header{{Key: kafka.HeaderEventID, Value: []byte("evt")}, {Key: kafka.HeaderSchema, Value: []byte(schema)}},
	}); err != nil {
		t.Fatal(err)
	}
}

// deadLetters reads the dead letters with a key until so many are there.
func deadLetters(t *testing.T, c kafka.Config, key string, count int) []*eventsv1.DeadLetter {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	reader := kafka.NewReader(c, id.Random{}.New("test"), kafka.GenerationDead)
	defer func() { _ = reader.Close() }()
	var letters []*eventsv1.DeadLetter
	for len(letters) < count {
		m, err := kafka.Fetch(ctx, reader)
		if err != nil {
			t.Fatalf("dead letters: %v after %d", err, len(letters))
		}
		letter := &eventsv1.DeadLetter{}
		if err := proto.Unmarshal(m.Value, letter); err == nil && string(letter.GetKey()) == key {
			letters = append(letters, letter)
		}
	}
	return letters
}
