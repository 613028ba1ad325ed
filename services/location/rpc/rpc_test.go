package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/page"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/internal/rpc/rpctest"
	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1/locationv1connect"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/builtin"
	"github.com/tripgen/tripgen/services/location/chain"
	"github.com/tripgen/tripgen/services/location/climate"
	"github.com/tripgen/tripgen/services/location/holidays"
	locationrpc "github.com/tripgen/tripgen/services/location/rpc"
)

var today = time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)

// away is providers that do not answer.
type away struct{}

var errAway = errors.New("the provider is away")

func (away) Forecast(context.Context, location.Point, time.Time, int) (location.Forecast, error) {
	return location.Forecast{}, errAway
}

func (away) Air(context.Context, location.Point, time.Time, int) (location.Air, error) {
	return location.Air{}, errAway
}

func (away) Refresh(context.Context, location.Point) error { return errAway }

func (away) Search(context.Context, location.PlaceQuery) ([]location.Place, error) {
	return nil, errAway
}

// clients are of a service on the built-in places whose providers are all away.
type clients struct {
	places   locationv1connect.PlaceServiceClient
	weather  locationv1connect.WeatherServiceClient
	planning locationv1connect.PlanningDataServiceClient
}

func start(t *testing.T) clients {
	t.Helper()
	cities, places, err := builtin.Load(today)
	if err != nil {
		t.Fatal(err)
	}
	calendar, err := holidays.New()
	if err != nil {
		t.Fatal(err)
	}
	normals, err := climate.New(cities, today)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := page.NewTokens([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	now := clock.NewFake(today)
	handlers := locationrpc.New(locationrpc.Deps{
		Finder:   &location.Finder{Catalog: location.NewLive(location.NewCatalog(cities, places)), Around: away{}, Log: quiet},
		Weather:  location.NewOutlook(away{}, away{}, normals, func(location.Point) string { return "Europe/Berlin" }, quiet),
		Routes:   &chain.Routes{Now: now.Now},
		Holidays: calendar, Whereabouts: func(location.Point) location.City { return location.City{} }, Pages: tokens, Clock: now,
	})
	server := rpctest.Start(t, rpc.Deps{MaxRequestBytes: rpc.HugeBytes}, func(s *rpc.Server, options []connect.HandlerOption) { handlers.Mount(s, options...) })
	client := server.Client(t, server.Token("user_1", "places.read", "internal"))
	options, err := rpc.ClientOptions()
	if err != nil {
		t.Fatal(err)
	}
	return clients{
		locationv1connect.NewPlaceServiceClient(client, server.BaseURL, options...),
		locationv1connect.NewWeatherServiceClient(client, server.BaseURL, options...),
		locationv1connect.NewPlanningDataServiceClient(client, server.BaseURL, options...),
	}
}

var munich = &typev1.LatLng{Latitude: 48.1374, Longitude: 11.5755}

func nearby(change func(*locationv1.SearchNearbyRequest)) *locationv1.SearchNearbyRequest {
	q := &locationv1.SearchNearbyRequest{Origin: &locationv1.SearchNearbyRequest_Point{Point: munich}, WithinMinutes: 30, PageSize: 5}
	if change != nil {
		change(q)
	}
	return q
}

// fields are those that an error says are wrong; its reason if it names none.
func fields(err error) []string {
	ce, ok := errors.AsType[*connect.Error](err)
	if !ok {
		return nil
	}
	var names []string
	for _, d := range ce.Details() {
		value, err := d.Value()
		if err != nil {
			continue
		}
		switch m := value.(type) {
		case *errdetails.BadRequest:
			for _, v := range m.GetFieldViolations() {
				names = append(names, v.GetField())
			}
		case *errdetails.ErrorInfo:
			names = append(names, m.GetReason())
		}
	}
	return names
}

func TestBadQuestionsAreRefusedByTheField(t *testing.T) {
	t.Parallel()
	c := start(t)
	point := func(lat, lng float64) func(*locationv1.SearchNearbyRequest) {
		return func(q *locationv1.SearchNearbyRequest) {
			q.Origin = &locationv1.SearchNearbyRequest_Point{Point: &typev1.LatLng{Latitude: lat, Longitude: lng}}
		}
	}
	for name, tc := range map[string]struct {
		change func(*locationv1.SearchNearbyRequest)
		says   string
	}{
		"latitude out of range":  {point(91, 0), "latitude"},
		"longitude out of range": {point(0, -181), "longitude"},
		"NaN":                    {point(math.NaN(), 0), "latitude"},
		"infinite":               {point(0, math.Inf(1)), "longitude"},
		"no origin":              {func(q *locationv1.SearchNearbyRequest) { q.Origin = nil }, "origin"},
		"minutes":                {func(q *locationv1.SearchNearbyRequest) { q.WithinMinutes = 45 }, "within_minutes"},
		"an unknown order":       {func(q *locationv1.SearchNearbyRequest) { q.Order = 99 }, "order"},
		"a page of a thousand":   {func(q *locationv1.SearchNearbyRequest) { q.PageSize = 1000 }, "page_size"},
		"a long keyword":         {func(q *locationv1.SearchNearbyRequest) { q.Keyword = strings.Repeat("x", 65) }, "keyword"},
		"control characters":     {func(q *locationv1.SearchNearbyRequest) { q.Keyword = "\x00\x1b[31m" }, "keyword"},
		"a token of 2 KB":        {func(q *locationv1.SearchNearbyRequest) { q.PageToken = strings.Repeat("A", 2048) }, "page_token"},
		"a made up token":        {func(q *locationv1.SearchNearbyRequest) { q.PageToken = "AAAA" }, "PAGE_TOKEN_INVALID"},
		"an id from nowhere": {func(q *locationv1.SearchNearbyRequest) {
			q.Origin = &locationv1.SearchNearbyRequest_PlaceId{PlaceId: "kakao:1"}
		}, "PLACE_GONE"},
		"an id that is none": {func(q *locationv1.SearchNearbyRequest) {
			q.Origin = &locationv1.SearchNearbyRequest_PlaceId{PlaceId: "../etc"}
		}, "place_id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := c.places.SearchNearby(t.Context(), nearby(tc.change))
			if !strings.Contains(strings.Join(fields(err), " "), tc.says) {
				t.Errorf("error %v with %v, want %s", err, fields(err), tc.says)
			}
		})
	}
	for size, code := range map[int]connect.Code{
		2 << 20: connect.CodeInvalidArgument, 7 << 20: connect.CodeInvalidArgument, 10 << 20: connect.CodeResourceExhausted,
	} {
		t.Run(fmt.Sprintf("a keyword of %d MiB", size>>20), func(t *testing.T) {
			t.Parallel()
			_, err := c.places.SearchNearby(t.Context(), nearby(func(q *locationv1.SearchNearbyRequest) { q.Keyword = strings.Repeat("x", size) }))
			if connect.CodeOf(err) != code || !slices.Contains(fields(err), "keyword") {
				t.Errorf("error %v with %v", err, fields(err))
			}
		})
	}
}

func TestBadQuestionsOfOtherKindsAreRefusedByTheField(t *testing.T) {
	t.Parallel()
	c := start(t)
	text := func(change func(*locationv1.SearchTextRequest)) func() error {
		return func() error {
			q := &locationv1.SearchTextRequest{Query: "museum"}
			change(q)
			_, err := c.places.SearchText(t.Context(), q)
			return err
		}
	}
	forecast := func(change func(*locationv1.GetForecastRequest)) func() error {
		return func() error {
			q := &locationv1.GetForecastRequest{Point: munich, From: &typev1.Date{Year: 2026, Month: 12, Day: 1}, Days: 3}
			change(q)
			_, err := c.weather.GetForecast(t.Context(), q)
			return err
		}
	}
	for name, tc := range map[string]struct {
		call func() error
		says string
	}{
		"control characters in words": {text(func(q *locationv1.SearchTextRequest) { q.Query = "a\x00b" }), "query"},
		"a line break in words":       {text(func(q *locationv1.SearchTextRequest) { q.Query = "a\nb" }), "query"},
		"no words":                    {text(func(q *locationv1.SearchTextRequest) { q.Query = "" }), "query"},
		"a city from nowhere":         {text(func(q *locationv1.SearchTextRequest) { q.CityId = "atlantis" }), "DESTINATION_UNKNOWN"},
		"near a point off Earth":      {text(func(q *locationv1.SearchTextRequest) { q.Near = &typev1.LatLng{Latitude: -90.1} }), "near.latitude"},
		"no days":                     {forecast(func(q *locationv1.GetForecastRequest) { q.Days = 0 }), "days"},
		"too many days":               {forecast(func(q *locationv1.GetForecastRequest) { q.Days = 63 }), "days"},
		"a date that is none":         {forecast(func(q *locationv1.GetForecastRequest) { q.From.Day = 31; q.From.Month = 11 }), "from"},
		"a month that is none":        {forecast(func(q *locationv1.GetForecastRequest) { q.From.Month = 13 }), "from.month"},
		"nowhere":                     {forecast(func(q *locationv1.GetForecastRequest) { q.Point = nil }), "point"},
		"weather at NaN": {forecast(func(q *locationv1.GetForecastRequest) {
			q.Point = &typev1.LatLng{Latitude: 48, Longitude: math.NaN()}
		}), "point.longitude"},
		"a place from nowhere": {func() error {
			_, err := c.places.GetPlace(t.Context(), &locationv1.GetPlaceRequest{PlaceId: "builtin:atlantis-temple"})
			return err
		}, "PLACE_GONE"},
		"an id of a kilobyte": {func() error {
			_, err := c.places.GetPlace(t.Context(), &locationv1.GetPlaceRequest{PlaceId: "builtin:" + strings.Repeat("x", 1024)})
			return err
		}, "place_id"},
		"a visit on a day that is none": {func() error {
			_, err := c.planning.GetVisitHours(t.Context(), &locationv1.GetVisitHoursRequest{Visits: []*locationv1.PlannedVisit{
				{PlaceId: "builtin:munich-marienplatz", Date: &typev1.Date{Year: 2027, Month: 2, Day: 29}},
			}})
			return err
		}, "visits[0].date"},
		"a way to nowhere": {func() error {
			_, err := c.planning.ComputeMatrix(t.Context(), &locationv1.ComputeMatrixRequest{Points: []*typev1.LatLng{munich, {Latitude: math.Inf(-1)}}})
			return err
		}, "points[1].latitude"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := tc.call(); !strings.Contains(strings.Join(fields(err), " "), tc.says) {
				t.Errorf("error %v with %v, want %s", err, fields(err), tc.says)
			}
		})
	}
}

// [L1] A page token belongs to its question.
func TestPagesGoOnAndTheirTokensBelongToTheirQuestion(t *testing.T) {
	t.Parallel()
	c := start(t)
	first, err := c.places.SearchNearby(t.Context(), nearby(nil))
	if err != nil || len(first.GetPlaces()) != 5 || first.GetNextPageToken() == "" {
		t.Fatalf("%v, %v", first, err)
	}
	token := first.GetNextPageToken()
	second, err := c.places.SearchNearby(t.Context(), nearby(func(q *locationv1.SearchNearbyRequest) { q.PageToken = token }))
	if err != nil || len(second.GetPlaces()) != 5 || second.GetPlaces()[0].GetMinutes() < first.GetPlaces()[4].GetMinutes() {
		t.Errorf("%v, %v", second, err)
	}
	for name, change := range map[string]func(*locationv1.SearchNearbyRequest){
		"another question": func(q *locationv1.SearchNearbyRequest) { q.PageToken, q.Keyword = token, "a" },
		"tampered with": func(q *locationv1.SearchNearbyRequest) {
			q.PageToken = strings.Map(func(r rune) rune {
				if r == 'A' {
					return 'B'
				}
				return r
			}, token[:len(token)-2]) + "zz"
		},
	} {
		if _, err := c.places.SearchNearby(t.Context(), nearby(change)); !strings.Contains(strings.Join(fields(err), " "), "PAGE_TOKEN_INVALID") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.places.SearchText(t.Context(), &locationv1.SearchTextRequest{Query: "museum", PageToken: token}); err == nil {
		t.Error("another procedure takes the token")
	}
}

// [L3] [L5] Providers that are away take nothing away: built-in places and normals answer, and say so.
func TestAnswersComeAndSayTheirSourceWhileAllProvidersAreAway(t *testing.T) {
	t.Parallel()
	c := start(t)
	found, err := c.places.SearchNearby(t.Context(), nearby(nil))
	if err != nil || len(found.GetPlaces()) == 0 || found.GetPlaces()[0].GetPlace().GetSource().GetProvider() != "builtin" {
		t.Errorf("%v, %v", found, err)
	}
	forecast, err := c.weather.GetForecast(t.Context(), &locationv1.GetForecastRequest{
		Point: munich, From: &typev1.Date{Year: 2026, Month: 12, Day: 1}, Days: 62,
	})
	if err != nil || len(forecast.GetDays()) != 62 {
		t.Fatalf("%d days, %v", len(forecast.GetDays()), err)
	}
	for _, day := range forecast.GetDays() {
		if w := day.GetWeather(); !w.GetNormals() || w.GetSource().GetProvider() != "normals" || w.GetPm25() >= 0 {
			t.Errorf("day %v", day)
		}
	}
	ways, err := c.planning.ComputeMatrix(t.Context(), &locationv1.ComputeMatrixRequest{
		Points: []*typev1.LatLng{munich, {Latitude: 48.15, Longitude: 11.6}}, Mode: locationv1.TravelMode_TRAVEL_MODE_CAR,
	})
	if err != nil || len(ways.GetMinutes()) != 4 || ways.GetSource().GetProvider() != "estimate" {
		t.Errorf("%v, %v", ways, err)
	}
	candidates, err := c.planning.FindCandidates(t.Context(), &locationv1.FindCandidatesRequest{
		CityId: "munich", Dates: []*typev1.Date{{Year: 2026, Month: 12, Day: 1}, {Year: 2026, Month: 12, Day: 25}},
	})
	if err != nil || len(candidates.GetCandidates()) < 80 || len(candidates.GetCandidates()[0].GetHours()) != 2 {
		t.Errorf("%d candidates, %v", len(candidates.GetCandidates()), err)
	}
}

// [L2] Deep links to Kakao Map in Korea and to Google Maps elsewhere; what is not known is absent.
func TestAPlaceHasItsLinksAndNothingMadeUp(t *testing.T) {
	t.Parallel()
	c := start(t)
	korean, err := c.places.SearchText(t.Context(), &locationv1.SearchTextRequest{Query: "경복궁", CityId: "seoul"})
	if err != nil || len(korean.GetPlaces()) == 0 {
		t.Fatal(err)
	}
	if links := korean.GetPlaces()[0].GetMapLinks(); !strings.HasPrefix(links.GetKakao(), "https://map.kakao.com/") || links.GetGoogle() != "" {
		t.Errorf("links %v", links)
	}
	got, err := c.places.GetPlace(t.Context(), &locationv1.GetPlaceRequest{PlaceId: "builtin:munich-marienplatz"})
	if err != nil {
		t.Fatal(err)
	}
	p := got.GetPlace()
	if p.GetMapLinks().GetGoogle() == "" || p.Rating != nil || p.RatingCount != nil || len(p.GetReviews()) != 0 {
		t.Errorf("place %v", p)
	}
	if p.GetOpenNow() != locationv1.Knowledge_KNOWLEDGE_YES {
		t.Errorf("an open square is %v", p.GetOpenNow())
	}
}

// Places that are to be visited have their hours on the day, and those that are gone are named.
func TestVisitsHaveTheirHoursAndGonePlacesAreNamed(t *testing.T) {
	t.Parallel()
	c := start(t)
	visit := func(place string, day int32) *locationv1.PlannedVisit {
		return &locationv1.PlannedVisit{PlaceId: place, Date: &typev1.Date{Year: 2026, Month: 12, Day: day}}
	}
	const museum, square = "builtin:munich-alte-pinakothek", "builtin:munich-marienplatz"
	got, err := c.planning.GetVisitHours(t.Context(), &locationv1.GetVisitHoursRequest{Visits: []*locationv1.PlannedVisit{
		visit(museum, 7), visit("builtin:munich-never-was", 7), visit(museum, 8), visit(square, 7), // the 7th is a Monday
	}})
	if err != nil || len(got.GetVisits()) != 4 {
		t.Fatalf("%v, %v", got, err)
	}
	monday, none, tuesday, always := got.GetVisits()[0], got.GetVisits()[1], got.GetVisits()[2], got.GetVisits()[3]
	if monday.GetGone() || !monday.GetHours().GetKnown() || len(monday.GetHours().GetIntervals()) != 0 {
		t.Errorf("a museum on its closing day: %v", monday)
	}
	if len(tuesday.GetHours().GetIntervals()) == 0 || len(always.GetHours().GetIntervals()) == 0 {
		t.Errorf("open days: %v, %v", tuesday, always)
	}
	if !none.GetGone() || none.GetHours() != nil {
		t.Errorf("a place that never was: %v", none)
	}
}
