package planning

import (
	"slices"

	"github.com/tripgen/tripgen/services/ai/planner"
	"github.com/tripgen/tripgen/services/ai/rules"
)

// repairBudget is a short search: only what was chosen, and what the day had, is in it.
var repairBudget = planner.Budget{Iterations: 400}

// Rearrange gives the plan with day d (an index) visiting the chosen places in their order, repaired where that order
// breaks a hard rule, and tells whether that could be had; other days stay as they are. Places must be of the problem.
func (f *Facts) Rearrange(it *planner.Itinerary, d int, chosen []string) (*planner.Itinerary, bool) {
	for _, s := range it.Days[d].Stops {
		if s.Locked && !slices.Contains(chosen, s.Place) {
			return nil, false
		}
	}
	if better, err := planner.Retime(f.Problem, f.inOrder(it, d, chosen)); err == nil && f.sound(better, d) {
		return better, true
	}
	better, err := planner.ReplanDay(f.narrowed(it, chosen), it, d, repairBudget)
	if err == nil { // measured and told by the travellers' own wishes: what was chosen is not what they asked for
		better, err = planner.Retime(f.Problem, better)
	}
	if err != nil || !f.sound(better, d) {
		return nil, false
	}
	return better, true
}

// inOrder puts the chosen places on a day in their order, with the rests where the draft had them.
func (f *Facts) inOrder(it *planner.Itinerary, d int, chosen []string) *planner.Itinerary {
	next := *it
	next.Days = slices.Clone(it.Days)
	old := it.Days[d].Stops
	byPlace := map[string]planner.Stop{}
	restAfter, visits := map[int]planner.Stop{}, 0
	for _, s := range old {
		switch s.Kind {
		case planner.Visit, planner.Meal:
			byPlace[s.Place] = s
			visits++
		case planner.Rest:
			restAfter[visits] = s
		}
	}
	places := f.index()
	stops := []planner.Stop{old[0]}
	meals := 0
	for i, placeID := range chosen {
		p := &f.Problem.Places[places[placeID]]
		s, known := byPlace[placeID]
		if !known {
			s = planner.Stop{Kind: planner.Visit, Place: p.ID, Name: p.Name, At: p.At, Leave: p.StayMinutes}
			if p.Kind == planner.Food {
				s.Kind = planner.Meal
			}
		}
		if s.Kind == planner.Meal && !s.Locked { // the time tells lunch from dinner
			from := f.Problem.Days[d].Lunch.From
			if meals > 0 {
				from = f.Problem.Days[d].Dinner.From
			}
			s.Arrive, s.Leave = from, from+s.Leave-s.Arrive
			meals++
		}
		stops = append(stops, s)
		if rest, ok := restAfter[i+1]; ok {
			stops = append(stops, rest)
		}
	}
	stops = append(stops, old[len(old)-1])
	next.Days[d] = planner.DayPlan{Date: it.Days[d].Date, City: it.Days[d].City, Stops: stops}
	return &next
}

// narrowed is the problem with no places besides those chosen and those planned already, all chosen ones wanted.
func (f *Facts) narrowed(it *planner.Itinerary, chosen []string) *planner.Problem {
	p := *f.Problem
	p.MustSee = slices.Clone(p.MustSee)
	in := map[string]bool{}
	for _, placeID := range chosen {
		in[placeID] = true
		p.MustSee = append(p.MustSee, planner.PlaceRef{ID: placeID})
	}
	for d := range it.Days {
		for _, s := range it.Days[d].Stops {
			in[s.Place] = true
		}
	}
	for _, l := range p.Locks {
		in[l.Place] = true
	}
	p.Places = nil
	for i := range f.Problem.Places {
		if in[f.Problem.Places[i].ID] {
			p.Places = append(p.Places, f.Problem.Places[i])
		}
	}
	return &p
}

// sound tells whether the rules find nothing hard against day d, nor against the whole.
func (f *Facts) sound(it *planner.Itinerary, d int) bool {
	return !slices.ContainsFunc(rules.HardOnly(rules.Check(it, f.Problem)), func(v rules.Violation) bool {
		return v.Day == d || v.Day < 0
	})
}

func (f *Facts) index() map[string]int {
	index := make(map[string]int, len(f.Problem.Places))
	for i := range f.Problem.Places {
		index[f.Problem.Places[i].ID] = i
	}
	return index
}
