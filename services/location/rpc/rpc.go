// Package rpc answers the location service's calls: convert, call, convert.
package rpc

import (
	"connectrpc.com/connect"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/page"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1/locationv1connect"
	"github.com/tripgen/tripgen/services/location"
)

// Deps are what the handlers are made of.
type Deps struct {
	Finder   *location.Finder
	Weather  *location.Outlook
	Routes   location.RouteProvider
	Holidays location.Holidays
	// Whereabouts gives country and zone of a point that no city of the catalog holds; its id and names are empty.
	Whereabouts func(location.Point) location.City
	Pages       *page.Tokens
	Clock       clock.Clock
}

// Handlers answer PlaceService, WeatherService and PlanningDataService.
type Handlers struct {
	finder      *location.Finder
	weather     *location.Outlook
	routes      location.RouteProvider
	holidays    location.Holidays
	whereabouts func(location.Point) location.City
	pages       *page.Tokens
	clock       clock.Clock
}

// New makes the handlers.
func New(d Deps) *Handlers {
	return &Handlers{
		finder: d.Finder, weather: d.Weather, routes: d.Routes, holidays: d.Holidays, whereabouts: d.Whereabouts, pages: d.Pages,
		clock: d.Clock,
	}
}

// Mount puts the services on a server.
func (h *Handlers) Mount(s *rpc.Server, opts ...connect.HandlerOption) {
	s.Handle(locationv1connect.NewPlaceServiceHandler(h, opts...))
	s.Handle(locationv1connect.NewWeatherServiceHandler(h, opts...))
	s.Handle(locationv1connect.NewPlanningDataServiceHandler(h, opts...))
}

// pageSize is what a list gives: what was asked for, 20 by default.
func pageSize(asked int32) int {
	if asked == 0 {
		return 20
	}
	return int(asked)
}
