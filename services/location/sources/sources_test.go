package sources_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/resilience"
	"github.com/tripgen/tripgen/internal/simulator/faults"
	googlesimulator "github.com/tripgen/tripgen/internal/simulator/google"
	kakaosimulator "github.com/tripgen/tripgen/internal/simulator/kakao"
	meteosimulator "github.com/tripgen/tripgen/internal/simulator/openmeteo"
	weathersimulator "github.com/tripgen/tripgen/internal/simulator/openweather"
	"github.com/tripgen/tripgen/internal/simulator/sky"
	"github.com/tripgen/tripgen/internal/simulator/world"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/sources"
)

var (
	today  = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	seoul  = location.Point{Lat: 37.5665, Lng: 126.978}
	munich = location.Point{Lat: 48.1374, Lng: 11.5755}
	atSea  = location.Point{Lat: 0, Lng: -150}
)

// stack is all sources on simulators.
type stack struct {
	*sources.Sources
	t         *testing.T
	clock     *clock.Fake
	providers map[string]*faults.Provider
}

func start(t *testing.T, change func(*sources.Config)) *stack {
	t.Helper()
	places, err := world.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := &stack{t: t, clock: clock.NewFake(today.Add(9 * time.Hour)), providers: make(map[string]*faults.Provider)}
	urls := make(map[string]string)
	for name, handler := range map[string]http.Handler{
		"kakao": kakaosimulator.Handler(places), "google": googlesimulator.New(places),
		"openweather": weathersimulator.Handler(s.clock.Now, new(sky.Sky)), "openmeteo": meteosimulator.Handler(new(sky.Sky)),
	} {
		s.providers[name] = faults.New(handler, faults.Config{}, 1)
		server := httptest.NewServer(s.providers[name])
		t.Cleanup(server.Close)
		urls[name] = server.URL
	}
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { _ = client.Close() })
	guards, err := resilience.NewSet(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	c := sources.Config{Timeout: time.Second}
	c.Kakao.Key, c.Kakao.LocalURL, c.Kakao.MobilityURL = "k", urls["kakao"], urls["kakao"]
	c.Google.Key, c.Google.PlacesURL, c.Google.RoutesURL = "g", urls["google"], urls["google"]
	c.OpenWeather.Key, c.OpenWeather.URL = "o", urls["openweather"]
	c.OpenMeteo.URL, c.OpenMeteo.AirURL = urls["openmeteo"], urls["openmeteo"]
	if change != nil {
		change(&c)
	}
	s.Sources, err = sources.New(t.Context(), c, sources.Deps{
		Redis: client, Guards: guards, Clock: s.clock, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func (s *stack) down(names ...string) {
	for _, name := range names {
		s.providers[name].Configure(faults.Config{ErrorRate: 1})
	}
}

// search asks for sights around a point and gives the places' provider.
func (s *stack) search(around location.Point) (provider string, stale bool) {
	s.t.Helper()
	places, err := s.Places.Search(s.t.Context(), location.PlaceQuery{Center: around, Radius: 3000, Group: location.Sights})
	if err != nil || len(places) == 0 {
		return "nobody", false
	}
	return places[0].Source.Provider, places[0].Source.Stale
}

// [L3] The right provider by region, then the next one, then what is kept however old.
func TestPlacesComeFromTheRightProviderAndThenTheNext(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		around location.Point
		down   []string
		want   string
	}{
		"Korea":                          {seoul, nil, "kakao"},
		"Korea without Kakao":            {seoul, []string{"kakao"}, "google"},
		"Korea without both":             {seoul, []string{"kakao", "google"}, "nobody"},
		"elsewhere":                      {munich, nil, "google"},
		"elsewhere Kakao does not count": {munich, []string{"kakao"}, "google"},
		"at sea nobody is asked":         {atSea, nil, "nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, nil)
			s.down(tc.down...)
			if got, _ := s.search(tc.around); got != tc.want {
				t.Errorf("%s answers, want %s", got, tc.want)
			}
		})
	}
}

func TestWhatIsKeptAnswersAndSaysThatItIsOld(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	s.search(seoul)
	calls := s.providers["kakao"].Calls()
	if got, stale := s.search(location.Point{Lat: seoul.Lat + 0.001, Lng: seoul.Lng + 0.001}); got != "kakao" || stale || s.providers["kakao"].Calls() != calls {
		t.Errorf("a neighbour's question is asked again: %s, stale %v", got, stale)
	}
	s.down("kakao", "google")
	s.clock.Advance(10 * 24 * time.Hour)
	if got, stale := s.search(seoul); got != "kakao" || !stale {
		t.Errorf("%s answers, stale %v", got, stale)
	}
	f, err := s.Weather.Forecast(t.Context(), munich, s.clock.Now().Truncate(24*time.Hour), 3)
	if err != nil || len(f.Days) != 3 {
		t.Fatalf("%d days, %v", len(f.Days), err)
	}
	s.down("openweather", "openmeteo")
	s.clock.Advance(10 * time.Hour)
	f, err = s.Weather.Forecast(t.Context(), munich, s.clock.Now().Truncate(24*time.Hour), 3)
	if err != nil || len(f.Days) != 3 || !f.Days[0].Source.Stale {
		t.Errorf("%+v, %v", f, err)
	}
}

// [L5] OpenWeather's eight days, and Open-Meteo's behind them.
func TestForecastsOfTwoProvidersMakeOne(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	f, err := s.Weather.Forecast(t.Context(), munich, today, 16)
	if err != nil || len(f.Days) < 15 {
		t.Fatalf("%d days, %v", len(f.Days), err)
	}
	by := make(map[string]int)
	for _, day := range f.Days {
		by[day.Source.Provider]++
	}
	if by["openweather"] < 7 || by["openmeteo"] < 7 {
		t.Errorf("days by %v", by)
	}
	air, err := s.Air.Air(t.Context(), munich, today, 3)
	if err != nil || air.PM25[today] <= 0 || air.Source.Provider != "openweather" {
		t.Errorf("air %v, %v", air, err)
	}
}

// [L2] [L3] Kakao inside Korea with Google's reviews.
func TestKoreanPlacesHaveGooglesReviewsAndAreFoundAgain(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	places, err := s.Places.Search(t.Context(), location.PlaceQuery{Center: seoul, Radius: 3000, Words: "경복궁"})
	if err != nil || len(places) == 0 || places[0].Source.Provider != "kakao" {
		t.Fatalf("%v, %v", places, err)
	}
	again, err := s.Places.Place(t.Context(), places[0].ID)
	if err != nil || again.Name != places[0].Name {
		t.Errorf("%+v, %v", again, err)
	}
	details, err := s.Details.Details(t.Context(), again)
	if err != nil || details.Source.Provider != "google" || details.Rating == nil || len(details.Reviews) == 0 {
		t.Errorf("%+v, %v", details, err)
	}
	if _, err := s.Places.Place(t.Context(), "kakao:nowhere"); err == nil {
		t.Error("a place that nobody told of is there")
	}
}

func TestWaysAreAskedForWhereTheyAreKnownAndElseEstimated(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	near := func(p location.Point) []location.Point {
		return []location.Point{p, {Lat: p.Lat + 0.02, Lng: p.Lng + 0.02}}
	}
	many := make([]location.Point, 40)
	for i := range many {
		many[i] = location.Point{Lat: munich.Lat + float64(i)/1000, Lng: munich.Lng}
	}
	for name, tc := range map[string]struct {
		points []location.Point
		mode   location.Mode
		want   string
	}{
		"by car in Korea":     {near(seoul), location.Car, "kakao"},
		"by transit in Korea": {near(seoul), location.Transit, "google"},
		"on foot elsewhere":   {near(munich), location.Walk, "google"},
		"too many":            {many, location.Car, "estimate"},
		"at sea":              {near(atSea), location.Walk, "estimate"},
	} {
		if m, err := s.Routes.Matrix(t.Context(), tc.points, tc.mode); err != nil || m.Source.Provider != tc.want || len(m.Ways) != len(tc.points)*len(tc.points) {
			t.Errorf("%s: %s, %v", name, m.Source.Provider, err)
		}
	}
}

// The day's budget degrades to the next source.
func TestASpentBudgetIsAnotherReasonForTheNextSource(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *sources.Config) { c.GoogleDayMicroUSD = 40_000 })
	if got, _ := s.search(munich); got != "google" {
		t.Fatalf("%s answers", got)
	}
	far := location.Point{Lat: 48.8584, Lng: 2.2945}
	if got, _ := s.search(far); got != "nobody" {
		t.Errorf("%s answers for money that is not there", got)
	}
	s.clock.Advance(24 * time.Hour)
	s.clock.Advance(time.Minute)
	if got, _ := s.search(location.Point{Lat: 51.5074, Lng: -0.1278}); got != "google" {
		t.Errorf("%s answers on the next day", got)
	}
}

func TestWithoutKeysThereIsTheWeatherAndNothingIsAskedForPlaces(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *sources.Config) { c.Kakao.Key, c.Google.Key, c.OpenWeather.Key = "", "", "" })
	if s.Places != nil || s.Details != nil {
		t.Error("there are providers without keys")
	}
	f, err := s.Weather.Forecast(t.Context(), munich, today, 16)
	if err != nil || len(f.Days) != 16 || f.Days[0].Source.Provider != "openmeteo" || !strings.HasPrefix(f.Zone, "Etc/") {
		t.Errorf("%d days in %q, %v", len(f.Days), f.Zone, err)
	}
}
