package rules_test

import (
	"slices"
	"testing"

	"github.com/tripgen/tripgen/services/ai/planner"
	"github.com/tripgen/tripgen/services/ai/rules"
)

// walkable is a day that breaks nothing: hotel, museum, lunch, park, hotel.
func walkable() (*planner.Problem, *planner.Itinerary) {
	at := func(k float64) planner.LatLng { return planner.LatLng{Lat: 37.5 + k/1000, Lng: 127} }
	open := func(from, to int) []planner.DayHours {
		return []planner.DayHours{{Known: true, Open: []planner.Interval{{Open: from, Close: to}}}}
	}
	hotel := planner.Endpoint{Name: "hotel", At: at(0)}
	p := &planner.Problem{
		Mode:  planner.Transit,
		Group: planner.Group{Members: []planner.Member{{Age: 30}}},
		Days: []planner.Day{{
			Date: planner.Date{Year: 2026, Month: 5, Day: 4}, City: "seoul", Start: 540, End: 1260, StartPoint: hotel, EndPoint: hotel,
			Lunch: planner.DefaultLunch(),
		}},
		Places: []planner.Place{
			{ID: "museum", Name: "Museum", City: "seoul", At: at(1), Category: "museum", StayMinutes: 90, Setting: planner.Indoor, Hours: open(600, 1080)},
			{ID: "diner", Name: "Diner", City: "seoul", At: at(2), Category: "food", Kind: planner.Food, StayMinutes: 60, Hours: open(660, 1200)},
			{ID: "park", Name: "Park", City: "seoul", At: at(3), Category: "park", StayMinutes: 60, Setting: planner.Outdoor, Hours: open(0, 1440)},
			{ID: "palace", Name: "Palace", City: "seoul", At: at(1.5), Category: "palace", StayMinutes: 60, Setting: planner.Indoor, Hours: open(0, 1440)},
		},
	}
	walk := planner.Leg{Mode: planner.Walk, Minutes: 3, Metres: 200}
	stop := func(kind planner.StopKind, id string, k float64, arrive, leave int) planner.Stop {
		return planner.Stop{Kind: kind, Place: id, Name: id, At: at(k), Arrive: arrive, Leave: leave}
	}
	it := &planner.Itinerary{Days: []planner.DayPlan{{
		Date: p.Days[0].Date, City: "seoul",
		Stops: []planner.Stop{
			stop(planner.AtLodging, "", 0, 597, 597), stop(planner.Visit, "museum", 1, 600, 690),
			stop(planner.Meal, "diner", 2, 720, 780), stop(planner.Visit, "park", 3, 800, 860), stop(planner.AtLodging, "", 0, 870, 870),
		},
		Legs: []planner.Leg{walk, walk, walk, {Mode: planner.Walk, Minutes: 6, Metres: 400}},
	}}}
	return p, it
}

// breach changes a walkable day so that it breaks one rule.
type breach struct {
	rule   string
	change func(p *planner.Problem, day *planner.DayPlan)
}

func limited(p *planner.Problem) { p.Group.Members[0].Health = planner.Limited }

func weather(p *planner.Problem, w planner.HourWeather) {
	p.Days[0].Weather = slices.Repeat([]planner.HourWeather{w}, 24)
}

var breaches = []breach{
	{"days_covered", func(p *planner.Problem, _ *planner.DayPlan) { p.Days = append(p.Days, p.Days[0]) }},
	{"days_covered", func(p *planner.Problem, _ *planner.DayPlan) { p.Days[0].Date.Day++ }},
	{"day_endpoints", func(_ *planner.Problem, d *planner.DayPlan) { d.Stops[4].At.Lat++ }},
	{"day_endpoints", func(p *planner.Problem, _ *planner.DayPlan) { p.Days[0].StartPoint.Kind = planner.Airport }},
	{"day_endpoints", func(_ *planner.Problem, d *planner.DayPlan) { d.Stops, d.Legs = nil, nil }},
	{"times_in_order", func(_ *planner.Problem, d *planner.DayPlan) { d.Stops[2].Arrive = 691 }},
	{"times_in_order", func(_ *planner.Problem, d *planner.DayPlan) { d.Stops[3].Leave = 799 }},
	{"times_in_order", func(_ *planner.Problem, d *planner.DayPlan) { d.Legs = d.Legs[:3] }},
	{"inside_day", func(p *planner.Problem, _ *planner.DayPlan) { p.Days[0].End = 865 }},
	{"inside_day", func(p *planner.Problem, _ *planner.DayPlan) { p.Days[0].Start = 599 }},
	{"place_exists", func(_ *planner.Problem, d *planner.DayPlan) { d.Stops[1].Place = "invented" }},
	{"right_city", func(p *planner.Problem, _ *planner.DayPlan) { p.Places[2].City = "busan" }},
	{"no_place_twice", func(_ *planner.Problem, d *planner.DayPlan) { d.Stops[3].Place = "museum" }},
	{"open_throughout", func(p *planner.Problem, _ *planner.DayPlan) { p.Places[0].Hours[0].Open[0].Close = 689 }},
	{"open_throughout", func(p *planner.Problem, _ *planner.DayPlan) { p.Places[0].Hours[0].Open[0].Open = 601 }},
	{"open_throughout", func(p *planner.Problem, _ *planner.DayPlan) { p.Places[0].Hours[0].Open = nil }},
	{"open_throughout", func(p *planner.Problem, _ *planner.DayPlan) { // a break at 13:30
		p.Places[2].Hours[0].Open = []planner.Interval{{Open: 0, Close: 810}, {Open: 820, Close: 1440}}
	}},
	{"open_throughout", func(p *planner.Problem, _ *planner.DayPlan) { p.Places[2].Hours[0].Open[0].LastEntry = 799 }},
	{"hours_known", func(p *planner.Problem, _ *planner.DayPlan) { p.Places[0].Hours = nil }},
	{"legs_real", func(_ *planner.Problem, d *planner.DayPlan) { d.Stops[2].At.Lat += 0.1 }},
	{"legs_real", func(p *planner.Problem, d *planner.DayPlan) {
		p.Travel = planner.EstimateTravel(p)
		d.Legs[0].Minutes = 0
	}},
	{"walk_limit", func(_ *planner.Problem, d *planner.DayPlan) { d.Legs[1].Minutes = 21 }},
	{"walk_limit", func(p *planner.Problem, d *planner.DayPlan) { limited(p); d.Legs[1].Metres = 501 }},
	{"ride_limit", func(_ *planner.Problem, d *planner.DayPlan) {
		d.Legs[1] = planner.Leg{Mode: planner.Transit, Minutes: 61}
	}},
	{"walk_day_limit", func(_ *planner.Problem, d *planner.DayPlan) { d.Legs[1].Metres = 12000 }},
	{"short_leg_walk", func(_ *planner.Problem, d *planner.DayPlan) { d.Legs[1].Mode = planner.Taxi }},
	{"pace_most", func(p *planner.Problem, _ *planner.DayPlan) { p.Days[0].MaxStops = 1 }},
	{"pace_least", func(_ *planner.Problem, _ *planner.DayPlan) {}},
	{"rests", func(p *planner.Problem, _ *planner.DayPlan) { p.Group.Members[0].Health = planner.Caution }},
	{"rests", func(p *planner.Problem, _ *planner.DayPlan) { p.Group.Members[0].Age = 80 }},
	{"rests", func(p *planner.Problem, _ *planner.DayPlan) { weather(p, planner.HourWeather{TempC: 35}) }},
	{"nothing_strenuous", func(p *planner.Problem, _ *planner.DayPlan) { limited(p); p.Places[2].Strenuous = true }},
	{"nothing_strenuous", func(p *planner.Problem, _ *planner.DayPlan) { p.Group.Members[0].Age = 6; p.Places[2].Strenuous = true }},
	{"step_free", func(p *planner.Problem, _ *planner.DayPlan) { limited(p); p.Places[0].StepFree = planner.No }},
	{"taxi_first", func(p *planner.Problem, d *planner.DayPlan) { limited(p); d.Legs[0].Mode = planner.Transit }},
	{"meal_hours", func(p *planner.Problem, _ *planner.DayPlan) { p.Days[0].Lunch.To = 779 }},
	{"meals_present", func(p *planner.Problem, _ *planner.DayPlan) { p.Days[0].Dinner = planner.DefaultDinner() }},
	{"meals_once", func(_ *planner.Problem, d *planner.DayPlan) {
		d.Stops[3].Kind, d.Stops[3].Arrive, d.Stops[3].Leave = planner.Meal, 785, 830
	}},
	{"children_home", func(p *planner.Problem, d *planner.DayPlan) { p.Group.Members[0].Age = 4; d.Stops[4].Arrive = 1261 }},
	{"rain_alternative", func(p *planner.Problem, _ *planner.DayPlan) {
		weather(p, planner.HourWeather{Precipitation: planner.Rain})
	}},
	{"harsh_outdoor", func(p *planner.Problem, d *planner.DayPlan) {
		weather(p, planner.HourWeather{BadAir: true})
		d.Stops[3].Leave = 861
	}},
	{"bring", func(p *planner.Problem, _ *planner.DayPlan) { weather(p, planner.HourWeather{TempC: -7}) }},
	{"parking", func(_ *planner.Problem, d *planner.DayPlan) { d.Legs[0].Mode = planner.Car }},
	{"avoided", func(p *planner.Problem, _ *planner.DayPlan) { p.Avoid = []planner.PlaceRef{{Category: "park"}} }},
	{"avoided", func(p *planner.Problem, _ *planner.DayPlan) { p.Avoid = []planner.PlaceRef{{Name: " MUSEUM"}} }},
	{"must_see", func(p *planner.Problem, _ *planner.DayPlan) { p.MustSee = []planner.PlaceRef{{ID: "palace"}} }},
	{"locks_kept", func(p *planner.Problem, _ *planner.DayPlan) {
		p.Locks = []planner.Lock{{Day: 0, Place: "museum", Arrive: 610, Leave: 700}}
	}},
}

func broken(vs []rules.Violation) []string {
	var out []string
	for _, v := range vs {
		if !slices.Contains(out, v.Rule) {
			out = append(out, v.Rule)
		}
	}
	return out
}

// [A2] A day that breaks nothing is said to break nothing, but for being short.
func TestAWalkableDayBreaksNoRule(t *testing.T) {
	t.Parallel()
	p, it := walkable()
	if got := broken(rules.Check(it, p)); !slices.Equal(got, []string{"pace_least"}) {
		t.Fatalf("broken: %v", got)
	}
}

// [A2] Every rule notices what breaks it, in both languages and with its own
// severity.
func TestEveryRuleNoticesItsBreach(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, b := range breaches {
		p, it := walkable()
		b.change(p, &it.Days[0])
		vs := rules.Check(it, p)
		seen[b.rule] = true
		k := slices.IndexFunc(vs, func(v rules.Violation) bool { return v.Rule == b.rule })
		if k < 0 {
			t.Errorf("%s not noticed; noticed %v", b.rule, broken(vs))
			continue
		}
		if v := vs[k]; v.Message.Ko == "" || v.Message.En == "" || v.Severity != rules.Hard && v.Severity != rules.Soft {
			t.Errorf("%s: violation without message or severity: %+v", b.rule, v)
		}
	}
	for _, r := range rules.Rules() {
		if !seen[r.ID] {
			t.Errorf("rule %s has no breach in this test", r.ID)
		}
		if r.Text.Ko == "" || r.Text.En == "" {
			t.Errorf("rule %s is not described in both languages", r.ID)
		}
	}
}

// What a person locked outside the hours is warned of, not forbidden.
func TestLockedStopsAreOnlyWarnedOf(t *testing.T) {
	t.Parallel()
	p, it := walkable()
	p.Places[0].Hours[0].Open = nil
	it.Days[0].Stops[1].Locked = true
	vs := rules.Check(it, p)
	if len(rules.HardOnly(vs)) > 0 || !slices.Contains(broken(vs), "open_throughout") {
		t.Fatalf("violations: %+v", vs)
	}
}

// A wish that the itinerary says it does not keep is no violation.
func TestWishesToldAsUnhonouredAreNoViolation(t *testing.T) {
	t.Parallel()
	p, it := walkable()
	p.MustSee = []planner.PlaceRef{{Name: "Nowhere"}}
	it.Unhonoured = []planner.Unhonoured{{Kind: planner.WishMustSee, Reason: planner.NotFound, Day: -1, Ref: planner.PlaceRef{Name: "Nowhere"}}}
	if got := broken(rules.Check(it, p)); slices.Contains(got, "must_see") {
		t.Fatalf("broken: %v", got)
	}
}
