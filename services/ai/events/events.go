// Package events puts the AI service's events on Kafka and reads them: what they look like, and the relay that brings
// them from the outbox.
package events

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	eventsv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/events/v1"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/contract"
)

// TopicOf is the queue of a class.
func TopicOf(c ai.Class) kafka.Topic {
	switch c {
	case ai.Express:
		return kafka.GenerationExpress
	case ai.Standard:
		return kafka.GenerationStandard
	default:
		return kafka.GenerationBulk
	}
}

// Requested tells workers of an accepted generation. With a notBefore it goes to the retry topic.
func Requested(ids id.Source, g ai.Generation, notBefore time.Time) (kafka.Event, error) {
	m := &eventsv1.GenerationRequested{
		GenerationId: g.ID, PriorityClass: contract.Class(g.Class), CostUnits: int32(g.CostUnits),
		RequestTime: timestamppb.New(g.RequestTime), Attempt: int32(g.Attempts),
	}
	topic := TopicOf(g.Class)
	if !notBefore.IsZero() {
		m.NotBefore = timestamppb.New(notBefore)
		topic = kafka.GenerationRetry
	}
	return event(ids, topic, g.ID, m)
}

// Finished tells that a generation made its itinerary (which the contract calls READY), failed or was cancelled.
func Finished(ids id.Source, g ai.Generation, state ai.State, reason string, now time.Time) (kafka.Event, error) {
	m := &eventsv1.GenerationFinished{GenerationId: g.ID, TripId: g.TripID, Reason: reason, Time: timestamppb.New(now)}
	switch {
	case state == ai.Made:
		m.State = aiv1.GenerationState_GENERATION_STATE_READY
	case state.Final():
		m.State = contract.State(state)
	default:
		return kafka.Event{}, fmt.Errorf("a generation in state %s has not finished", state)
	}
	return event(ids, kafka.GenerationFinished, g.ID, m)
}

func event(ids id.Source, topic kafka.Topic, key string, m proto.Message) (kafka.Event, error) {
	value, err := proto.Marshal(m)
	if err != nil {
		return kafka.Event{}, fmt.Errorf("marshal event for %s: %w", topic, err)
	}
	return kafka.Event{Topic: topic, ID: ids.New(id.Event), Key: key, Value: value}, nil
}
