package planner_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/tripgen/tripgen/services/ai/planner"
	"github.com/tripgen/tripgen/services/ai/rules"
)

// A wrong field is named; nothing panics.
func TestWrongInputNamesTheField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		field string
		spoil func(p *planner.Problem)
	}{
		{"days", func(p *planner.Problem) { p.Days = nil }},
		{"days[1].start", func(p *planner.Problem) { p.Days[1].End = p.Days[1].Start }},
		{"days[0].start", func(p *planner.Problem) { p.Days[0].Start = -1 }},
		{"days[0].start_point.at", func(p *planner.Problem) { p.Days[0].StartPoint.At.Lat = math.NaN() }},
		{"days[0].end_point.at", func(p *planner.Problem) { p.Days[0].EndPoint.At.Lng = math.Inf(1) }},
		{"days[0].date", func(p *planner.Problem) { p.Days[0].Date.Day = 32 }},
		{"days[0].lunch", func(p *planner.Problem) { p.Days[0].Lunch = planner.Window{From: 800, To: 700} }},
		{"days[0].dinner", func(p *planner.Problem) { p.Days[0].Dinner = planner.Window{From: 800, To: 900} }},
		{"days[0].weather", func(p *planner.Problem) { p.Days[0].Weather = make([]planner.HourWeather, 23) }},
		{"days[0].weather[3].temp_c", func(p *planner.Problem) {
			p.Days[0].Weather = make([]planner.HourWeather, 24)
			p.Days[0].Weather[3].TempC = math.NaN()
		}},
		{"mode", func(p *planner.Problem) { p.Mode = "rocket" }},
		{"group.members", func(p *planner.Problem) { p.Group.Members = nil }},
		{"group.members", func(p *planner.Problem) { p.Group.Members = make([]planner.Member, 11) }},
		{"group.members[0].age", func(p *planner.Problem) { p.Group.Members[0].Age = -3 }},
		{"group.members[0].health", func(p *planner.Problem) { p.Group.Members[0].Health = "immortal" }},
		{"group.members[0].preferences[0]", func(p *planner.Problem) { p.Group.Members[0].Preferences[0] = "war" }},
		{"places[2].id", func(p *planner.Problem) { p.Places[2].ID = "p1" }},
		{"places[2].id", func(p *planner.Problem) { p.Places[2].ID = "" }},
		{"places[2].stay_minutes", func(p *planner.Problem) { p.Places[2].StayMinutes = -60 }},
		{"places[2].popularity", func(p *planner.Problem) { p.Places[2].Popularity = math.NaN() }},
		{"places[2].fit", func(p *planner.Problem) {
			p.Places[2].Fit = map[planner.Preference]float64{planner.Culture: math.Inf(1)}
		}},
		{"places[2].hours", func(p *planner.Problem) { p.Places[2].Hours = p.Places[2].Hours[:1] }},
		{"places[2].hours[0].open[0]", func(p *planner.Problem) { p.Places[2].Hours[0].Open[0].Close = 0 }},
		{"locks[0].day", func(p *planner.Problem) { p.Locks = []planner.Lock{{Day: 2, Place: "p1", Arrive: 600, Leave: 660}} }},
		{"locks[0].place", func(p *planner.Problem) { p.Locks = []planner.Lock{{Place: "x", Arrive: 600, Leave: 660}} }},
		{"locks[0].arrive", func(p *planner.Problem) { p.Locks = []planner.Lock{{Place: "p1", Arrive: 660, Leave: 600}} }},
		{"locks[1].place", func(p *planner.Problem) {
			p.Locks = []planner.Lock{{Place: "p1", Arrive: 600, Leave: 660}, {Place: "p1", Arrive: 700, Leave: 760}}
		}},
		{"travel.walk", func(p *planner.Problem) { p.Travel.Walk.Minutes = make([]int32, 3) }},
		{"travel.taxi.minutes", func(p *planner.Problem) {
			p.Travel = planner.EstimateTravel(p)
			p.Travel.Taxi.Minutes[5] = math.MaxInt32
		}},
		{"travel.car.metres", func(p *planner.Problem) {
			p.Travel = planner.EstimateTravel(p)
			p.Travel.Car.Metres[5] = -1
		}},
	} {
		p := city()
		c.spoil(p)
		_, err := planner.Plan(p, planner.Budget{Iterations: 10})
		if pe := (*planner.ProblemError)(nil); !errors.As(err, &pe) || pe.Field != c.field {
			t.Errorf("want field %s, got %v", c.field, err)
		}
	}
}

// What cannot be planned well still gives an itinerary that keeps the hard rules
// and says what is missing.
func TestHopelessInputStillGivesAnHonestItinerary(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		want  planner.UnhonouredKind
		why   planner.UnhonouredReason
		spoil func(p *planner.Problem)
	}{
		{"no candidates", planner.WishDay, planner.NoCandidate, func(p *planner.Problem) { p.Places = nil }},
		{"lodging in another country", planner.WishDay, planner.NoTime, func(p *planner.Problem) {
			for d := range p.Days {
				p.Days[d].StartPoint.At = planner.LatLng{Lat: 52.5, Lng: 13.4}
				p.Days[d].EndPoint = p.Days[d].StartPoint
			}
		}},
		{"end point out of reach", planner.WishWay, planner.NotReachable, func(p *planner.Problem) {
			p.Days[1].EndPoint.At = planner.LatLng{Lat: -33, Lng: 151}
		}},
		{"must-see closed on every day", planner.WishMustSee, planner.AlwaysClosed, func(p *planner.Problem) {
			p.Places[0].Hours[0].Open, p.Places[0].Hours[1].Open = nil, nil
			p.MustSee = []planner.PlaceRef{{ID: "p0"}}
		}},
		{"must-see that is also avoided", planner.WishMustSee, planner.Avoided, func(p *planner.Problem) {
			p.MustSee, p.Avoid = []planner.PlaceRef{{ID: "p0"}}, []planner.PlaceRef{{Name: "place0"}}
		}},
		{"must-see nobody knows", planner.WishMustSee, planner.NotFound, func(p *planner.Problem) { p.MustSee = []planner.PlaceRef{{Name: "Atlantis"}} }},
		{"strenuous must-see for ten limited members", planner.WishMustSee, planner.NotForGroup, func(p *planner.Problem) {
			p.Group.Members = nil
			for range 10 {
				p.Group.Members = append(p.Group.Members, planner.Member{Age: 80, Health: planner.Limited})
			}
			p.Places[0].Strenuous = true
			p.MustSee = []planner.PlaceRef{{ID: "p0"}}
		}},
		{"locks at the same time", planner.WishLock, planner.NoTime, func(p *planner.Problem) {
			p.Locks = []planner.Lock{{Place: "p0", Arrive: 600, Leave: 700}, {Place: "p1", Arrive: 650, Leave: 750}}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := city()
			c.spoil(p)
			it, err := planner.Plan(p, planner.Budget{Iterations: 200})
			if err != nil {
				t.Fatal(err)
			}
			mustKeepRules(t, it, p)
			for _, u := range it.Unhonoured {
				if u.Kind == c.want && u.Reason == c.why {
					return
				}
			}
			t.Fatalf("not told: %s %s\n%s", c.want, c.why, show(it))
		})
	}
}

// 5,000 candidates and a deadline: the itinerary is there in time.
func TestManyCandidatesKeepTheDeadline(t *testing.T) {
	t.Parallel()
	p := city()
	few := p.Places
	p.Places = nil
	for k := range 5000 {
		pl := few[k%len(few)]
		pl.ID = fmt.Sprint("many", k)
		pl.At.Lat += float64(k) * 1e-6
		p.Places = append(p.Places, pl)
	}
	const limit = 300 * time.Millisecond
	start := time.Now()
	it, err := planner.Plan(p, planner.Budget{Spent: func() float64 { return float64(time.Since(start)) / float64(limit) }})
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 10*limit { // room for a busy machine
		t.Errorf("took %v of %v", took, limit)
	}
	mustKeepRules(t, it, p)
}

// FuzzDecodeProblem: whatever the bytes, there is a typed error or a problem whose
// itinerary keeps the hard rules.
func FuzzDecodeProblem(f *testing.F) {
	good, err := json.Marshal(city())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"Days":[{"Start":1,"End":2}],"Mode":"car","Group":{"Members":[{}]}}`))
	f.Add([]byte(`{"Days":null}`))
	f.Add([]byte(`[1]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := planner.DecodeProblem(data)
		if err != nil {
			if pe := (*planner.ProblemError)(nil); !errors.As(err, &pe) || pe.Field == "" {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		it, err := planner.Plan(p, planner.Budget{Iterations: 5})
		if err != nil {
			t.Fatalf("plan of a valid problem: %v", err)
		}
		if hard := rules.HardOnly(rules.Check(it, p)); len(hard) > 0 {
			t.Fatalf("hard rules broken: %+v\n%s", hard, show(it))
		}
	})
}
