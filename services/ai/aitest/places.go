// Package aitest runs the AI service as it is run in life, for tests and benchmarks: its handlers on a port, workers,
// the relay, PostgreSQL and Kafka, with the built-in places and a simulated Claude around it.
package aitest

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/data/places"
	"github.com/tripgen/tripgen/internal/errs"
	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// Places stands in for the location service: the built-in places, with hours that are the first span of their usual
// ones, and weather that is fair or as a test sets it.
type Places struct {
	// Down makes every call fail as if the service were away.
	Down atomic.Bool
	// NoWeather makes the weather fail.
	NoWeather atomic.Bool
	// Rain makes every day wet.
	Rain atomic.Bool
	// Panic makes the next call for candidates panic.
	Panic atomic.Bool
	// Hours gives the hours of a place on a date; nil for the usual ones. It is set before the first generation.
	Hours func(placeID string, date *typev1.Date) *locationv1.CandidateHours

	calls atomic.Int64
}

// Calls counts the calls for candidates.
func (p *Places) Calls() int64 { return p.calls.Load() }

// Fetched is when all places say that they were fetched.
var Fetched = time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC)

var cities = sync.OnceValues(places.Load)

func city(cityID string) (places.City, error) {
	all, err := cities()
	if err != nil {
		return places.City{}, err
	}
	for _, c := range all {
		if c.ID == cityID {
			return c, nil
		}
	}
	return places.City{}, errs.NotFound(errs.ReasonDestinationUnknown, "모르는 여행지입니다.", "This destination is not known.")
}

func (p *Places) away() error {
	if p.Down.Load() {
		return errs.Unavailable(fmt.Errorf("the location service is away"))
	}
	return nil
}

// Candidates gives all places of a city.
func (p *Places) Candidates(_ context.Context, cityID string, dates []*typev1.Date) (*locationv1.FindCandidatesResponse, error) {
	p.calls.Add(1)
	if p.Panic.CompareAndSwap(true, false) {
		panic("a fault in the client of the location service")
	}
	if err := p.away(); err != nil {
		return nil, err
	}
	c, err := city(cityID)
	if err != nil {
		return nil, err
	}
	resp := &locationv1.FindCandidatesResponse{City: &locationv1.City{
		Id: c.ID, Name: name(c.Name), CountryCode: c.Country, TimeZone: c.TimeZone, Center: point(c.Center), PlaceCount: int32(len(c.Places)),
	}}
	for _, place := range c.Places {
		candidate := &locationv1.Candidate{Place: placeMessage(c.ID, place)}
		for _, date := range dates {
			if p.Hours != nil {
				candidate.Hours = append(candidate.Hours, p.Hours(candidate.GetPlace().GetId(), date))
				continue
			}
			candidate.Hours = append(candidate.Hours, hours(place.Hours))
		}
		resp.Candidates = append(resp.Candidates, candidate)
	}
	return resp, nil
}

// Resolve finds a city by its id or a name.
func (p *Places) Resolve(_ context.Context, cityName string) (string, error) {
	if err := p.away(); err != nil {
		return "", err
	}
	c, ok, err := places.ByName(cityName)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", errs.NotFound(errs.ReasonDestinationUnknown, "모르는 여행지입니다.", "This destination is not known.")
	}
	return c.ID, nil
}

// Forecast gives the same weather for each day.
func (p *Places) Forecast(_ context.Context, _ *typev1.LatLng, from *typev1.Date, days int) ([]*locationv1.ForecastDay, error) {
	if p.NoWeather.Load() {
		return nil, errs.Unavailable(fmt.Errorf("no weather"))
	}
	out := make([]*locationv1.ForecastDay, days)
	for i := range out {
		weather := &typev1.DayWeather{Kind: typev1.WeatherKind_WEATHER_KIND_CLEAR, MinCelsius: 14, MaxCelsius: 22, Pm25: 8}
		if p.Rain.Load() {
			weather.Kind, weather.PrecipitationPercent = typev1.WeatherKind_WEATHER_KIND_RAIN, 90
		}
		out[i] = &locationv1.ForecastDay{Date: addDays(from, i), Weather: weather}
	}
	return out, nil
}

// Places gives places by their ids.
func (p *Places) Places(_ context.Context, ids []string) ([]*locationv1.Place, error) {
	all, err := cities()
	if err != nil {
		return nil, err
	}
	var out []*locationv1.Place
	for _, wanted := range ids {
		for _, c := range all {
			for _, place := range c.Places {
				if "builtin:"+place.ID == wanted {
					out = append(out, placeMessage(c.ID, place))
				}
			}
		}
	}
	return out, nil
}

func name(n places.Name) *typev1.LocalizedText {
	return &typev1.LocalizedText{Ko: n.KO, En: n.EN, Local: n.Local}
}

func point(p places.Point) *typev1.LatLng {
	return &typev1.LatLng{Latitude: p.Lat, Longitude: p.Lng}
}

func placeMessage(cityID string, p places.Place) *locationv1.Place {
	m := &locationv1.Place{
		Id: "builtin:" + p.ID, Name: name(p.Name), CityId: cityID, Location: point(p.Point),
		Category:    locationv1.PlaceCategory(locationv1.PlaceCategory_value["PLACE_CATEGORY_"+upper(string(p.Category))]),
		Setting:     typev1.Setting(typev1.Setting_value["SETTING_"+upper(string(p.Setting))]),
		StayMinutes: int32(p.StayMinutes), OpeningHours: p.Hours, Strenuous: p.Strenuous, Source: &typev1.Source{Provider: "builtin", FetchedAt: timestamppb.New(Fetched)},
	}
	for _, t := range p.Tags {
		m.Pleases = append(m.Pleases, typev1.Preference(typev1.Preference_value["PREFERENCE_"+upper(string(t))]))
	}
	if p.StepFree != nil {
		m.StepFree = locationv1.Knowledge_KNOWLEDGE_NO
		if *p.StepFree {
			m.StepFree = locationv1.Knowledge_KNOWLEDGE_YES
		}
	}
	return m
}

var span = regexp.MustCompile(`(\d\d):(\d\d)-(\d\d):(\d\d)`)

func hours(usual string) *locationv1.CandidateHours {
	if usual == "24/7" {
		return open(0, 24*60)
	}
	m := span.FindStringSubmatch(usual)
	if m == nil {
		return &locationv1.CandidateHours{}
	}
	n := make([]int, len(m))
	for i := 1; i < len(m); i++ {
		n[i], _ = strconv.Atoi(m[i]) // digits
	}
	from, to := 60*n[1]+n[2], 60*n[3]+n[4]
	if to <= from {
		to += 24 * 60
	}
	return open(from, to)
}

func open(from, to int) *locationv1.CandidateHours {
	return &locationv1.CandidateHours{Known: true, Intervals: []*typev1.OpeningInterval{{
		Open: &typev1.TimeOfDay{Minutes: int32(from)}, Close: &typev1.TimeOfDay{Minutes: int32(to)},
	}}}
}
