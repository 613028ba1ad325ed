package planning_test

import (
	"fmt"
	"slices"
	"testing"

	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/planner"
	"github.com/tripgen/tripgen/services/ai/planning"
)

// museums is a city of six museums that are open from 10 to 18 o'clock, but for the first, which closes at noon.
func museums() *planning.City {
	c := city("x", 11)
	hour := func(h int32) *typev1.TimeOfDay { return &typev1.TimeOfDay{Minutes: 60 * h} }
	for i := range 6 {
		until := int32(18)
		if i == 0 {
			until = 12
		}
		day := &locationv1.CandidateHours{Known: true, Intervals: []*typev1.OpeningInterval{{Open: hour(10), Close: hour(until)}}}
		name := fmt.Sprintf("museum-%d", i)
		c.Candidates = append(c.Candidates, &locationv1.Candidate{
			Hours: []*locationv1.CandidateHours{day, day},
			Place: &locationv1.Place{
				Id: "builtin:x-" + name, CityId: "x", Name: &typev1.LocalizedText{Ko: name, En: name}, StayMinutes: 60,
				Category: locationv1.PlaceCategory_PLACE_CATEGORY_MUSEUM, Location: &typev1.LatLng{Latitude: 48, Longitude: 11 + float64(i)*0.001},
			},
		})
	}
	return c
}

// A day whose places somebody chose is measured by the travellers' wishes: what was chosen is not what they asked for,
// whether the order could be kept or had to be repaired.
func TestChosenPlacesAreNotWishes(t *testing.T) {
	t.Parallel()
	p := profile(1)
	trip, err := planning.NewTrip(p, []string{"x"})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := planning.Build(planning.Request{Profile: p, DayStart: 600}, trip, []*planning.City{museums()})
	if err != nil {
		t.Fatal(err)
	}
	draft, err := planner.Plan(facts.Problem, planner.Budget{Iterations: 500})
	if err != nil {
		t.Fatal(err)
	}
	for _, chosen := range [][]string{{"museum-0", "museum-1"}, {"museum-1", "museum-2", "museum-0"}} {
		for i := range chosen {
			chosen[i] = "builtin:x-" + chosen[i]
		}
		onlyOther := *draft
		onlyOther.Days = slices.Clone(draft.Days)
		onlyOther.Days[1].Stops = []planner.Stop{draft.Days[1].Stops[0], draft.Days[1].Stops[len(draft.Days[1].Stops)-1]}
		got, ok := facts.Rearrange(&onlyOther, 0, chosen)
		if !ok {
			t.Fatalf("%v cannot be had", chosen)
		}
		if got.Quality.Score > draft.Quality.Bound {
			t.Errorf("%v scores %v, above the bound %v of any plan", chosen, got.Quality.Score, draft.Quality.Bound)
		}
		var visited []string
		for _, s := range got.Days[0].Stops {
			if s.Kind == planner.Visit {
				visited = append(visited, s.Place)
			}
			if slices.Contains(s.Why, planner.WhyMustSee) {
				t.Errorf("%s is told to be asked for", s.Place)
			}
		}
		for _, want := range chosen {
			if !slices.Contains(visited, want) {
				t.Errorf("%s of %v is not visited", want, chosen)
			}
		}
	}
}
