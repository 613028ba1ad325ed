package sources_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/resilience"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/sources"
)

// record is a log in memory.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

// Keys travel to their providers and nowhere else: not into errors, logs or metrics, however a provider fails, even where
// its answer repeats them.
func TestKeysAreNeverToldHoweverProvidersFail(t *testing.T) {
	t.Parallel()
	keys := []string{"kakao-key-4711", "google-key-4712", "openweather-key-4713"}
	for name, handler := range map[string]http.HandlerFunc{
		"refusing": func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, fmt.Sprint(r.URL, r.Header), http.StatusForbidden)
		},
		"failing": func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, fmt.Sprint(r.URL, r.Header), http.StatusInternalServerError)
		},
		"not speaking JSON":       func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL, r.Header) },
		"answering another thing": func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, `{"error":%q}`, r.URL.String()) },
		"hanging up":              func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"sending elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/?"+url.Values{"was": {r.URL.String()}}.Encode(), http.StatusTemporaryRedirect)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(handler)
			t.Cleanup(server.Close)
			told := failingAll(t, server.URL, keys)
			if !strings.Contains(told, "openweather") {
				t.Fatalf("nothing failed: %s", told)
			}
			for _, key := range keys {
				if strings.Contains(told, key) || strings.Contains(told, url.QueryEscape(key)) {
					t.Errorf("%s is told: %s", key, told)
				}
			}
		})
	}
}

// failingAll asks everything of everybody, and gives all that is told of it: log, errors, metrics.
func failingAll(t *testing.T, address string, keys []string) string {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { _ = client.Close() })
	metrics := prometheus.NewRegistry()
	guards, err := resilience.NewSet(metrics)
	if err != nil {
		t.Fatal(err)
	}
	c := sources.Config{Timeout: 500 * time.Millisecond}
	c.Kakao.Key, c.Kakao.LocalURL, c.Kakao.MobilityURL = keys[0], address, address
	c.Google.Key, c.Google.PlacesURL, c.Google.RoutesURL = keys[1], address, address
	c.OpenWeather.Key, c.OpenWeather.URL = keys[2], address
	c.OpenMeteo.URL, c.OpenMeteo.AirURL = address, address
	log := new(record)
	s, err := sources.New(t.Context(), c, sources.Deps{
		Redis: client, Guards: guards, Clock: clock.NewFake(today), Metrics: metrics,
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	var failures []error
	for _, around := range []location.Point{seoul, munich} {
		_, search := s.Places.Search(t.Context(), location.PlaceQuery{Center: around, Radius: 3000, Words: "tower"})
		_, details := s.Details.Details(t.Context(), location.Place{ID: "builtin:x", Name: location.Name{En: "Tower"}, Point: around})
		_, ways := s.Routes.Matrix(t.Context(), []location.Point{around, {Lat: around.Lat + 0.01, Lng: around.Lng}}, location.Car)
		_, forecast := s.Weather.Forecast(t.Context(), around, today, 3)
		_, air := s.Air.Air(t.Context(), around, today, 3)
		failures = append(failures, search, details, ways, forecast, air)
	}
	if err := s.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	log.mu.Lock()
	defer log.mu.Unlock()
	return fmt.Sprint(log.text.String(), errors.Join(failures...), families)
}
