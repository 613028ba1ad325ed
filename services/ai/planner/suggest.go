package planner

import (
	"cmp"
	"slices"
)

// suggestFor adds, on the given days, alternatives to the outdoor stops in rain,
// and for every visit and meal one that could replace it if it were closed.
func (c *compiled) suggestFor(it *Itinerary, days []int) {
	used := it.placesUsed()
	for _, d := range days {
		for k := range it.Days[d].Stops {
			s := &it.Days[d].Stops[k]
			if s.Kind != Visit && s.Kind != Meal {
				continue
			}
			if c.outdoorInRain(d, s) {
				s.Alternatives = append(s.Alternatives, c.suggest(d, s, ForRain, 1, used)...)
			}
			s.Alternatives = append(s.Alternatives, c.suggest(d, s, ForClosed, 1, used)...)
		}
	}
}

func (it *Itinerary) placesUsed() map[string]bool {
	used := map[string]bool{}
	for d := range it.Days {
		for _, s := range it.Days[d].Stops {
			used[s.Place] = true
		}
	}
	return used
}

func (c *compiled) outdoorInRain(d int, s *Stop) bool {
	i := c.placeIndex(s.Place)
	w := c.p.Days[d].Weather
	if i < 0 || c.p.Places[i].Setting != Outdoor || len(w) == 0 {
		return false
	}
	for m := s.Arrive; m < s.Leave; m++ {
		if w[m/60%24].Precipitation != Dry {
			return true
		}
	}
	return false
}

// suggestRange is how far an alternative may lie from the stop it replaces.
const suggestRange = 5000.0

// suggest finds up to n places that could take a stop's time: open then, near,
// indoor where it is for rain, best worth per distance first.
func (c *compiled) suggest(d int, s *Stop, why Purpose, n int, used map[string]bool) []Alternative {
	type option struct {
		Alternative
		rank float64
	}
	var found []option
	r := c.roleOf(d, s)
	for i := range c.p.Places {
		pl := &c.p.Places[i]
		if why == ForRain && pl.Setting != Indoor || used[pl.ID] || !c.could(i, r) || !cityFits(&c.p.Days[d], pl) {
			continue
		}
		metres := GreatCircleMetres(s.At, pl.At)
		if metres > suggestRange || !c.openFor(d, node{place: i, role: r, lock: -1}, s.Arrive) {
			continue
		}
		rank := float64(c.blend(i)) / (500 + metres)
		found = append(found, option{Alternative{pl.ID, why, int(metres + 0.5)}, rank})
	}
	slices.SortStableFunc(found, func(a, b option) int { return cmp.Compare(b.rank, a.rank) })
	var out []Alternative
	for _, f := range found[:min(n, len(found))] {
		out = append(out, f.Alternative)
	}
	return out
}

// openFor tells whether a visit of the node may start at the minute.
func (c *compiled) openFor(d int, x node, minute int) bool {
	for _, w := range c.startWindows(d, x) {
		if int(w.Open) <= minute && minute <= int(w.Close) {
			return true
		}
	}
	return false
}
