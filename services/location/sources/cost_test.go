package sources_test

import (
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/resilience"
	googlesimulator "github.com/tripgen/tripgen/internal/simulator/google"
	"github.com/tripgen/tripgen/internal/simulator/world"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/sources"
)

// What simulators answer is counted as calls and costs nothing: neither the metrics nor the day's budget take it for money.
func TestSimulatedCallsCostNothing(t *testing.T) {
	t.Parallel()
	places, err := world.Load()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(googlesimulator.New(places))
	t.Cleanup(server.Close)
	for key, costs := range map[string]bool{sources.SimulatedKey: false, "a real one": true} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
			t.Cleanup(func() { _ = client.Close() })
			metrics := prometheus.NewRegistry()
			guards, err := resilience.NewSet(metrics)
			if err != nil {
				t.Fatal(err)
			}
			// The budget bears no call at all.
			c := sources.Config{GoogleDayMicroUSD: 1, EnrichmentDayMicroUSD: 1}
			if costs {
				c.GoogleDayMicroUSD = 0
			}
			c.Google.Key, c.Google.PlacesURL, c.Google.RoutesURL = key, server.URL, server.URL
			s, err := sources.New(t.Context(), c, sources.Deps{
				Redis: client, Guards: guards, Clock: clock.NewFake(today), Log: slog.New(slog.DiscardHandler), Metrics: metrics,
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close(t.Context()) })
			found, err := s.Places.Search(t.Context(), location.PlaceQuery{Center: munich, Radius: 3000, Group: location.Sights})
			if err != nil || len(found) == 0 {
				t.Fatalf("%d places, %v", len(found), err)
			}
			if s.Affords(t.Context(), true) == costs {
				t.Error("the budget for enrichment takes simulated calls for money, or real ones for none")
			}
			calls, cost := sum(t, metrics, "tripgen_provider_calls_total"), sum(t, metrics, "tripgen_provider_cost_micro_usd_total")
			if calls == 0 || (cost > 0) != costs {
				t.Errorf("%v calls cost %v micro-USD", calls, cost)
			}
		})
	}
}

// sum is a counter over all its labels.
func sum(t *testing.T, metrics prometheus.Gatherer, name string) float64 {
	t.Helper()
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := 0.0
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			all += m.GetCounter().GetValue()
		}
	}
	return all
}
