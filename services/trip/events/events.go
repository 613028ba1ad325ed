// Package events has what the trip service tells others over Kafka and what it hears: the relay from the outbox, and
// the consumer of finished generations.
package events

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	eventsv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/events/v1"
	"github.com/tripgen/tripgen/services/trip"
)

// ItineraryChanged tells of a new or edited version.
func ItineraryChanged(ids id.Source, it trip.Itinerary, now time.Time) (kafka.Event, error) {
	return event(ids, kafka.ItineraryChanged, it.TripID, &eventsv1.ItineraryChanged{
		TripId: it.TripID, Version: it.Version, Revision: it.Revision, Time: timestamppb.New(now),
	})
}

// PlaceWanted asks for the details of a place for a trip.
func PlaceWanted(ids id.Source, placeID, tripID string) (kafka.Event, error) {
	return event(ids, kafka.PlaceEnrichment, placeID, &eventsv1.PlaceEnrichmentRequested{PlaceId: placeID, TripId: tripID})
}

func event(ids id.Source, topic kafka.Topic, key string, m proto.Message) (kafka.Event, error) {
	value, err := proto.Marshal(m)
	if err != nil {
		return kafka.Event{}, fmt.Errorf("marshal event for %s: %w", topic, err)
	}
	return kafka.Event{Topic: topic, ID: ids.New(id.Event), Key: key, Value: value}, nil
}
