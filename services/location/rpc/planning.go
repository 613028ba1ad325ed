package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/location"
)

const defaultCandidates = 400

// FindCandidates gives the places that a plan for a city chooses from, with their hours on each date.
func (h *Handlers) FindCandidates(_ context.Context, req *locationv1.FindCandidatesRequest) (*locationv1.FindCandidatesResponse, error) {
	city, ok := h.catalog.City(req.GetCityId())
	if !ok {
		return nil, location.ErrUnknownDestination
	}
	limit := int(req.GetLimit())
	if limit == 0 {
		limit = defaultCandidates
	}
	resp := &locationv1.FindCandidatesResponse{City: cityMessage(city)}
	places := h.catalog.InCity(city.ID)
	for _, p := range places[:min(limit, len(places))] {
		candidate := &locationv1.Candidate{Place: h.placeMessage(p)}
		for _, date := range req.GetDates() {
			candidate.Hours = append(candidate.Hours, h.hoursMessage(p, city, dateOf(date)))
		}
		resp.Candidates = append(resp.Candidates, candidate)
	}
	return resp, nil
}

// ComputeMatrix estimates the ways between all points.
func (h *Handlers) ComputeMatrix(_ context.Context, req *locationv1.ComputeMatrixRequest) (*locationv1.ComputeMatrixResponse, error) {
	mode := modeOf(req.GetMode())
	resp := &locationv1.ComputeMatrixResponse{
		Source: &typev1.Source{Provider: "estimate", FetchedAt: timestamppb.New(h.clock.Now())},
	}
	for _, from := range req.GetPoints() {
		for _, to := range req.GetPoints() {
			way := location.EstimateTravel(pointOf(from), pointOf(to), mode)
			resp.Minutes = append(resp.Minutes, int32(way.Minutes))
			resp.Metres = append(resp.Metres, int32(way.Metres))
		}
	}
	return resp, nil
}

// ResolveCity finds the city that a name or a point means.
func (h *Handlers) ResolveCity(_ context.Context, req *locationv1.ResolveCityRequest) (*locationv1.ResolveCityResponse, error) {
	var city location.City
	var ok bool
	if req.GetPoint() != nil {
		city, ok = h.catalog.CityAt(pointOf(req.GetPoint()))
	} else {
		city, ok = h.catalog.CityByName(req.GetName())
	}
	if !ok {
		return nil, location.ErrUnknownDestination
	}
	return &locationv1.ResolveCityResponse{City: cityMessage(city)}, nil
}

// GetForecast gives the weather: a forecast where there is one, what it usually is for the other days.
func (h *Handlers) GetForecast(ctx context.Context, req *locationv1.GetForecastRequest) (*locationv1.GetForecastResponse, error) {
	forecast := h.weather.Forecast(ctx, pointOf(req.GetPoint()), dateOf(req.GetFrom()), int(req.GetDays()))
	resp := &locationv1.GetForecastResponse{TimeZone: forecast.Zone}
	for _, day := range forecast.Days {
		resp.Days = append(resp.Days, &locationv1.ForecastDay{Date: dateMessage(day.Date), Weather: weatherMessage(day)})
	}
	return resp, nil
}
