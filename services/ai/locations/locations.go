// Package locations asks the location service for what planning needs.
package locations

import (
	"context"
	"net/http"

	"connectrpc.com/connect"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/resilience"
	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1/locationv1connect"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// maxCandidates is how many places a city may have in a plan.
const maxCandidates = 400

// Client is the location service.
type Client struct {
	planning locationv1connect.PlanningDataServiceClient
	weather  locationv1connect.WeatherServiceClient
	places   locationv1connect.PlaceServiceClient
	// Guards of the service and of its weather, which fails by itself.
	guard, weatherGuard *resilience.Guard
}

// New makes a client of the service at a base URL.
func New(client *http.Client, baseURL string, guards *resilience.Set, options ...connect.ClientOption) *Client {
	return &Client{
		planning:     locationv1connect.NewPlanningDataServiceClient(client, baseURL, options...),
		weather:      locationv1connect.NewWeatherServiceClient(client, baseURL, options...),
		places:       locationv1connect.NewPlaceServiceClient(client, baseURL, options...),
		guard:        guards.Guard(resilience.Policy{Name: "location", Retries: 1}),
		weatherGuard: guards.Guard(resilience.Policy{Name: "location weather"}),
	}
}

// Candidates gives a city's places, with their hours on each date.
func (c *Client) Candidates(ctx context.Context, cityID string, dates []*typev1.Date) (*locationv1.FindCandidatesResponse, error) {
	return call(ctx, c.guard, c.planning.FindCandidates, &locationv1.FindCandidatesRequest{CityId: cityID, Limit: maxCandidates, Dates: dates})
}

// Resolve finds the city that a destination's name means.
func (c *Client) Resolve(ctx context.Context, name string) (string, error) {
	found, err := call(ctx, c.guard, c.planning.ResolveCity, &locationv1.ResolveCityRequest{Hint: &locationv1.ResolveCityRequest_Name{Name: name}})
	return found.GetCity().GetId(), err
}

// Forecast gives the weather; days that are not known are missing.
func (c *Client) Forecast(ctx context.Context, at *typev1.LatLng, from *typev1.Date, days int) ([]*locationv1.ForecastDay, error) {
	found, err := call(ctx, c.weatherGuard, c.weather.GetForecast, &locationv1.GetForecastRequest{Point: at, From: from, Days: int32(days)})
	return found.GetDays(), err
}

// Places gives places by their ids, as far as they exist.
func (c *Client) Places(ctx context.Context, ids []string) ([]*locationv1.Place, error) {
	found, err := call(ctx, c.guard, c.places.BatchGetPlaces, &locationv1.BatchGetPlacesRequest{PlaceIds: ids})
	return found.GetPlaces(), err
}

// call makes one call under a guard. An answer that says no is the service at work.
func call[Q, A any](ctx context.Context, guard *resilience.Guard, rpc func(context.Context, *Q) (*A, error), q *Q) (*A, error) {
	return resilience.Call(ctx, guard, func(ctx context.Context) (*A, error) {
		answer, err := rpc(ctx, q)
		if e, ok := errs.Of(err); ok {
			switch e.Kind {
			case errs.KindNotFound, errs.KindInvalidArgument, errs.KindFailedPrecondition:
				err = resilience.Permanent(err)
			}
		}
		return answer, err
	})
}
