package events

import (
	"errors"
	"fmt"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	eventsv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/events/v1"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/contract"
)

// Call is what a message of the queue says: which generation waits, in what class, since when.
type Call struct {
	GenerationID string
	Class        ai.Class
	Asked        time.Time
}

// Why a message cannot be processed.
var (
	ErrGarbage = errors.New("the message cannot be read")
	ErrFuture  = errors.New("the message has a schema version that this build does not know")
)

// ReadRequested reads a message of the queue; ErrGarbage or ErrFuture.
func ReadRequested(m kafkago.Message) (Call, error) {
	if version := kafka.Schema(m); version > kafka.SchemaVersion {
		return Call{}, fmt.Errorf("%w: %d", ErrFuture, version)
	}
	var event eventsv1.GenerationRequested
	if err := proto.Unmarshal(m.Value, &event); err != nil {
		return Call{}, fmt.Errorf("%w: %w", ErrGarbage, err)
	}
	if !id.Valid(id.Generation, event.GetGenerationId()) {
		return Call{}, fmt.Errorf("%w: no generation's id", ErrGarbage)
	}
	// When it is to be tried again is for the store to say.
	return Call{
		GenerationID: event.GetGenerationId(), Class: contract.ClassOf(event.GetPriorityClass()), Asked: event.GetRequestTime().AsTime(),
	}, nil
}

// Dead makes a dead letter of a message, with the reason and the tries.
func Dead(ids id.Source, m kafkago.Message, reason string, tries []ai.Trouble, now time.Time) (kafka.Event, error) {
	letter := &eventsv1.DeadLetter{
		Topic: m.Topic, Partition: int32(m.Partition), Offset: m.Offset, Key: m.Key, Value: m.Value, Reason: reason,
		Time: timestamppb.New(now),
	}
	for _, h := range m.Headers {
		letter.Headers = append(letter.Headers, &eventsv1.DeadLetterHeader{Key: h.Key, Value: h.Value})
	}
	for _, t := range tries {
		letter.Attempts = append(letter.Attempts, &eventsv1.DeadLetterAttempt{Time: timestamppb.New(t.Time), Error: t.Error})
	}
	return event(ids, kafka.GenerationDead, string(m.Key), letter)
}
