package kakao_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/simulator/faults"
	simulator "github.com/tripgen/tripgen/internal/simulator/kakao"
	"github.com/tripgen/tripgen/internal/simulator/world"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/kakao"
	"github.com/tripgen/tripgen/services/location/upstream"
)

var seoul = location.Point{Lat: 37.5665, Lng: 126.978}

const key = "secret-of-ours"

func client(t *testing.T, c faults.Config) *kakao.Client {
	t.Helper()
	w, err := world.Load()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(faults.New(simulator.Handler(w), c, 1))
	t.Cleanup(server.Close)
	return kakao.New(server.URL, server.URL, key, &http.Client{Timeout: time.Second}, clock.NewFake(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)))
}

// [L3] Kakao inside Korea.
func TestSearchGivesPlacesOfTheGroup(t *testing.T) {
	t.Parallel()
	c := client(t, faults.Config{})
	for name, tc := range map[string]struct {
		query location.PlaceQuery
		has   func(location.Place) bool
	}{
		"sights":   {location.PlaceQuery{Group: location.Sights}, func(p location.Place) bool { return p.Category == "palace" }},
		"food":     {location.PlaceQuery{Group: location.Eating}, func(p location.Place) bool { return p.Category == location.Cafe }},
		"words":    {location.PlaceQuery{Words: "경복궁"}, func(p location.Place) bool { return strings.Contains(p.Name.Ko, "경복궁") }},
		"anything": {location.PlaceQuery{}, func(p location.Place) bool { return p.Category == location.Food }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.query.Center, tc.query.Radius = seoul, 15_000
			places, err := c.Search(t.Context(), tc.query)
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, p := range places {
				found = found || tc.has(p)
				if !strings.HasPrefix(p.ID, "kakao:") || p.Name.Ko == "" || !p.Source.Simulated || seoul.DistanceTo(p.Point) > 15_001 {
					t.Errorf("place %+v", p)
				}
			}
			if !found {
				t.Errorf("not among %d places", len(places))
			}
		})
	}
}

func TestFaultsBecomeErrorsThatSayWhatTheyAre(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		faults faults.Config
		is     func(error) bool
	}{
		"renamed": {faults.Config{RenameRate: 1}, func(err error) bool { return errors.Is(err, upstream.ErrShape) }},
		"missing": {faults.Config{MissingRate: 1}, func(err error) bool { return errors.Is(err, upstream.ErrShape) }},
		"cut":     {faults.Config{TruncateRate: 1}, func(err error) bool { return errors.Is(err, upstream.ErrShape) }},
		"busy": {faults.Config{BusyRate: 1, RetryAfter: 3}, func(err error) bool {
			busy, ok := errors.AsType[*upstream.BusyError](err)
			return ok && busy.RetryAfter == 3*time.Second
		}},
		"down":  {faults.Config{ErrorRate: 1}, func(err error) bool { return err != nil }},
		"hangs": {faults.Config{HangRate: 1}, func(err error) bool { return err != nil }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := client(t, tc.faults).Search(t.Context(), location.PlaceQuery{Center: seoul, Radius: 3000})
			if err == nil || !tc.is(err) || strings.Contains(err.Error(), key) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestMatrixAsksForWaysByCarAndEstimatesTheFar(t *testing.T) {
	t.Parallel()
	c := client(t, faults.Config{})
	near, far := location.Point{Lat: 37.5796, Lng: 126.977}, location.Point{Lat: 35.1796, Lng: 129.0756}
	m, err := c.Matrix(t.Context(), []location.Point{seoul, near, far}, location.Car)
	if err != nil || len(m.Ways) != 9 || m.Ways[0].Minutes != 0 || !m.Source.Simulated {
		t.Fatalf("%+v, %v", m, err)
	}
	if m.Ways[1] == location.EstimateTravel(seoul, near, location.Car) || m.Ways[1].Metres < 1400 {
		t.Errorf("the near way is %+v", m.Ways[1])
	}
	if m.Ways[2] != location.EstimateTravel(seoul, far, location.Car) {
		t.Errorf("the far way is %+v", m.Ways[2])
	}
	if _, err := c.Matrix(t.Context(), []location.Point{seoul, near}, location.Walk); err == nil {
		t.Error("Kakao walks")
	}
}
