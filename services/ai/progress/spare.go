package progress

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
)

// Spared is an event that was kept while Redis was away.
type Spared struct {
	GenerationID string
	Sequence     int64
	Percent      int
	// Body is the marshalled event.
	Body []byte
}

// Spare keeps events while Redis is away. It is slower, so less is told.
type Spare interface {
	// PutEvent keeps an event; one that is there already stays.
	PutEvent(ctx context.Context, e Spared) error
	// EventsAfter gives the events of generations after a sequence number each, in order.
	EventsAfter(ctx context.Context, after map[string]int64) ([]Spared, error)
}

// spareEvery is how often progress is kept while Redis is away; days and ends always are.
const spareEvery = time.Second

func (e Spared) event() (*aiv1.GenerationEvent, error) {
	event := &aiv1.GenerationEvent{}
	if err := proto.Unmarshal(e.Body, event); err != nil {
		return nil, fmt.Errorf("kept event of %s: %w", e.GenerationID, err)
	}
	event.Sequence = e.Sequence
	if p := event.GetProgress(); p != nil {
		p.Percent = int32(e.Percent)
	}
	return event, nil
}
