package openmeteo_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
	simulator "github.com/tripgen/tripgen/internal/simulator/openmeteo"
	"github.com/tripgen/tripgen/internal/simulator/sky"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/openmeteo"
)

var (
	munich = location.Point{Lat: 48.1374, Lng: 11.5755}
	today  = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
)

func client(t *testing.T, h http.Handler) *openmeteo.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return openmeteo.New(server.URL, server.URL, server.Client(), clock.NewFake(today.Add(9*time.Hour)))
}

// [L5]
func TestForecastCoversWhatLiesWithinTheHorizon(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ first, days, want int }{
		"now":                  {0, 4, 4},
		"up to the last day":   {12, 4, 4},
		"beyond the last day":  {14, 4, 2},
		"all beyond":           {16, 4, 0},
		"the longest question": {0, 62, 16},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := client(t, simulator.Handler(new(sky.Sky))).Forecast(t.Context(), munich, today.AddDate(0, 0, tc.first), tc.days)
			if err != nil {
				t.Fatal(err)
			}
			if len(f.Days) != tc.want {
				t.Fatalf("%d days, want %d", len(f.Days), tc.want)
			}
			for i, day := range f.Days {
				if want := today.AddDate(0, 0, tc.first+i); !day.Date.Equal(want) {
					t.Errorf("day %d is %v, want %v", i, day.Date, want)
				}
				if day.MinCelsius >= day.MaxCelsius || len(day.Hours) != 24 || day.Kind == "" {
					t.Errorf("day %+v is not whole", day)
				}
				if !day.Source.Simulated || day.Source.Provider != "openmeteo" {
					t.Errorf("source %+v does not say that it is simulated", day.Source)
				}
			}
		})
	}
}

func TestForecastRefusesAnswersThatAreNotOne(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"cut short":        `{"daily":{"time":["2026-12-01"],"weather_c`,
		"a column missing": `{"daily":{"time":["2026-12-01"],"weather_code":[3],"temperature_2m_min":[1],"precipitation_probability_max":[0]}}`,
		"a date that is none": `{"daily":{"time":["soon"],"weather_code":[3],"temperature_2m_max":[2],"temperature_2m_min":[1],
			"precipitation_probability_max":[0]}}`,
		"not JSON": `<html>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := client(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if _, err := w.Write([]byte(body)); err != nil {
					t.Error(err)
				}
			}))
			if f, err := c.Forecast(t.Context(), munich, today, 1); err == nil {
				t.Errorf("got %+v from %s", f, body)
			}
		})
	}
}

func TestForecastTellsARefusal(t *testing.T) {
	t.Parallel()
	c := client(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }))
	if _, err := c.Forecast(t.Context(), munich, today, 1); err == nil {
		t.Error("a status of 429 was taken for an answer")
	}
}

// [L5]
func TestAirIsTheDailyMeanWithinItsHorizon(t *testing.T) {
	t.Parallel()
	air, err := client(t, simulator.Handler(new(sky.Sky))).Air(t.Context(), munich, today, 16)
	if err != nil || len(air.PM25) != openmeteo.AirHorizon {
		t.Fatalf("%d days, error %v", len(air.PM25), err)
	}
	for date, pm := range air.PM25 {
		if pm <= 0 || date.Before(today) || date.After(today.AddDate(0, 0, openmeteo.AirHorizon-1)) {
			t.Errorf("%v: %v", date, pm)
		}
	}
	c := client(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"hourly":{"time":["2026-12-01T00:00"],"pm2_5_new":[3]}}`))
	}))
	if air, err := c.Air(t.Context(), munich, today, 1); err == nil {
		t.Errorf("a renamed field gives %v", air)
	}
}
