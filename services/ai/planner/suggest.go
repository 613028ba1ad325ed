package planner

import "maps"

// suggestFor adds, on the given days, indoor alternatives to the outdoor stops,
// as forecasts change, and for every visit and meal one that could replace it if
// it were closed. Those for rain are as far as possible one each: rain hits all
// stops at once.
func (c *compiled) suggestFor(it *Itinerary, days []int) {
	used := it.placesUsed()
	for _, d := range days {
		dry := maps.Clone(used)
		for k := range it.Days[d].Stops {
			s := &it.Days[d].Stops[k]
			if s.Kind != Visit && s.Kind != Meal {
				continue
			}
			if i := c.placeIndex(s.Place); i >= 0 && c.p.Places[i].Setting == Outdoor {
				a, ok := c.suggest(d, s, ForRain, dry)
				if !ok {
					a, ok = c.suggest(d, s, ForRain, used)
				}
				if ok {
					dry[a.Place] = true
					s.Alternatives = append(s.Alternatives, a)
				}
			}
			if a, ok := c.suggest(d, s, ForClosed, used); ok {
				s.Alternatives = append(s.Alternatives, a)
			}
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

// suggestRange is how far an alternative may lie from the stop it replaces.
const suggestRange = 5000.0

// suggest finds the best place that could take a stop's time: open then, near,
// indoor where it is for rain, most worth per distance.
func (c *compiled) suggest(d int, s *Stop, why Purpose, used map[string]bool) (Alternative, bool) {
	var best Alternative
	rank := 0.0
	r, at := c.roleOf(d, s), vectorOf(s.At)
	for i := range c.p.Places {
		pl := &c.p.Places[i]
		metres := at.metresTo(c.at[i])
		value := float64(c.blended[i]) / (500 + metres)
		if metres > suggestRange || value <= rank || why == ForRain && pl.Setting != Indoor {
			continue
		}
		if used[pl.ID] || !c.could(i, r) || !cityFits(&c.p.Days[d], pl) || !c.openFor(d, node{place: i, role: r, lock: -1}, s.Arrive) {
			continue
		}
		best, rank = Alternative{pl.ID, why, int(metres + 0.5)}, value
	}
	return best, rank > 0
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
