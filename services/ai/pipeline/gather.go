package pipeline

import (
	"context"
	"fmt"
	"hash/fnv"

	"golang.org/x/sync/errgroup"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/services/ai/planning"
)

// gather collects the candidates and the weather of all cities at once. Without candidates there is no plan; without
// the weather there is one that says so.
func (r *run) gather(ctx context.Context) (*planning.Facts, error) {
	r.tell(ctx, aiv1.GenerationStage_GENERATION_STAGE_CONTEXT, percentProfile)
	ctx, cancel := context.WithTimeout(ctx, r.Budgets.Gather)
	defer cancel()
	cities, err := r.resolve(ctx)
	if err != nil {
		return nil, err
	}
	trip, err := planning.NewTrip(r.request.GetProfile(), cities)
	if err != nil {
		return nil, err
	}
	found := make([]*planning.City, len(trip.Cities()))
	group, ctx := errgroup.WithContext(ctx)
	for i, cityID := range trip.Cities() {
		group.Go(func() error {
			return Safely(func() (err error) {
				found[i], err = r.city(ctx, trip, cityID)
				return err
			})
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return planning.Build(planning.Request{
		Profile: r.request.GetProfile(), DayStart: int(r.request.GetDayStart().GetMinutes()),
		Wishes: r.request.GetSpecialRequest(), Seed: seedOf(r.job.Generation.ID),
	}, trip, found)
}

// resolve gives the city of each destination.
func (r *run) resolve(ctx context.Context) ([]string, error) {
	cities := make([]string, len(r.request.GetProfile().GetDestinations()))
	group, ctx := errgroup.WithContext(ctx)
	for i, d := range r.request.GetProfile().GetDestinations() {
		if cities[i] = d.GetCityId(); cities[i] != "" {
			continue
		}
		group.Go(func() error {
			return Safely(func() (err error) {
				if cities[i], err = r.Locations.Resolve(ctx, d.GetName()); err != nil {
					err = fmt.Errorf("city of destination %d: %w", i+1, err)
				}
				return err
			})
		})
	}
	return cities, group.Wait()
}

// city collects what is known of a city. The weather is asked for at the centre that the candidates tell.
func (r *run) city(ctx context.Context, trip *planning.Trip, cityID string) (*planning.City, error) {
	dates := trip.DatesIn(cityID)
	found, err := r.Locations.Candidates(ctx, cityID, dates)
	if err != nil {
		return nil, fmt.Errorf("candidates: %w", err)
	}
	c := &planning.City{City: found.GetCity(), Dates: dates, Candidates: found.GetCandidates()}
	weather, err := r.Locations.Forecast(ctx, found.GetCity().GetCenter(), dates[0], planning.Span(dates))
	if err != nil {
		r.Metrics.weatherMissing.Inc()
		r.Log.WarnContext(ctx, "planned without the weather", "generation", r.job.Generation.ID, "error", err)
		return c, nil
	}
	c.Weather = weather
	return c, nil
}

// seedOf makes a generation's plans differ from another's and repeatable for itself.
func seedOf(generationID string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(generationID)) // never fails
	return h.Sum64()
}
