package review

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"

	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/pipeline"
)

const (
	// recentFor is how long an answer is given again.
	recentFor = time.Minute
	// The most that is kept. A city's candidates are some hundred kilobytes, a forecast or a place about one.
	recentCities, recentForecasts, recentPlaces = 64, 1000, 10_000
)

// recent gives again what it was told within the last minute. Somebody who edits an itinerary makes one change after
// the other, and each asks for the same places and the same weather.
type recent struct {
	pipeline.Locations
	candidates *otter.Cache[string, *locationv1.FindCandidatesResponse]
	forecasts  *otter.Cache[string, []*locationv1.ForecastDay]
	places     *otter.Cache[string, *locationv1.Place]
}

// Recently puts a memory of a minute before l. Its answers are shared between callers, who must not change them.
func Recently(l pipeline.Locations) (pipeline.Locations, error) {
	r := &recent{Locations: l}
	var err error
	if r.candidates, err = memory[*locationv1.FindCandidatesResponse](recentCities); err != nil {
		return nil, err
	}
	if r.forecasts, err = memory[[]*locationv1.ForecastDay](recentForecasts); err != nil {
		return nil, err
	}
	r.places, err = memory[*locationv1.Place](recentPlaces)
	return r, err
}

func memory[T any](size int) (*otter.Cache[string, T], error) {
	return otter.New(&otter.Options[string, T]{MaximumSize: size, ExpiryCalculator: otter.ExpiryWriting[string, T](recentFor)})
}

// remembered asks only for what is not known from before. A failure is not remembered.
func remembered[T any](known *otter.Cache[string, T], key string, ask func() (T, error)) (T, error) {
	if answer, ok := known.GetIfPresent(key); ok {
		return answer, nil
	}
	answer, err := ask()
	if err == nil {
		known.Set(key, answer)
	}
	return answer, err
}

func (r *recent) Candidates(ctx context.Context, cityID string, dates []*typev1.Date) (*locationv1.FindCandidatesResponse, error) {
	var key strings.Builder
	key.WriteString(cityID)
	for _, d := range dates {
		fmt.Fprintf(&key, "/%d-%d-%d", d.GetYear(), d.GetMonth(), d.GetDay())
	}
	return remembered(r.candidates, key.String(), func() (*locationv1.FindCandidatesResponse, error) {
		return r.Locations.Candidates(ctx, cityID, dates)
	})
}

func (r *recent) Forecast(ctx context.Context, at *typev1.LatLng, from *typev1.Date, days int) ([]*locationv1.ForecastDay, error) {
	key := fmt.Sprint(at.GetLatitude(), at.GetLongitude(), from.GetYear(), from.GetMonth(), from.GetDay(), days)
	return remembered(r.forecasts, key, func() ([]*locationv1.ForecastDay, error) {
		return r.Locations.Forecast(ctx, at, from, days)
	})
}

// Places asks for those that are not known. One that does not exist is asked for each time.
func (r *recent) Places(ctx context.Context, ids []string) ([]*locationv1.Place, error) {
	var found []*locationv1.Place
	var unknown []string
	for _, id := range ids {
		if place, ok := r.places.GetIfPresent(id); ok {
			found = append(found, place)
		} else {
			unknown = append(unknown, id)
		}
	}
	if len(unknown) == 0 {
		return found, nil
	}
	asked, err := r.Locations.Places(ctx, unknown)
	if err != nil {
		return nil, err
	}
	for _, place := range asked {
		r.places.Set(place.GetId(), place)
	}
	return slices.Concat(found, asked), nil
}
