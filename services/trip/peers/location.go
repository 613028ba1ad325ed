// Package peers asks the other services what the trip service needs of them.
package peers

import (
	"context"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1/locationv1connect"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip"
)

// Location implements trip.Cities by the location service.
type Location struct {
	Client locationv1connect.PlanningDataServiceClient
}

// resolveTimeout is short, because an edit goes on without knowing the city.
const resolveTimeout = time.Second

// CityByName finds the city that a name in any language means.
func (l Location) CityByName(ctx context.Context, name string) (trip.City, error) {
	return l.resolve(ctx, &locationv1.ResolveCityRequest{Hint: &locationv1.ResolveCityRequest_Name{Name: name}})
}

// CityAt finds the city at a point.
func (l Location) CityAt(ctx context.Context, p trip.Point) (trip.City, error) {
	return l.resolve(ctx, &locationv1.ResolveCityRequest{Hint: &locationv1.ResolveCityRequest_Point{
		Point: &typev1.LatLng{Latitude: p.Lat, Longitude: p.Lng},
	}})
}

func (l Location) resolve(ctx context.Context, r *locationv1.ResolveCityRequest) (trip.City, error) {
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	res, err := l.Client.ResolveCity(ctx, r)
	if errs.HasReason(err, errs.ReasonDestinationUnknown) {
		return trip.City{}, trip.ErrCityUnknown.Wrap(err)
	}
	if err != nil {
		return trip.City{}, err
	}
	return trip.City{ID: res.GetCity().GetId(), Zone: res.GetCity().GetTimeZone()}, nil
}
