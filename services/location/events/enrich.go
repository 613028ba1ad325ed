package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/kafka/dead"
	eventsv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/events/v1"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/cacheaside"
)

// Group is the consumer group of those who fetch details.
const Group = "tripgen.location.enrichment"

const (
	fetchPause  = 500 * time.Millisecond
	enrichLimit = 10 * time.Second
	// together is how many wishes are done at once, and gathering how long more of them are waited for.
	together  = 8
	gathering = 10 * time.Millisecond
)

// Reader is a member of the consumer group; a *kafkago.Reader is one.
type Reader = kafkago.Reader

// Enricher fetches the details that are asked for in Kafka and tells when they are there. A wish whose details cannot be
// had is let go: they are wanted again when somebody next plans with the place. Doing a wish twice does no harm. It also
// counts places that trips have: nothing is more of a use.
type Enricher struct {
	Reader *Reader
	Writer Writer
	Finder *location.Finder
	// Affords tells whether the day's budget bears the fetching of one more place's details, for a trip or ahead of use;
	// nil for always.
	Affords func(ctx context.Context, forTrip bool) bool
	// Dead gets the wishes that cannot be read.
	Dead *dead.Letters
	IDs  id.Source
	Log  *slog.Logger
}

// Part reads until the process ends.
func (e *Enricher) Part() app.Part {
	return app.Part{Name: "enrichment of places", Run: e.run}
}

func (e *Enricher) run(ctx context.Context) error {
	for {
		batch, err := e.batch(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil { // also io.EOF, which a broker's restart may give
			e.Log.WarnContext(ctx, "wishes for details cannot be read; trying again", "error", err)
			pause(ctx, fetchPause)
			continue
		}
		var doing sync.WaitGroup
		for _, m := range batch {
			doing.Go(func() { e.do(ctx, m) })
		}
		doing.Wait()
		if ctx.Err() != nil {
			return nil // a letter may not be written; what was done is done once more
		}
		if err := e.Reader.CommitMessages(ctx, batch...); err != nil && ctx.Err() == nil {
			e.Log.WarnContext(ctx, "a wish for details may be done twice", "error", err)
		}
	}
}

// do does one wish; one that cannot be read goes to the dead letters.
func (e *Enricher) do(ctx context.Context, m kafkago.Message) {
	err := e.enrich(kafka.Context(ctx, m), m)
	switch {
	case err == nil:
	case errors.Is(err, kafka.ErrGarbage), errors.Is(err, kafka.ErrFuture):
		e.Dead.Bury(ctx, Group, m, err)
	default:
		e.Log.InfoContext(ctx, "a place gets no details now", "place", string(m.Key), "error", err)
	}
}

// batch gives the next wish and the ones that are there behind it, up to as many as are done at once.
func (e *Enricher) batch(ctx context.Context) ([]kafkago.Message, error) {
	first, err := kafka.Fetch(ctx, e.Reader)
	if err != nil {
		return nil, err
	}
	batch := []kafkago.Message{first}
	ctx, cancel := context.WithTimeout(ctx, gathering)
	defer cancel()
	for len(batch) < together {
		next, err := e.Reader.FetchMessage(ctx)
		if err != nil { // none is there, or the next round says what is wrong
			return batch, nil //nolint:nilerr // what came is done first
		}
		batch = append(batch, next)
	}
	return batch, nil
}

// errBudget lets wishes go that cost more than may be spent.
var errBudget = errors.New("the day's budget for enrichment is spent")

// enrich fetches the details of one place, which keeps them for all processes, and tells.
func (e *Enricher) enrich(ctx context.Context, m kafkago.Message) error {
	ctx, cancel := context.WithTimeout(ctx, enrichLimit)
	defer cancel()
	var wish eventsv1.PlaceEnrichmentRequested
	if err := kafka.Decode(m, &wish); err != nil {
		return err
	}
	if wish.GetPlaceId() == "" {
		return fmt.Errorf("%w: no place's id", kafka.ErrGarbage)
	}
	place, err := e.Finder.Basic(ctx, wish.GetPlaceId())
	if err != nil {
		return err
	}
	forTrip := wish.GetTripId() != ""
	if forTrip {
		e.Finder.Used(ctx, place)
	}
	if e.Finder.Details == nil {
		return nil // nobody tells any
	}
	known, have := e.Finder.Details.Known(ctx, place.ID)[place.ID]
	if have && known.None() {
		return nil
	}
	have = have && !known.Source.Stale
	if !have && e.Affords != nil && !e.Affords(ctx, forTrip) {
		return errBudget
	}
	details, err := e.Finder.Details.Details(cacheaside.Patient(ctx), place)
	if errors.Is(err, location.ErrNoDetails) {
		return nil // that is known now
	}
	if err != nil {
		return err
	}
	value, err := proto.Marshal(&eventsv1.PlaceEnriched{
		PlaceId: place.ID, TripId: wish.GetTripId(), Provider: details.Source.Provider,
	})
	if err != nil {
		return fmt.Errorf("encode news of details: %w", err)
	}
	return e.Writer.WriteMessages(ctx, kafka.Event{
		Topic: kafka.PlaceEnriched, ID: e.IDs.New(id.Event), Key: place.ID, Value: value,
	}.Message(ctx))
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
