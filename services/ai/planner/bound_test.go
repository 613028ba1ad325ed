package planner_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tripgen/tripgen/services/ai/planner"
	"github.com/tripgen/tripgen/services/ai/rules"
)

// [A12] On problems small enough to try every itinerary, none that keeps the
// hard rules beats the reported bound, and the planner finds nearly the best.
func TestBoundIsNeverBelowTheBestOfAllItineraries(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawSmallProblem(t)
		it, err := planner.Plan(p, planner.Budget{Iterations: 600})
		if err != nil {
			t.Fatalf("plan: %v", err)
		}
		if it.Quality.Score > it.Quality.Bound {
			t.Fatalf("score %v above the bound %v", it.Quality.Score, it.Quality.Bound)
		}
		best, its := bruteForce(t, p)
		if best > it.Quality.Bound {
			t.Fatalf("an itinerary scores %v, above the bound %v", best, it.Quality.Bound)
		}
		if it.Quality.Score < best-0.05*max(best, 1000) {
			t.Fatalf("planned %v, the best is %v\n%s%s", it.Quality.Score, best, show(it), show(its))
		}
	})
}

// drawSmallProblem has one or two days and up to four places, and a group that
// needs no rests.
func drawSmallProblem(t *rapid.T) *planner.Problem {
	centre := planner.LatLng{Lat: 37.5, Lng: 127}
	p := &planner.Problem{
		Mode: planner.Transit, Seed: rapid.Uint64().Draw(t, "seed"),
		Group: planner.Group{Members: []planner.Member{{Age: 30, Preferences: []planner.Preference{planner.Culture}}, {Age: 40}}},
	}
	days := rapid.IntRange(1, 2).Draw(t, "days")
	for d := range days {
		e := planner.Endpoint{Name: "hotel", At: near(t, centre, 0.02)}
		day := planner.Day{Date: planner.Date{Year: 2026, Month: 5, Day: 1 + d}, Start: 600, End: rapid.IntRange(700, 1200).Draw(t, "end"), StartPoint: e, EndPoint: e}
		if rapid.Bool().Draw(t, "lunch") {
			day.Lunch = planner.DefaultLunch()
		}
		p.Days = append(p.Days, day)
	}
	for i := range rapid.IntRange(1, 5-days).Draw(t, "places") {
		pl := drawPlace(t, i, days, centre)
		pl.City, pl.Strenuous = "", false
		for len(pl.Hours) < days {
			pl.Hours = append(pl.Hours, planner.DayHours{Open: []planner.Interval{{Open: 0, Close: 1440}}})
		}
		for d := range pl.Hours {
			pl.Hours[d].Known = true // unknown hours are planned more cautiously than the rules ask
		}
		p.Places = append(p.Places, pl)
	}
	return p
}

// bruteForce tries every sequence of stops for every day.
func bruteForce(t *rapid.T, p *planner.Problem) (float64, *planner.Itinerary) {
	var at *planner.Itinerary
	it := &planner.Itinerary{Days: make([]planner.DayPlan, len(p.Days))}
	best, first := 0.0, true
	var extend func(d int, used int)
	extend = func(d, used int) {
		if d == len(p.Days) {
			timed, err := planner.Retime(p, it)
			if err != nil {
				t.Fatalf("retime: %v", err)
			}
			if allowed(timed, p) && (first || timed.Quality.Score > best) {
				best, first, at = timed.Quality.Score, false, timed
			}
			return
		}
		extend(d+1, used)
		for i := range p.Places {
			for _, kind := range []planner.StopKind{planner.Visit, planner.Meal} {
				if used&(1<<i) != 0 || !uses(&p.Places[i], kind) {
					continue
				}
				stops := it.Days[d].Stops
				it.Days[d].Stops = append(stops, planner.Stop{Kind: kind, Place: p.Places[i].ID, Leave: p.Places[i].StayMinutes})
				extend(d, used|1<<i)
				it.Days[d].Stops = stops
			}
		}
	}
	extend(0, 0)
	return best, at
}

func uses(p *planner.Place, kind planner.StopKind) bool {
	if kind == planner.Meal {
		return p.Kind&planner.Food != 0
	}
	return p.Kind == 0 || p.Kind&planner.Sight != 0
}

// allowed is every hard rule, and one lunch and one dinner a day, which is what
// the planner looks for.
func allowed(it *planner.Itinerary, p *planner.Problem) bool {
	return !slices.ContainsFunc(rules.Check(it, p), func(v rules.Violation) bool {
		return v.Severity == rules.Hard || v.Rule == "meals_once"
	})
}
