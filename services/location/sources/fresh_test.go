package sources_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/sources"
)

// Who looks at the weather again gets a fresh forecast, made once for all who look within seconds; others go on with the
// hour's. The air says who tells it, and when it is old.
func TestAFreshForecastIsAskedForOnceInSeconds(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	fetched := func() time.Time {
		f, err := s.Weather.Forecast(t.Context(), munich, today, 1)
		if err != nil || len(f.Days) != 1 || f.Days[0].Source.Stale {
			t.Fatalf("%+v, %v", f, err)
		}
		return f.Days[0].Source.FetchedAt
	}
	refresh := func() {
		if err := s.Weather.Refresh(t.Context(), munich); err != nil {
			t.Fatal(err)
		}
		if err := s.Air.Refresh(t.Context(), munich); err != nil {
			t.Fatal(err)
		}
	}
	first := fetched()
	s.clock.Advance(10 * time.Minute)
	if got := fetched(); !got.Equal(first) {
		t.Errorf("the hour's forecast was fetched at %v, then at %v", first, got)
	}
	refresh()
	if got := fetched(); !got.Equal(first.Add(10 * time.Minute)) {
		t.Errorf("a fresh forecast is of %v", got)
	}
	calls := s.providers["openweather"].Calls()
	s.clock.Advance(5 * time.Second)
	refresh()
	if n := s.providers["openweather"].Calls(); n != calls {
		t.Errorf("%d calls more within seconds", n-calls)
	}
	s.down("openweather", "openmeteo")
	s.clock.Advance(10 * time.Minute)
	_ = s.Weather.Refresh(t.Context(), munich) // what is kept goes on to be told
	if got := fetched(); !got.Equal(first.Add(10 * time.Minute)) {
		t.Errorf("without providers the forecast is of %v", got)
	}
	s.clock.Advance(3 * time.Hour)
	air, err := s.Air.Air(t.Context(), munich, today, 1)
	if err != nil || !air.Source.Stale || air.Source.Provider != "openweather" || !air.Source.FetchedAt.Equal(first.Add(10*time.Minute)) {
		t.Errorf("old air is of %+v, %v", air.Source, err)
	}
}

// Fresh looks cost no more than the day's budget: then Open-Meteo answers, which costs nothing.
func TestFreshForecastsKeepToTheBudget(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *sources.Config) { c.OpenWeatherDayMicroUSD = 2000 })
	by := func() string {
		f, err := s.Weather.Forecast(t.Context(), munich, today, 1)
		if err != nil || len(f.Days) != 1 {
			t.Fatalf("%+v, %v", f, err)
		}
		return f.Days[0].Source.Provider
	}
	if got := by(); got != "openweather" {
		t.Fatalf("%s answers", got)
	}
	s.clock.Advance(10 * time.Minute)
	if err := s.Weather.Refresh(t.Context(), munich); err != nil || by() != "openmeteo" {
		t.Errorf("%s answers for money that is not there, %v", by(), err)
	}
}

// What is fetched in the background has a budget of its own, of which trips get what is fetched ahead of use does not.
func TestEnrichmentHasABudgetOfItsOwn(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *sources.Config) { c.EnrichmentDayMicroUSD = 4 * 25_000 })
	var ahead, trips int
	for range 10 {
		if s.Affords(t.Context(), false) {
			ahead++
		}
	}
	for range 10 {
		if s.Affords(t.Context(), true) {
			trips++
		}
	}
	if ahead != 2 || trips != 2 {
		t.Errorf("%d ahead of use and %d for trips", ahead, trips)
	}
	s.clock.Advance(24 * time.Hour)
	if !s.Affords(t.Context(), false) {
		t.Error("nothing on the next day")
	}
	if s := start(t, nil); !s.Affords(t.Context(), false) {
		t.Error("nothing without a cap")
	}
}

// Made-up details stay apart from what is known of a place; real ones fill what is not known.
func TestMadeUpDetailsFillInNothing(t *testing.T) {
	t.Parallel()
	rating := 4.0
	details := location.Details{Rating: &rating, Phone: "+49 89 1", Website: "https://example.org", Address: "A 1", Hours: "Mo 09:00-10:00"}
	square := location.Place{ID: "builtin:x", Source: location.Source{Provider: "builtin"}}
	if p := square.With(details); p.Phone == "" || p.Website == "" || p.Address == "" || p.Schedule == nil {
		t.Errorf("real details fill in %+v", p)
	}
	details.Source.Simulated = true
	if p := square.With(details); p.Phone != "" || p.Website != "" || p.Address != "" || p.Hours != "" || p.Details.Rating == nil {
		t.Errorf("made-up details fill in %+v", p)
	}
}

// Hours of any length in a provider's answer stay unknown and do no harm.
func TestEndlessHoursOfAProviderStayUnknown(t *testing.T) {
	t.Parallel()
	p := location.Place{ID: "builtin:x"}.With(location.Details{Hours: strings.Repeat("Mo 09:00-10:00; ", 4096)})
	if p.Schedule != nil {
		t.Errorf("understood as %+v", p.Schedule)
	}
}

// An answer without an end is cut off, and nothing of it is kept.
func TestAnEndlessAnswerIsNotKept(t *testing.T) {
	t.Parallel()
	var calls int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		_, _ = w.Write([]byte(`{"documents":[`))
		for range 100 {
			if _, err := w.Write([]byte(strings.Repeat(`{"id":"1"},`, 10_000))); err != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	s := start(t, func(c *sources.Config) { c.Kakao.LocalURL, c.Google.Key = server.URL, "" })
	for range 2 {
		places, err := s.Places.Search(t.Context(), location.PlaceQuery{Center: seoul, Radius: 3000, Words: "tower"})
		if err == nil || len(places) > 0 {
			t.Errorf("%d places, %v", len(places), err)
		}
		s.clock.Advance(time.Hour)
	}
	if calls == 0 {
		t.Error("nobody was asked")
	}
}
