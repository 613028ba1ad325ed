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
	catalog *location.Catalog
	weather location.WeatherProvider
	pages   *page.Tokens
	clock   clock.Clock
}

// New makes the handlers.
func New(catalog *location.Catalog, weather location.WeatherProvider, pages *page.Tokens, c clock.Clock) *Handlers {
	return &Handlers{catalog: catalog, weather: weather, pages: pages, clock: c}
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
