package events

import (
	"fmt"
	"time"

	kafkago "github.com/segmentio/kafka-go"

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

// ReadRequested reads a message of the queue; kafka.ErrGarbage or kafka.ErrFuture.
func ReadRequested(m kafkago.Message) (Call, error) {
	var event eventsv1.GenerationRequested
	if err := kafka.Decode(m, &event); err != nil {
		return Call{}, err
	}
	if !id.Valid(id.Generation, event.GetGenerationId()) {
		return Call{}, fmt.Errorf("%w: no generation's id", kafka.ErrGarbage)
	}
	// When it is to be tried again is for the store to say.
	return Call{
		GenerationID: event.GetGenerationId(), Class: contract.ClassOf(event.GetPriorityClass()), Asked: event.GetRequestTime().AsTime(),
	}, nil
}
