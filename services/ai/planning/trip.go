// Package planning stands between the contract and the planner: it makes a planner's problem from a request and what is
// known of its cities, and an itinerary in the contract's terms, with its texts in Korean and English, from a plan.
package planning

import (
	"math"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/errs"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/planner"
)

// Request is what a plan is asked for.
type Request struct {
	Profile *aiv1.PlanningProfile
	// DayStart is when days start, minutes after midnight; 0 for 09:00. DayEnd is when they end; 0 for 21:00, and for
	// 18:00 on the day of leaving.
	DayStart, DayEnd int
	// Wishes are the traveller's own words: data to search for places' names, never anything else.
	Wishes string
	// Seed drives the planner's random choices.
	Seed uint64
	// Present is an itinerary whose stops' places have to be known; nil for none. Wanted are more such places.
	Present *typev1.Itinerary
	Wanted  []string
	// Extra are the places of Present and Wanted, as far as they exist.
	Extra []*locationv1.Place
}

// PlaceIDs are the ids of the places of Present and Wanted, each once.
func (r Request) PlaceIDs() []string {
	ids := slices.Clone(r.Wanted)
	for _, day := range r.Present.GetDays() {
		for _, stop := range day.GetStops() {
			if k := stop.GetKind(); k == typev1.StopKind_STOP_KIND_VISIT || k == typev1.StopKind_STOP_KIND_MEAL {
				ids = append(ids, stop.GetPlaceId())
			}
		}
	}
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(s string) bool { return s == "" })
}

// City is what is known of one of the trip's cities.
type City struct {
	City *locationv1.City
	// Dates are the trip's days in this city, as given by [Trip.DatesIn].
	Dates []*typev1.Date
	// Candidates carry hours for each of Dates.
	Candidates []*locationv1.Candidate
	// Weather is by date, as far as known.
	Weather []*locationv1.ForecastDay
}

// Times of a day, minutes after midnight.
const (
	defaultStart = 9 * 60
	dayEnd       = 21 * 60
	lastDayEnd   = 18 * 60
	leastDay     = 3 * 60
	latestStart  = 15 * 60 // after the way from another city
)

// stay is one day of the trip: where it is and whether the group arrives or leaves on it.
type stay struct {
	date        planner.Date
	destination int
	arrives     bool
	leaves      bool
}

// Trip is the days of a trip as its destinations and nights give them: each destination starts where the one before
// ends, and the day of the way belongs to the one that is reached. The last day belongs to the last destination.
type Trip struct {
	profile *aiv1.PlanningProfile
	cities  []string // per destination
	days    []stay
}

// MaxDays is the longest trip that is planned.
const MaxDays = planner.MaxDays

// Normalise takes out of a profile what makes no difference to a plan: ids and names of destinations whose city is
// known. Members stay in their order, which the plan's measures are told in.
func Normalise(p *aiv1.PlanningProfile) *aiv1.PlanningProfile {
	out := proto.CloneOf(p)
	for _, d := range out.GetDestinations() {
		d.Id = ""
		if d.GetCityId() != "" {
			d.Name = ""
		}
		if d.GetLodging() != nil {
			d.Lodging.Name = ""
		}
	}
	for _, m := range out.GetMembers() {
		m.Gender = typev1.Gender_GENDER_UNSPECIFIED
	}
	return out
}

// Days counts the days of a trip.
func Days(p *aiv1.PlanningProfile) int {
	n := 1
	for _, d := range p.GetDestinations() {
		n += int(d.GetNights())
	}
	return n
}

// NewTrip lays out the days. cities are the ids of the destinations' cities, in the order of the destinations.
func NewTrip(p *aiv1.PlanningProfile, cities []string) (*Trip, error) {
	if n := Days(p); n > MaxDays {
		return nil, ErrTooLong
	}
	t := &Trip{profile: p, cities: cities}
	first := p.GetDestinations()[0].GetStartDate()
	start := time.Date(int(first.GetYear()), time.Month(first.GetMonth()), int(first.GetDay()), 0, 0, 0, 0, time.UTC)
	for i, d := range p.GetDestinations() {
		for night := range int(d.GetNights()) {
			t.days = append(t.days, stay{date: dateAt(start, len(t.days)), destination: i, arrives: night == 0})
		}
	}
	last := len(p.GetDestinations()) - 1
	t.days = append(t.days, stay{date: dateAt(start, len(t.days)), destination: last, leaves: true})
	return t, nil
}

// ErrTooLong refuses trips that are longer than MaxDays.
var ErrTooLong = errs.Invalid(errs.Field("profile.destinations", "여행은 60일까지 계획할 수 있습니다.", "A trip is planned for up to 60 days."))

func dateAt(start time.Time, offset int) planner.Date {
	d := start.AddDate(0, 0, offset)
	return planner.Date{Year: d.Year(), Month: d.Month(), Day: d.Day()}
}

// Len is the number of days.
func (t *Trip) Len() int { return len(t.days) }

// Cities are the ids of the trip's cities, each once, in the order of travel.
func (t *Trip) Cities() []string {
	var out []string
	seen := map[string]bool{}
	for _, c := range t.cities {
		if !seen[c] {
			seen[c] = true
			out = append(out, c)
		}
	}
	return out
}

// DatesIn are the trip's days in a city, in order.
func (t *Trip) DatesIn(city string) []*typev1.Date {
	var out []*typev1.Date
	for _, d := range t.days {
		if t.cities[d.destination] == city {
			out = append(out, dateMessage(d.date))
		}
	}
	return out
}

func dateMessage(d planner.Date) *typev1.Date {
	return &typev1.Date{Year: int32(d.Year), Month: int32(d.Month), Day: int32(d.Day)}
}

func dateOf(d *typev1.Date) planner.Date {
	return planner.Date{Year: int(d.GetYear()), Month: time.Month(d.GetMonth()), Day: int(d.GetDay())}
}

// wayMinutes estimates the way between two cities door to door: a train below 500 km, a flight above.
func wayMinutes(from, to planner.LatLng) int {
	const (
		trainSpeed, trainFixed   = 130.0, 60.0 // km/h, minutes
		flightSpeed, flightFixed = 700.0, 210.0
		trainUpTo                = 500.0
	)
	km := planner.GreatCircleMetres(from, to) / 1000
	if km <= trainUpTo {
		return int(math.Ceil(trainFixed + km/trainSpeed*60))
	}
	return int(math.Ceil(flightFixed + km/flightSpeed*60))
}

// Span is the number of days from the first of the dates to the last, at most 62.
func Span(dates []*typev1.Date) int {
	at := func(d *typev1.Date) time.Time {
		return time.Date(int(d.GetYear()), time.Month(d.GetMonth()), int(d.GetDay()), 0, 0, 0, 0, time.UTC)
	}
	return min(int(at(dates[len(dates)-1]).Sub(at(dates[0])).Hours()/24)+1, 62)
}

// DayStart tells from an itinerary when its days start: the earliest leaving, on the half-hour before it; 0 where it has
// no stops.
func DayStart(it *typev1.Itinerary) int {
	least := planner.MaxMinute
	for _, day := range it.GetDays() {
		if stops := day.GetStops(); len(stops) > 0 {
			least = min(least, int(stops[0].GetLeave().GetMinutes()))
		}
	}
	if least == planner.MaxMinute {
		return 0
	}
	return least / 30 * 30
}
