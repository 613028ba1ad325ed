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

// Handlers answer PlaceService, WeatherService and PlanningDataService.
type Handlers struct {
	catalog  *location.Catalog
	weather  *location.Outlook
	holidays location.Holidays
	pages    *page.Tokens
	clock    clock.Clock
}

// Deps are what the handlers are made of.
type Deps struct {
	Catalog  *location.Catalog
	Weather  *location.Outlook
	Holidays location.Holidays
	Pages    *page.Tokens
	Clock    clock.Clock
}

// New makes the handlers.
func New(d Deps) *Handlers {
	return &Handlers{catalog: d.Catalog, weather: d.Weather, holidays: d.Holidays, pages: d.Pages, clock: d.Clock}
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
