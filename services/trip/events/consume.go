package events

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/kafka/dead"
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
}

// Topics are what Consume reads.
func Topics() []kafka.Topic {
	return []kafka.Topic{kafka.GenerationFinished, kafka.PlaceEnriched}
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

// Consume hands events to the handlers until ctx ends, and commits them one by one. Each is handed over until it was
// handled; what cannot be read, has a schema of the future or fails for good goes to the dead letters.
func Consume(ctx context.Context, r *kafkago.Reader, h Handlers, graves *dead.Letters) error {
	for {
		m, err := kafka.Fetch(ctx, r)
		switch {
		case ctx.Err() != nil || errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if !untilHandled(ctx, m, h, graves) {
			return nil // ctx has ended
		}
		commit(ctx, r, m, graves.Log)
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

// hopelessTries is how often an event is tried whose failing has nothing to do with the time.
const hopelessTries = 5

// untilHandled hands an event over until it was handled or buried; false if ctx ended first.
func untilHandled(ctx context.Context, m kafkago.Message, h Handlers, graves *dead.Letters) bool {
	var tries []dead.Attempt
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := safely(func() error { return handle(kafka.Context(ctx, m), m, h) })
		switch {
		case err == nil:
			return true
		case errors.Is(err, kafka.ErrGarbage), errors.Is(err, kafka.ErrFuture):
			return graves.Bury(ctx, Group, m, err)
		case hopeless(err):
			if tries = append(tries, dead.Attempt{Time: graves.Clock.Now(), Error: err.Error()}); len(tries) == hopelessTries {
				return graves.Bury(ctx, Group, m, err, tries...)
			}
		}
		graves.Log.WarnContext(ctx, "handle an event; trying again", "topic", m.Topic, "event", kafka.EventID(m), "error", err)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
	}
}

// panicError is a handler's panic.
type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

func safely(handle func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicError{value, debug.Stack()}
		}
	}()
	return handle()
}

// hopeless tells failures of the event itself from those of what the handlers lean on, which pass.
func hopeless(err error) bool {
	if _, panicked := errors.AsType[*panicError](err); panicked {
		return true
	}
	e, ok := errs.Of(err)
	if !ok {
		return false
	}
	switch e.Kind {
	case errs.KindInvalidArgument, errs.KindNotFound, errs.KindAlreadyExists, errs.KindFailedPrecondition, errs.KindPermissionDenied:
		return true
	default:
		return false
	}
}

// errNoID: the event reads, yet of what it tells is not said; trying again would hold its partition up for ever.
var errNoID = fmt.Errorf("%w: it names nothing that is ours", kafka.ErrGarbage)

func handle(ctx context.Context, m kafkago.Message, h Handlers) error {
	switch kafka.Topic(m.Topic) {
	case kafka.GenerationFinished:
		var finished eventsv1.GenerationFinished
		if err := read(m, &finished, func() bool { return id.Valid(id.Generation, finished.GetGenerationId()) }); err != nil {
			return err
		}
		return h.Finished(ctx, kafka.EventID(m), finished.GetGenerationId(), states[finished.GetState()], finished.GetReason())
	case kafka.PlaceEnriched:
		var enriched eventsv1.PlaceEnriched
		if err := read(m, &enriched, func() bool { return enriched.GetPlaceId() != "" }); err != nil || enriched.GetTripId() == "" {
			return err
		}
		return h.PlaceFilled(ctx, kafka.EventID(m), enriched.GetTripId(), enriched.GetPlaceId())
	}
	return nil
}

// read decodes an event and makes sure that it names something.
func read(m kafkago.Message, event proto.Message, named func() bool) error {
	err := kafka.Decode(m, event)
	if err == nil && !named() {
		err = errNoID
	}
	return err
}
