package peers

import (
	"context"
	"fmt"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1/locationv1connect"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip"
)

// Outlook implements trip.Outlook by the location service.
type Outlook struct {
	Planning  locationv1connect.PlanningDataServiceClient
	Forecasts locationv1connect.WeatherServiceClient
}

// outlookTimeout bounds each call; a look is nobody's first need.
const outlookTimeout = 5 * time.Second

// Weather gives the fresh weather of the city at the point, as planning asks for it, or else of the point itself.
func (o Outlook) Weather(ctx context.Context, at trip.Point, from trip.Date, days int) (map[trip.Date]trip.Weather, error) {
	ctx, cancel := context.WithTimeout(ctx, outlookTimeout)
	defer cancel()
	point := &typev1.LatLng{Latitude: at.Lat, Longitude: at.Lng}
	city, err := o.Planning.ResolveCity(ctx, &locationv1.ResolveCityRequest{Hint: &locationv1.ResolveCityRequest_Point{Point: point}})
	switch {
	case err == nil:
		point = city.GetCity().GetCenter()
	case !errs.HasReason(err, errs.ReasonDestinationUnknown):
		return nil, err
	}
	res, err := o.Forecasts.GetForecast(ctx, &locationv1.GetForecastRequest{Point: point, From: dateMessage(from), Days: int32(days), Fresh: true})
	if err != nil {
		return nil, err
	}
	known := make(map[trip.Date]trip.Weather, len(res.GetDays()))
	for _, d := range res.GetDays() {
		known[dateOf(d.GetDate())] = weatherOf(d.GetWeather())
	}
	return known, nil
}

// Hours gives when places are open on days.
func (o Outlook) Hours(ctx context.Context, visits []trip.VisitDay) ([]trip.Hours, error) {
	ctx, cancel := context.WithTimeout(ctx, outlookTimeout)
	defer cancel()
	m := &locationv1.GetVisitHoursRequest{}
	for _, v := range visits {
		m.Visits = append(m.Visits, &locationv1.PlannedVisit{PlaceId: v.Place, Date: dateMessage(v.Date)})
	}
	res, err := o.Planning.GetVisitHours(ctx, m)
	if err != nil {
		return nil, err
	}
	if len(res.GetVisits()) != len(visits) {
		return nil, fmt.Errorf("hours of %d visits came for %d", len(res.GetVisits()), len(visits))
	}
	hours := make([]trip.Hours, len(visits))
	for i, v := range res.GetVisits() {
		hours[i] = trip.Hours{Gone: v.GetGone(), Known: v.GetHours().GetKnown()}
		for _, interval := range v.GetHours().GetIntervals() {
			open := trip.Interval{Open: int(interval.GetOpen().GetMinutes()), Close: int(interval.GetClose().GetMinutes())}
			open.LastEntry = open.Close
			if interval.GetLastEntry() != nil {
				open.LastEntry = int(interval.GetLastEntry().GetMinutes())
			}
			hours[i].Intervals = append(hours[i].Intervals, open)
		}
	}
	return hours, nil
}
