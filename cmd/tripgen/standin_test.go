package main

import (
	"testing"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/config"
)

// Every provider that there is no key for is simulated, and none that there is a key for.
func TestProvidersWithoutAKeyAreSimulated(t *testing.T) {
	t.Parallel()
	simulators, err := startSimulators(t.Context(), "127.0.0.1:0", claudeFlags{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = simulators.listener.Close() })
	c := config.Default()
	c.Providers.Google.Key = "real"
	real := c.Providers
	simulators.standIn(&c.Providers)
	p := c.Providers
	if p.Google != real.Google {
		t.Errorf("Google by a key is %+v", p.Google)
	}
	for name, at := range map[string]string{
		"Claude": p.Anthropic.BaseURL, "Kakao": p.Kakao.BaseURL, "Kakao Mobility": p.Kakao.MobilityURL,
		"OpenWeather": p.OpenWeather.BaseURL, "Open-Meteo": p.OpenMeteo.BaseURL, "Open-Meteo's air": p.OpenMeteo.AirQualityURL,
	} {
		if at != simulators.url() {
			t.Errorf("%s is at %s", name, at)
		}
	}
	if p.Anthropic.Key == "" || p.Kakao.Key == "" || p.OpenWeather.Key == "" || p.OpenWeather.DayBudgetUSD != 0 {
		t.Errorf("providers %+v", p)
	}
	c.Providers.Google = config.Default().Providers.Google
	simulators.standIn(&c.Providers)
	if google := c.Providers.Google; google.PlacesURL != simulators.grpc() || google.DayBudgetUSD != 0 || google.EnrichmentDayBudgetUSD != 0 {
		t.Errorf("Google is at %+v", google)
	}
}

// With the setting "real" nobody is simulated.
func TestWithRealProvidersNobodyIsSimulated(t *testing.T) {
	t.Parallel()
	c := config.Default()
	m := &machine{Providers: "real"}
	if err := m.providers(t.Context(), new(app.Group), &c); err != nil {
		t.Fatal(err)
	}
	if c.Providers != config.Default().Providers {
		t.Errorf("providers %+v", c.Providers)
	}
}
