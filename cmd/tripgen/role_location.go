package main

import (
	"context"
	"net/http"

	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/borders"
	"github.com/tripgen/tripgen/services/location/builtin"
	"github.com/tripgen/tripgen/services/location/climate"
	"github.com/tripgen/tripgen/services/location/holidays"
	"github.com/tripgen/tripgen/services/location/openmeteo"
	locationrpc "github.com/tripgen/tripgen/services/location/rpc"
)

// wireLocation makes the location role: the built-in places and Open-Meteo behind its RPCs.
func wireLocation(_ context.Context, r *role) error {
	cities, places, err := builtin.Load(r.Clock.Now())
	if err != nil {
		return err
	}
	calendar, err := holidays.New()
	if err != nil {
		return err
	}
	normals, err := climate.New(cities, r.Clock.Now())
	if err != nil {
		return err
	}
	c := r.Config.Providers.OpenMeteo
	weather := openmeteo.New(c.BaseURL, c.AirQualityURL, &http.Client{Timeout: providerTimeout}, r.Clock)
	options, err := r.Handlers(rpc.Deps{})
	if err != nil {
		return err
	}
	locationrpc.New(locationrpc.Deps{
		Catalog: location.NewCatalog(cities, places), Holidays: calendar, Pages: r.Pages, Clock: r.Clock,
		Weather: location.NewOutlook(weather, weather, normals, borders.New().ZoneAt, r.Log),
	}).Mount(r.Server, options...)
	return nil
}
