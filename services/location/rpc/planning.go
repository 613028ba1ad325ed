package rpc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	"github.com/tripgen/tripgen/services/location"
)

const defaultCandidates = 400

// FindCandidates gives the places that a plan for a city chooses from, with their hours on each date.
func (h *Handlers) FindCandidates(ctx context.Context, req *locationv1.FindCandidatesRequest) (*locationv1.FindCandidatesResponse, error) {
	catalog := h.finder.Catalog.Now()
	city, ok := catalog.City(req.GetCityId())
	if !ok {
		return nil, location.ErrUnknownDestination
	}
	limit := int(req.GetLimit())
	if limit == 0 {
		limit = defaultCandidates
	}
	resp := &locationv1.FindCandidatesResponse{City: cityMessage(city)}
	for _, p := range h.finder.Known(ctx, catalog.Candidates(city.ID, limit, h.finder.Popularity.Of)) {
		candidate := &locationv1.Candidate{Place: h.placeMessage(p), Popularity: h.finder.Popularity.Of(p)}
		for _, date := range req.GetDates() {
			candidate.Hours = append(candidate.Hours, h.hoursMessage(p, city, dateOf(date)))
		}
		resp.Candidates = append(resp.Candidates, candidate)
	}
	return resp, nil
}

// ComputeMatrix gives the ways between all points.
func (h *Handlers) ComputeMatrix(ctx context.Context, req *locationv1.ComputeMatrixRequest) (*locationv1.ComputeMatrixResponse, error) {
	points := make([]location.Point, 0, len(req.GetPoints()))
	for _, p := range req.GetPoints() {
		points = append(points, pointOf(p))
	}
	m, err := h.routes.Matrix(ctx, points, modeOf(req.GetMode()))
	if err != nil {
		return nil, err
	}
	resp := &locationv1.ComputeMatrixResponse{Source: sourceMessage(m.Source)}
	for _, way := range m.Ways {
		resp.Minutes = append(resp.Minutes, int32(way.Minutes))
		resp.Metres = append(resp.Metres, int32(way.Metres))
	}
	return resp, nil
}

// ResolveCity finds the city that a name or a point means.
func (h *Handlers) ResolveCity(_ context.Context, req *locationv1.ResolveCityRequest) (*locationv1.ResolveCityResponse, error) {
	var city location.City
	var ok bool
	if req.GetPoint() != nil {
		city, ok = h.finder.Catalog.Now().CityAt(pointOf(req.GetPoint()))
	} else {
		city, ok = h.finder.Catalog.Now().CityByName(req.GetName())
	}
	if !ok {
		return nil, location.ErrUnknownDestination
	}
	return &locationv1.ResolveCityResponse{City: cityMessage(city)}, nil
}

// GetForecast gives the weather: a forecast where there is one, what it usually is for the other days.
func (h *Handlers) GetForecast(ctx context.Context, req *locationv1.GetForecastRequest) (*locationv1.GetForecastResponse, error) {
	first, err := civil("from", req.GetFrom())
	if err != nil {
		return nil, err
	}
	ask := h.weather.Forecast
	if req.GetFresh() {
		ask = h.weather.Fresh
	}
	forecast := ask(ctx, pointOf(req.GetPoint()), first, int(req.GetDays()))
	resp := &locationv1.GetForecastResponse{TimeZone: forecast.Zone}
	for _, day := range forecast.Days {
		resp.Days = append(resp.Days, &locationv1.ForecastDay{Date: dateMessage(day.Date), Weather: weatherMessage(day)})
	}
	return resp, nil
}

// GetVisitHours gives the hours of places on the days of their visits, and names those that are gone.
func (h *Handlers) GetVisitHours(ctx context.Context, req *locationv1.GetVisitHoursRequest) (*locationv1.GetVisitHoursResponse, error) {
	places, gone := map[string]location.Place{}, map[string]bool{}
	for i, visit := range req.GetVisits() {
		if _, err := civil(fmt.Sprintf("visits[%d].date", i), visit.GetDate()); err != nil {
			return nil, err
		}
		id := visit.GetPlaceId()
		if _, known := places[id]; known || gone[id] {
			continue
		}
		place, err := h.finder.Basic(ctx, id)
		switch {
		case err == nil:
			places[id] = place
		case errors.Is(err, location.ErrGone):
			gone[id] = true
		default:
			return nil, err
		}
	}
	for _, place := range h.finder.Known(ctx, slices.Collect(maps.Values(places))) {
		places[place.ID] = place
	}
	resp := &locationv1.GetVisitHoursResponse{}
	for _, visit := range req.GetVisits() {
		hours := &locationv1.VisitHours{Gone: gone[visit.GetPlaceId()]}
		if place, ok := places[visit.GetPlaceId()]; ok {
			hours.Hours = h.hoursMessage(place, h.cityOf(place), dateOf(visit.GetDate()))
		}
		resp.Visits = append(resp.Visits, hours)
	}
	return resp, nil
}
