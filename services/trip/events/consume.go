package events

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	eventsv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/events/v1"
	"github.com/tripgen/tripgen/services/trip"
)

// Group is the trip service's consumer group.
const Group = "trip"

// Handlers are told what happened elsewhere. They may be told the same twice; an error means to be told again.
type Handlers struct {
	// Finished says that a generation made its itinerary (state ready) or ended otherwise, and why.
	Finished func(ctx context.Context, eventID, generationID string, state trip.GenerationState, reason string) error
	// PlaceFilled says that details of a place arrived that a trip wanted.
	PlaceFilled func(ctx context.Context, eventID, tripID, placeID string) error
	// AccountDeleted says that all of an account's data has to go.
	AccountDeleted func(ctx context.Context, userID string) error
}

// Topics are what Consume reads.
func Topics() []kafka.Topic {
	return []kafka.Topic{kafka.GenerationFinished, kafka.PlaceEnriched, kafka.AccountDeleted}
}

var states = map[aiv1.GenerationState]trip.GenerationState{
	aiv1.GenerationState_GENERATION_STATE_READY:     trip.GenerationReady,
	aiv1.GenerationState_GENERATION_STATE_FAILED:    trip.GenerationFailed,
	aiv1.GenerationState_GENERATION_STATE_CANCELLED: trip.GenerationCancelled,
}

const (
	firstPause = 50 * time.Millisecond
	lastPause  = 5 * time.Second

	commitTimeout = 2 * time.Second
)

// Consume hands events to the handler until ctx ends, each until it was handled, and commits them one by one.
func Consume(ctx context.Context, r *kafkago.Reader, h Handlers, log *slog.Logger) error {
	for {
		m, err := kafka.Fetch(ctx, r)
		switch {
		case ctx.Err() != nil || errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := untilHandled(ctx, m, h, log); err != nil {
			return nil // ctx has ended
		}
		commit(ctx, r, m, log)
	}
}

// commit notes that an event was handled, also while the process stops.
func commit(ctx context.Context, r *kafkago.Reader, m kafkago.Message, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	if err := r.CommitMessages(ctx, m); err != nil {
		log.WarnContext(ctx, "commit an event; it will come again", "error", err)
	}
}

// untilHandled gives an error only when ctx ends.
func untilHandled(ctx context.Context, m kafkago.Message, h Handlers, log *slog.Logger) error {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := handle(kafka.Context(ctx, m), m, h, log)
		if err == nil {
			return nil
		}
		log.WarnContext(ctx, "handle an event; trying again", "topic", m.Topic, "event", kafka.EventID(m), "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// errNoID: the event reads, yet of what it tells is not said; trying again would hold its partition up for ever.
var errNoID = errors.New("the event names nothing that is ours")

func handle(ctx context.Context, m kafkago.Message, h Handlers, log *slog.Logger) error {
	var (
		finished eventsv1.GenerationFinished
		enriched eventsv1.PlaceEnriched
		deleted  eventsv1.AccountDeleted
		err      error
	)
	switch kafka.Topic(m.Topic) {
	case kafka.GenerationFinished:
		if err = proto.Unmarshal(m.Value, &finished); err == nil && !id.Valid(id.Generation, finished.GetGenerationId()) {
			err = errNoID
		}
		if err == nil {
			state := states[finished.GetState()]
			return h.Finished(ctx, kafka.EventID(m), finished.GetGenerationId(), state, finished.GetReason())
		}
	case kafka.PlaceEnriched:
		if err = proto.Unmarshal(m.Value, &enriched); err == nil && enriched.GetTripId() != "" {
			return h.PlaceFilled(ctx, kafka.EventID(m), enriched.GetTripId(), enriched.GetPlaceId())
		}
	case kafka.AccountDeleted:
		if err = proto.Unmarshal(m.Value, &deleted); err == nil && !id.Valid(id.User, deleted.GetUserId()) {
			err = errNoID
		}
		if err == nil {
			return h.AccountDeleted(ctx, deleted.GetUserId())
		}
	}
	if err != nil {
		log.ErrorContext(ctx, "skip an event that cannot be read", "topic", m.Topic, "event", kafka.EventID(m), "error", err)
	}
	return nil
}
