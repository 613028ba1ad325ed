package planner_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/tripgen/tripgen/services/ai/planner"
)

// named is a plan with rests, all of whose stops have ids, and what it was made for.
func named(t *testing.T) (*planner.Problem, *planner.Itinerary) {
	t.Helper()
	p := city()
	p.Group.Members = append(p.Group.Members, planner.Member{Age: 76, Health: planner.Caution})
	it := mustPlan(t, p)
	rests := 0
	for d := range it.Days {
		for k := range it.Days[d].Stops {
			s := &it.Days[d].Stops[k]
			s.ID = fmt.Sprintf("stop_%d_%d", d, k)
			rests += b2i(s.Kind == planner.Rest)
		}
	}
	if rests < 2 {
		t.Fatalf("a plan with %d rests shows nothing:\n%s", rests, show(it))
	}
	return p, it
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// stopIDs gives each stop's kind and place by its id; a stop without an id, or an id twice, fails.
func stopIDs(t *testing.T, it *planner.Itinerary) map[string]string {
	t.Helper()
	ids := map[string]string{}
	for d := range it.Days {
		for _, s := range it.Days[d].Stops {
			if _, twice := ids[s.ID]; twice || s.ID == "" {
				t.Errorf("day %d: id %q of %s at %s is missing or given twice", d, s.ID, s.Kind, s.Place)
			}
			ids[s.ID] = fmt.Sprint(s.Kind, " ", s.Place)
		}
	}
	return ids
}

// [T7] Whatever an edit does, what stays keeps its id: visits, the rests after them, where days start and end.
func TestWhatAnEditLeavesKeepsItsID(t *testing.T) {
	t.Parallel()
	p, before := named(t)
	rested := slices.IndexFunc(before.Days[0].Stops, func(s planner.Stop) bool { return s.Kind == planner.Rest }) - 1
	free := slices.IndexFunc(p.Places, func(pl planner.Place) bool {
		return pl.Kind == 0 && !slices.Contains(placesOf(&before.Days[0]), pl.ID) && !slices.Contains(placesOf(&before.Days[1]), pl.ID)
	})
	was := stopIDs(t, before)
	visit, rest := before.Days[0].Stops[rested].ID, before.Days[0].Stops[rested+1].ID
	for name, c := range map[string]struct {
		edit         planner.Edit
		added, ended []string
	}{
		"moved within its day":     {edit: planner.Edit{Kind: planner.EditMove, Day: 0, Stop: rested, ToDay: 0, Position: 0}},
		"moved to another day":     {edit: planner.Edit{Kind: planner.EditMove, Day: 0, Stop: rested, ToDay: 1, Position: 0}},
		"kept longer":              {edit: planner.Edit{Kind: planner.EditStay, Day: 0, Stop: rested, Minutes: 95}},
		"locked":                   {edit: planner.Edit{Kind: planner.EditLock, Day: 0, Stop: rested, Arrive: -1}},
		"replaced, at its id":      {edit: planner.Edit{Kind: planner.EditReplace, Day: 0, Stop: rested, Place: p.Places[free].ID}},
		"added":                    {edit: planner.Edit{Kind: planner.EditAdd, ToDay: 1, Position: -1, Place: p.Places[free].ID, ID: "stop_new"}, added: []string{"stop_new"}},
		"removed with the rest of": {edit: planner.Edit{Kind: planner.EditRemove, Day: 0, Stop: rested}, ended: []string{visit, rest}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after, _, err := planner.Apply(p, before, c.edit)
			if err != nil {
				t.Fatal(err)
			}
			want := maps.Clone(was)
			for _, id := range c.ended {
				delete(want, id)
			}
			for _, id := range c.added {
				want[id] = ""
			}
			got := stopIDs(t, after)
			if !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))) {
				t.Errorf("ids %v, want %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
			}
			for id, is := range got {
				if c.edit.Kind != planner.EditReplace && want[id] != "" && want[id] != is {
					t.Errorf("%s was %s and is %s", id, want[id], is)
				}
			}
		})
	}
}

// [T8] A day that is planned anew keeps the ids of what it has again, and where it starts and ends.
func TestANewPlanKeepsTheIDsOfWhatItHasAgain(t *testing.T) {
	t.Parallel()
	p, before := named(t)
	was := stopIDs(t, before)
	for name, plan := range map[string]func() (*planner.Itinerary, error){
		"a day": func() (*planner.Itinerary, error) {
			return planner.ReplanDay(p, before, 0, planner.Budget{Iterations: 300})
		},
		"with few changes": func() (*planner.Itinerary, error) {
			return planner.LeastChange(p, before, planner.Closeness{Most: 1}, planner.Budget{Iterations: 300})
		},
		"in other times": func() (*planner.Itinerary, error) { return planner.Retime(p, before) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after, err := plan()
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			for d := range after.Days {
				stops := after.Days[d].Stops
				if first, last := stops[0].ID, stops[len(stops)-1].ID; first != before.Days[d].Stops[0].ID || last != before.Days[d].Stops[len(before.Days[d].Stops)-1].ID {
					t.Errorf("day %d starts at %q and ends at %q", d, first, last)
				}
				for _, s := range stops {
					if s.ID == "" {
						continue
					}
					if seen[s.ID] || s.Kind != planner.AtLodging && was[s.ID] != fmt.Sprint(s.Kind, " ", s.Place) {
						t.Errorf("%s is %s at %s, was %s; given before: %v", s.ID, s.Kind, s.Place, was[s.ID], seen[s.ID])
					}
					seen[s.ID] = true
				}
			}
			for id, is := range was {
				again := slices.ContainsFunc(after.Days, func(day planner.DayPlan) bool {
					return slices.ContainsFunc(day.Stops, func(s planner.Stop) bool { return fmt.Sprint(s.Kind, " ", s.Place) == is })
				})
				if again && !seen[id] {
					t.Errorf("%s (%s) is in the plan again without its id", id, is)
				}
			}
		})
	}
}
