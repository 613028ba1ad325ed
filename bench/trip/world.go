package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/bench/gateway/stack"
	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/seal"
	tripgen "github.com/tripgen/tripgen/sdk/go"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/postgres"
	"github.com/tripgen/tripgen/services/trip/wake"
)

// world is a running TripGen with travellers in it, and its database as seen from here.
type world struct {
	pool  *pgxpool.Pool
	seal  *seal.Sealer
	store *postgres.Store
	// statements are those that the store sent while somebody listened.
	statements *recorder
	// model and plan are what planned trips are copies of, made by a generation.
	model trip.Trip
	plan  trip.Itinerary
	// travellers make calls; owners are all who have trips, travellers first.
	travellers []*traveller
	owners     []string
	// filled owners have each trips.
	filled, each int
}

// traveller makes calls for one person, one after the other.
type traveller struct {
	owner  string
	client *tripgen.Client
	// trips are all ids, plans those with an itinerary. Both are only read and written by the caller who has the traveller.
	trips []string
	plans []*edited
	// revisions of trips that were edited.
	revisions map[string]int64
	turn      int
	// page is the token of the list's next page; seen is the watch that see reads.
	page string
	seen *feed
}

// edited is a planned trip with its itinerary as the traveller last saw it.
type edited struct {
	trip              string
	version, revision int64
	// stop goes from day to day.
	stop string
	days [2]int32
	at   int
	// stay is how long the stop takes, in minutes; edits counts its changes.
	stay  int32
	edits int
}

func newWorld(ctx context.Context, s *stack.Stack, database string) (*world, error) {
	w := &world{statements: new(recorder)}
	config, err := pgxpool.ParseConfig(database)
	if err != nil {
		return nil, err
	}
	config.ConnConfig.Tracer = w.statements
	if w.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, err
	}
	if w.seal, err = seal.Load(filepath.Join(s.Dir, "keys.json")); err != nil {
		return nil, err
	}
	w.store = postgres.New(postgres.Deps{
		Pool: w.pool, Seal: w.seal, Clock: clock.System{}, IDs: id.Random{}, Waker: wake.NewHub(nil, slog.New(slog.DiscardHandler)),
	})
	for range callers {
		p, err := s.Person(ctx)
		if err != nil {
			return nil, err
		}
		me, err := p.Client.Account.GetMe(ctx, &userv1.GetMeRequest{})
		if err != nil {
			return nil, err
		}
		w.travellers = append(w.travellers, &traveller{owner: me.GetAccount().GetId(), client: p.Client, revisions: map[string]int64{}})
		w.owners = append(w.owners, me.GetAccount().GetId())
	}
	for len(w.owners) < largeAll/largeEach {
		w.owners = append(w.owners, id.Random{}.New(id.User))
	}
	return w, w.generate(ctx)
}

// generate has a real itinerary made: five days in Munich for four people.
func (w *world) generate(ctx context.Context) error {
	first := w.travellers[0]
	start := trip.DateOf(clock.System{}.Now().AddDate(0, 0, 30), time.UTC)
	member := func(name string, age int32, health typev1.HealthLevel, likes ...typev1.Preference) *tripv1.Member {
		return &tripv1.Member{Name: name, Age: age, Gender: typev1.Gender_GENDER_FEMALE, Health: health, Preferences: likes}
	}
	made, err := first.client.Trips.CreateTrip(ctx, &tripv1.CreateTripRequest{
		Name: "뮌헨 가족 여행", TransportMode: typev1.TransportMode_TRANSPORT_MODE_PUBLIC_TRANSPORT,
		StartDate: &typev1.Date{Year: int32(start.Year), Month: int32(start.Month), Day: int32(start.Day)},
		Members: []*tripv1.Member{
			member("지우", 41, typev1.HealthLevel_HEALTH_LEVEL_GOOD, typev1.Preference_PREFERENCE_CULTURE),
			member("민준", 43, typev1.HealthLevel_HEALTH_LEVEL_GOOD, typev1.Preference_PREFERENCE_NATURE, typev1.Preference_PREFERENCE_SHOPPING),
			member("서연", 12, typev1.HealthLevel_HEALTH_LEVEL_EXCELLENT, typev1.Preference_PREFERENCE_SPORTS),
			member("하은", 9, typev1.HealthLevel_HEALTH_LEVEL_EXCELLENT),
		},
		Destinations: []*tripv1.Destination{{Name: "뮌헨", Nights: 4, Lodging: &tripv1.Lodging{
			Name: "Hotel am Sendlinger Tor", Location: &typev1.LatLng{Latitude: 48.1338, Longitude: 11.5672},
		}}},
	})
	if err != nil {
		return fmt.Errorf("make a trip: %w", err)
	}
	tripID := made.GetTrip().GetId()
	generation, err := first.client.Generate(ctx, &tripv1.GenerateItineraryRequest{TripId: tripID, Revision: made.GetTrip().GetRevision()})
	if err != nil {
		return fmt.Errorf("generate: %w", err)
	}
	if _, err := generation.Wait(ctx); err != nil {
		return fmt.Errorf("generate: %w", err)
	}
	if w.model, err = w.store.Trip(ctx, first.owner, tripID); err != nil {
		return err
	}
	if w.plan, err = w.store.Itinerary(ctx, first.owner, tripID, 0); err != nil {
		return err
	}
	// The model itself is out of the way, so that everybody has the same number of trips.
	_, err = w.pool.Exec(ctx, `DELETE FROM trip WHERE id = $1`, tripID)
	return err
}

// size gives the number of rows and bytes of the trip service's tables.
func (w *world) size(ctx context.Context) (rows, bytes int64, err error) {
	err = w.pool.QueryRow(ctx, `
		SELECT sum(reltuples)::bigint, sum(pg_total_relation_size(oid))::bigint FROM pg_class
		WHERE relname IN ('trip', 'change', 'itinerary') AND relkind = 'r'`).Scan(&rows, &bytes)
	return rows, bytes, err
}
