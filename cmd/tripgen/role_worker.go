package main

import (
	"context"
	"runtime"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/resilience"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/locations"
	"github.com/tripgen/tripgen/services/ai/pipeline"
	aipostgres "github.com/tripgen/tripgen/services/ai/postgres"
	"github.com/tripgen/tripgen/services/ai/progress"
	"github.com/tripgen/tripgen/services/ai/refine"
	"github.com/tripgen/tripgen/services/ai/worker"
)

const (
	// storeReserve is what is left of the deadline for storing the itinerary on the trip.
	storeReserve = 500 * time.Millisecond
	// lateAnswers are worth having up to this long after they were asked for.
	lateAnswers = 20 * time.Second
	// hedgeAfter is how long the days' own calls are alone: early, because what comes after the deadline is late.
	hedgeAfter = 500 * time.Millisecond
	// prefetch is how many messages of a topic a worker looks ahead.
	prefetch = 64
	// workerGrace lets what is under way end when the process stops.
	workerGrace = 6 * time.Second
)

// wireWorker wires the role worker: it takes generations from the queue and makes itineraries.
func wireWorker(_ context.Context, r *role) error {
	store, writer := aiStore(r)
	made, err := newPipeline(r, store)
	if err != nil {
		return err
	}
	metrics, err := worker.NewMetrics(r.Instance)
	if err != nil {
		return err
	}
	log := progress.NewLog(r.Redis)
	w := worker.New(worker.Deps{
		Config: worker.Config{
			Parallel: r.Config.Generation.Parallel, Window: prefetch, Attempts: r.Config.Generation.Attempts,
			Lease: leaseFor(r.Kafka.SessionTimeout), Grace: workerGrace,
		},
		Store: store, Pipeline: made, Readers: queueReaders(r), Dead: deadLetters(r, writer), Clock: r.Clock, IDs: r.IDs, Log: r.Log, Metrics: metrics,
		Journals: func(g ai.Generation) pipeline.Journal { return log.Writer(store, g.ID, g.LastSequence, r.Log) },
	})
	r.Add(w.Part())
	return nil
}

func newPipeline(r *role, store *aipostgres.Store) (*pipeline.Pipeline, error) {
	options, err := rpc.ClientOptions()
	if err != nil {
		return nil, err
	}
	metrics, err := pipeline.NewMetrics(r.Instance)
	if err != nil {
		return nil, err
	}
	refining, err := model(r)
	if err != nil {
		return nil, err
	}
	g := r.Config.Generation
	return pipeline.New(pipeline.Deps{
		Locations: locations.New(r.Client(), r.Config.Services.Location, r.Guards, options...),
		Model:     refining, Affords: aiBudget(r, store).Affords, Drafts: refine.RedisCache{Client: r.Redis}, Improver: store,
		Budgets: pipeline.Budgets{
			Deadline: g.Deadline, Store: storeReserve, Gather: g.Gather, Plan: g.Plan, Refine: g.Refine, Late: lateAnswers,
			Hedge: hedgeAfter,
		},
		PlannerSlots: plannerSlots(), Clock: r.Clock, IDs: r.IDs, Log: r.Log, Metrics: metrics,
	}), nil
}

// plannerSlots leaves a processor to everything else, so that a queue of plans does not make calls wait.
func plannerSlots() int { return max(1, runtime.GOMAXPROCS(0)-1) }

// model is Claude, within the provider's limits and behind the answers that are shared; without a key itineraries are
// planned and not refined.
func model(r *role) (refine.Model, error) {
	claude, err := limitedClaude(r)
	if claude == nil || err != nil {
		return nil, err
	}
	name := func() string { return r.Config.Providers.Anthropic.Model }
	return refine.NewShared(claude, refine.RedisCache{Client: r.Redis}, name, r.Log, r.Metrics)
}

// limitedClaude is Claude within the provider's limits; nil without a key.
func limitedClaude(r *role) (*refine.Limited, error) {
	c := r.Config.Providers.Anthropic
	if c.Key == "" {
		return nil, nil
	}
	claude := refine.NewClaude(refine.Config{Key: c.Key.Reveal(), BaseURL: c.BaseURL, Model: func() string { return c.Model }})
	guard := r.Guards.Guard(resilience.Policy{Name: "anthropic"})
	return refine.NewLimited(claude, guard, refine.DefaultLimits(), r.Metrics)
}

// queueReaders read the queue's topics, each by itself, so that none holds another up.
func queueReaders(r *role) []*kafkago.Reader {
	var readers []*kafkago.Reader
	for _, topic := range worker.Topics() {
		reader := kafka.NewReader(r.Kafka, worker.Group(topic), topic)
		readers = append(readers, reader)
		r.Add(kafka.Part("reader of "+string(topic), reader))
	}
	return readers
}

// leaseFor gives a worker's lease: shorter than the time after which Kafka gives its messages to others, and long enough
// to live through a pause of the database.
func leaseFor(session time.Duration) time.Duration {
	return min(max(session/3, 900*time.Millisecond), 3*time.Second)
}
