package main

import (
	"context"
	"net/http"

	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/builtin"
	"github.com/tripgen/tripgen/services/location/openmeteo"
	locationrpc "github.com/tripgen/tripgen/services/location/rpc"
)

// wireLocation makes the location role: the built-in places and Open-Meteo behind its RPCs.
func wireLocation(_ context.Context, r *role) error {
	cities, places, err := builtin.Load(r.Clock.Now())
	if err != nil {
		return err
	}
	weather := openmeteo.New(r.Config.Providers.OpenMeteo.BaseURL, &http.Client{Timeout: providerTimeout}, r.Clock)
	options, err := r.Handlers(rpc.Deps{})
	if err != nil {
		return err
	}
	locationrpc.New(location.NewCatalog(cities, places), weather, r.Pages, r.Clock).Mount(r.Server, options...)
	return nil
}
