package openweather_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
	simulator "github.com/tripgen/tripgen/internal/simulator/openweather"
	"github.com/tripgen/tripgen/internal/simulator/sky"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/openweather"
)

var (
	munich = location.Point{Lat: 48.1374, Lng: 11.5755}
	today  = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
)

const key = "secret-of-ours"

func client(t *testing.T, h http.Handler) *openweather.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return openweather.New(server.URL, key, server.Client(), clock.NewFake(today.Add(9*time.Hour)))
}

func simulated() http.Handler {
	return simulator.Handler(func() time.Time { return today.Add(9 * time.Hour) }, new(sky.Sky))
}

// [L5]
func TestForecastAndAirCoverWhatIsKnown(t *testing.T) {
	t.Parallel()
	c := client(t, simulated())
	f, err := c.Forecast(t.Context(), munich, today, 16)
	if err != nil || len(f.Days) != 8 {
		t.Fatalf("%d days, %v", len(f.Days), err)
	}
	for i, day := range f.Days {
		if !day.Date.Equal(today.AddDate(0, 0, i)) || day.MinCelsius >= day.MaxCelsius || day.Kind == "" || !day.Source.Simulated {
			t.Errorf("day %d is %+v", i, day)
		}
	}
	if len(f.Days[1].Hours) != 24 {
		t.Errorf("%d hours tomorrow", len(f.Days[1].Hours))
	}
	air, err := c.Air(t.Context(), munich, today, 3)
	if err != nil || len(air.PM25) != 3 || air.PM25[today] <= 0 || !air.Source.Simulated {
		t.Errorf("air %v, %v", air, err)
	}
}

func TestWarningsAreToldForTheDaysThatTheyHold(t *testing.T) {
	t.Parallel()
	c := client(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"timezone":"Europe/Berlin","daily":[
			{"dt":1796122800,"temp":{"min":1,"max":3},"pop":0.9,"weather":[{"id":601}]},
			{"dt":1796209200,"temp":{"min":0,"max":2},"pop":0.1,"weather":[{"id":800}]}],
			"alerts":[{"event":"Heavy snow","start":1796076000,"end":1796140000}]}`))
	}))
	f, err := c.Forecast(t.Context(), munich, today, 2)
	if err != nil || len(f.Days) != 2 || f.Days[0].Kind != "snow" || f.Days[0].PrecipitationPercent != 90 {
		t.Fatalf("%+v, %v", f, err)
	}
	if len(f.Days[0].Warnings) != 1 || f.Days[0].Warnings[0].En != "Heavy snow" || len(f.Days[1].Warnings) != 0 {
		t.Errorf("warnings %v and %v", f.Days[0].Warnings, f.Days[1].Warnings)
	}
}

func TestAnAnswerThatIsNotOneIsRefusedAndTheKeyIsNeverTold(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"cut short": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"timezone":"Europe/Berlin","daily":[{`))
		},
		"renamed": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"timezone":"Europe/Berlin","daily":[{"dt":1796122800,"temperature":{},"weather":[{"id":800}]}]}`))
		},
		"busy":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
		"hung up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := client(t, h).Forecast(t.Context(), munich, today, 2)
			if err == nil || strings.Contains(err.Error(), key) {
				t.Errorf("error %v", err)
			}
		})
	}
}
