package pipeline

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/errs"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	"github.com/tripgen/tripgen/services/ai/planning"
)

// gather collects the candidates and the weather of all cities at once.
func (r *run) gather(ctx context.Context) (*planning.Facts, error) {
	r.tell(ctx, aiv1.GenerationStage_GENERATION_STAGE_CONTEXT, percentProfile)
	ctx, cancel := context.WithTimeout(ctx, r.Budgets.Gather)
	defer cancel()
	seed, err := r.seedOf()
	if err != nil {
		return nil, errs.Internal(err)
	}
	return Gather(ctx, r.Locations, planning.Request{
		Profile: r.request.GetProfile(), DayStart: int(r.request.GetDayStart().GetMinutes()),
		Wishes: r.request.GetSpecialRequest(), Seed: seed, Present: r.request.GetPresent(),
	}, func(err error) {
		r.Metrics.weatherMissing.Inc()
		r.Log.WarnContext(ctx, "planned without the weather", "generation", r.job.Generation.ID, "error", err)
	})
}

// Gather collects what is known of all cities of a request at once. Without candidates there is no plan; without the
// weather there is one that says so: then lacking is told why.
func Gather(ctx context.Context, l Locations, req planning.Request, lacking func(error)) (*planning.Facts, error) {
	g := gathering{l, lacking}
	cities, err := g.resolve(ctx, req.Profile.GetDestinations())
	if err != nil {
		return nil, err
	}
	trip, err := planning.NewTrip(req.Profile, cities)
	if err != nil {
		return nil, err
	}
	found := make([]*planning.City, len(trip.Cities()))
	group, ctx := errgroup.WithContext(ctx)
	for i, cityID := range trip.Cities() {
		group.Go(func() error {
			return Safely(func() (err error) {
				found[i], err = g.city(ctx, trip, cityID)
				return err
			})
		})
	}
	group.Go(func() error {
		return Safely(func() (err error) {
			req.Extra, err = g.extra(ctx, req)
			return err
		})
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return planning.Build(req, trip, found)
}

type gathering struct {
	Locations
	lacking func(error)
}

// resolve gives the city of each destination.
func (g gathering) resolve(ctx context.Context, destinations []*aiv1.PlanningDestination) ([]string, error) {
	cities := make([]string, len(destinations))
	group, ctx := errgroup.WithContext(ctx)
	for i, d := range destinations {
		if cities[i] = d.GetCityId(); cities[i] != "" {
			continue
		}
		group.Go(func() error {
			return Safely(func() (err error) {
				if cities[i], err = g.Resolve(ctx, d.GetName()); err != nil {
					err = fmt.Errorf("city of destination %d: %w", i+1, err)
				}
				return err
			})
		})
	}
	return cities, group.Wait()
}

// city collects what is known of a city. The weather is asked for at the centre that the candidates tell.
func (g gathering) city(ctx context.Context, trip *planning.Trip, cityID string) (*planning.City, error) {
	dates := trip.DatesIn(cityID)
	found, err := g.Candidates(ctx, cityID, dates)
	if err != nil {
		return nil, fmt.Errorf("candidates: %w", err)
	}
	c := &planning.City{City: found.GetCity(), Dates: dates, Candidates: found.GetCandidates()}
	if c.Weather, err = g.Forecast(ctx, found.GetCity().GetCenter(), dates[0], planning.Span(dates)); err != nil {
		g.lacking(err)
	}
	return c, nil
}

// extra gives the places that a request names by id, which need not be among the candidates.
func (g gathering) extra(ctx context.Context, req planning.Request) ([]*locationv1.Place, error) {
	const atOnce = 100
	var out []*locationv1.Place
	for ids := range slices.Chunk(req.PlaceIDs(), atOnce) {
		places, err := g.Places(ctx, ids)
		if err != nil {
			return nil, fmt.Errorf("places of the itinerary: %w", err)
		}
		out = append(out, places...)
	}
	return out, nil
}

// seedOf makes equal requests give equal plans, whoever asks, and those who ask again another one.
func (r *run) seedOf() (uint64, error) {
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(planning.Normalise(r.request.GetProfile()))
	if err != nil {
		return 0, fmt.Errorf("marshal profile: %w", err)
	}
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%d/%d/%d/", r.job.Generation.Ordinal, r.request.GetDay(), r.request.GetDayStart().GetMinutes()) // never fails
	_, _ = h.Write(body)                                                                                                   // never fails
	return h.Sum64(), nil
}
