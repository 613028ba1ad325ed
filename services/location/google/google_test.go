package google_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/simulator/faults"
	simulator "github.com/tripgen/tripgen/internal/simulator/google"
	"github.com/tripgen/tripgen/internal/simulator/world"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/builtin"
	"github.com/tripgen/tripgen/services/location/google"
	"github.com/tripgen/tripgen/services/location/openinghours"
	"github.com/tripgen/tripgen/services/location/upstream"
)

var (
	munich = location.Point{Lat: 48.1374, Lng: 11.5755}
	now    = clock.NewFake(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
)

const key = "secret-of-ours"

// clients are Google's, over REST and over gRPC, of one simulator.
func clients(t *testing.T, c faults.Config) map[string]*google.Client {
	t.Helper()
	w, err := world.Load()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(faults.New(simulator.New(w), c, 1))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	rest, err := google.Connect(t.Context(), server.URL, server.URL, key, &http.Client{Timeout: time.Second}, now)
	if err != nil {
		t.Fatal(err)
	}
	address := strings.Replace(server.URL, "http://", "grpc://", 1)
	grpc, err := google.Connect(t.Context(), address, address, key, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*google.Client{rest, grpc} {
		t.Cleanup(func() { _ = c.Close(context.Background()) })
	}
	return map[string]*google.Client{"REST": rest, "gRPC": grpc}
}

// Google's own clients are the proof that the simulator's formats are right.
func TestGooglesClientsUnderstandTheSimulator(t *testing.T) {
	t.Parallel()
	for transport, c := range clients(t, faults.Config{}) {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			found, err := c.Search(t.Context(), location.PlaceQuery{Center: munich, Radius: 3000, Group: location.Sights})
			if err != nil || len(found) != 20 {
				t.Fatalf("%d places, %v", len(found), err)
			}
			for _, p := range found {
				if !strings.HasPrefix(p.ID, "google:") || p.Category == "" || !p.Source.Simulated || munich.DistanceTo(p.Point) > 3001 {
					t.Errorf("place %+v", p)
				}
			}
			named, err := c.Search(t.Context(), location.PlaceQuery{Center: munich, Radius: 3000, Words: "Marienplatz"})
			if err != nil || len(named) == 0 || named[0].Name.En != "Marienplatz" {
				t.Errorf("found %+v, %v", named, err)
			}
			points := []location.Point{munich, found[5].Point, found[10].Point}
			m, err := c.Matrix(t.Context(), points, location.Transit)
			if err != nil || len(m.Ways) != 9 || m.Ways[0].Minutes != 0 || m.Ways[1].Metres == 0 || !m.Source.Simulated {
				t.Errorf("ways %+v, %v", m, err)
			}
		})
	}
}

// [L2] Rating, count and up to five newest reviews.
func TestDetailsAreFoundForPlacesOfOtherSources(t *testing.T) {
	t.Parallel()
	_, builtins, err := builtin.Load(now.Now())
	if err != nil {
		t.Fatal(err)
	}
	catalog := location.NewCatalog(nil, builtins)
	square, ok := catalog.Place("builtin:munich-marienplatz")
	if !ok {
		t.Fatal("no Marienplatz")
	}
	nowhere := square
	nowhere.Point = location.Point{Lat: 10, Lng: 10}
	for transport, c := range clients(t, faults.Config{}) {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			d, err := c.Details(t.Context(), square)
			if err != nil || d.Rating == nil || *d.Rating < 1 || d.RatingCount == nil || len(d.Reviews) != 2 || !d.Source.Simulated {
				t.Fatalf("details %+v, %v", d, err)
			}
			if d.Reviews[0].Time.Before(d.Reviews[1].Time) || d.Reviews[0].Author == "" {
				t.Errorf("reviews %+v", d.Reviews)
			}
			if _, err := c.Details(t.Context(), nowhere); !errors.Is(err, location.ErrNoDetails) {
				t.Errorf("error %v", err)
			}
			if _, err := c.Details(t.Context(), location.Place{ID: "google:gone"}); err == nil {
				t.Error("a place that is gone has details")
			}
		})
	}
}

func TestFaultsBecomeErrorsThatSayWhatTheyAre(t *testing.T) {
	t.Parallel()
	shape := func(err error) bool { return errors.Is(err, upstream.ErrShape) }
	any := func(err error) bool { return err != nil }
	for name, tc := range map[string]struct {
		faults faults.Config
		is     func(error) bool
	}{
		"cut":   {faults.Config{TruncateRate: 1}, any},
		"down":  {faults.Config{ErrorRate: 1}, any},
		"hangs": {faults.Config{HangRate: 1}, any},
		"busy": {faults.Config{BusyRate: 1, RetryAfter: 3}, func(err error) bool {
			busy, ok := errors.AsType[*upstream.BusyError](err)
			return ok && busy.RetryAfter == 3*time.Second
		}},
		"missing": {faults.Config{MissingRate: 1}, shape},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for transport, c := range clients(t, tc.faults) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err := c.Details(ctx, location.Place{ID: "google:munich-marienplatz"})
				if transport == "gRPC" && name == "missing" { // protobuf's fields have numbers, not names
					continue
				}
				if err == nil || !tc.is(err) || strings.Contains(err.Error(), key) {
					t.Errorf("over %s: error %v", transport, err)
				}
			}
		})
	}
	t.Run("renamed fields of details are no details", func(t *testing.T) {
		t.Parallel()
		_, err := clients(t, faults.Config{RenameRate: 1})["REST"].Details(t.Context(), location.Place{ID: "google:munich-marienplatz"})
		if !shape(err) {
			t.Errorf("error %v", err)
		}
	})
}

func TestHoursOfGoogleAreOnesThatAreUnderstood(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		periods [][6]int32 // day, hour, minute to day, hour, minute; a day of -1 for no end
		want    string
	}{
		"usual":         {[][6]int32{{1, 9, 0, 1, 18, 0}, {2, 9, 0, 2, 12, 0}, {2, 13, 30, 2, 18, 0}}, "Mo 09:00-18:00; Tu 09:00-12:00,13:30-18:00"},
		"past midnight": {[][6]int32{{5, 18, 0, 6, 2, 0}, {6, 18, 0, 0, 0, 0}}, "Fr 18:00-02:00; Sa 18:00-24:00"},
		"always":        {[][6]int32{{0, 0, 0, -1, 0, 0}}, "24/7"},
		"days on end":   {[][6]int32{{1, 9, 0, 3, 18, 0}}, ""},
		"none":          {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := google.HoursOf(tc.periods)
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if got != "" {
				if _, err := openinghours.Parse(got); err != nil {
					t.Errorf("%q: %v", got, err)
				}
			}
		})
	}
}
