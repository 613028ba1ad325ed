package main

import (
	"context"

	"github.com/tripgen/tripgen/internal/metering"
	"github.com/tripgen/tripgen/internal/personal"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/privacy/v1/privacyv1connect"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/events"
	"github.com/tripgen/tripgen/services/ai/locations"
	aipostgres "github.com/tripgen/tripgen/services/ai/postgres"
	"github.com/tripgen/tripgen/services/ai/progress"
	"github.com/tripgen/tripgen/services/ai/recommend"
	"github.com/tripgen/tripgen/services/ai/refine"
	"github.com/tripgen/tripgen/services/ai/review"
	airpc "github.com/tripgen/tripgen/services/ai/rpc"
)

// maxItineraryBytes bounds requests that carry an itinerary: two months of full days are about a megabyte.
const maxItineraryBytes = 4 << 20

// wireAI wires the role ai: accepting, watching, cancelling and confirming of generations.
func wireAI(_ context.Context, r *role) error {
	store, _ := aiStore(r)
	hub := progress.NewHub(r.Redis, store, r.Log)
	r.Add(hub.Part())
	calling, err := rpc.ClientOptions()
	if err != nil {
		return err
	}
	options, err := r.Handlers(rpc.Deps{MaxRequestBytes: maxItineraryBytes})
	if err != nil {
		return err
	}
	places := locations.New(r.Client(), r.Config.Services.Location, r.Guards, calling...)
	recommender, err := newRecommender(r, store, places)
	if err != nil {
		return err
	}
	lately, err := review.Recently(places)
	if err != nil {
		return err
	}
	costs, err := ai.NewCosts(store, r.Log, r.Instance)
	if err != nil {
		return err
	}
	r.Add(costs.Part())
	intake := ai.NewIntake(store, aiBudget(r, store), costs, r.Clock, r.Config.Generation.Queue)
	intake.Accepted = func(clientID string) { r.Meter.Count(clientID, metering.Generations) }
	handlers := airpc.New(airpc.Deps{
		Intake: intake, Queue: ai.NewQueue(store, r.Clock),
		Reader: store, Ender: store, Log: progress.NewLog(r.Redis), Hub: hub,
		Reviewer:    &review.Reviewer{Locations: lately, Clock: r.Clock, IDs: r.IDs, Log: r.Log},
		Recommender: recommender,
		Pages:       r.Pages, Seal: r.Seal, Clock: r.Clock, Logger: r.Log,
	})
	handlers.Mount(r.Server, options...)
	log := progress.NewLog(r.Redis)
	r.Server.Handle(privacyv1connect.NewPersonalDataServiceHandler(personal.Handler{Keeper: struct {
		*aipostgres.Personal
		airpc.Collector
	}{aipostgres.NewPersonal(store, log.Forget), airpc.Collector{Reader: store}}}, options...))
	r.Add(handlers.Looking(), ai.Retain(store, r.Clock, r.Log))
	return nil
}

func newRecommender(r *role, store *aipostgres.Store, places *locations.Client) (*recommend.Recommender, error) {
	recommender := &recommend.Recommender{
		Store: store, Locations: places, Affords: aiBudget(r, store).AffordsFor, Spent: store.AddAdvice,
		Cache: refine.RedisCache{Client: r.Redis},
		Clock: r.Clock, Log: r.Log,
	}
	claude, err := limitedClaude(r)
	if claude != nil {
		recommender.Advisor = claude
	}
	return recommender, err
}

// aiStore opens the store of generations with the relay that brings its events to Kafka.
func aiStore(r *role) (*aipostgres.Store, events.Writer) {
	writer := kafkaWriter(r)
	store := aipostgres.New(aipostgres.Deps{Pool: r.Pool, Seal: r.Seal, Clock: r.Clock, IDs: r.IDs})
	relay := events.NewRelay(store, writer, r.Log)
	store.Kick = relay.Kick
	r.Add(relay.Part())
	return store, writer
}

func aiBudget(r *role, store *aipostgres.Store) *ai.Budget {
	return ai.NewBudget(store, r.Clock, r.Config.Generation.DayBudgetUSD, r.Config.Generation.ClientBudgetUSD)
}
