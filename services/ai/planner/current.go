package planner

import (
	"cmp"
	"fmt"
	"slices"
)

// maxClock bounds the minutes of stops in an itinerary: far end points may lie
// days away.
const maxClock = 1 << 20

// owns tells the first way in which an itinerary does not belong to the problem.
func (p *Problem) owns(it *Itinerary) error {
	if it == nil || len(it.Days) != len(p.Days) {
		return wrong("itinerary.days", "must have an entry per day of the problem")
	}
	for d := range it.Days {
		for k := range it.Days[d].Stops {
			s := &it.Days[d].Stops[k]
			if s.Arrive < 0 || s.Leave < s.Arrive || s.Leave > maxClock {
				return wrong(fmt.Sprintf("itinerary.days[%d].stops[%d].arrive", d, k), "must be a minute of the day, not after leave")
			}
		}
	}
	return nil
}

// itemsOf reads the visits, meals and rests of a planned day back. Stops whose
// place is not among the candidates are left out.
func (c *compiled) itemsOf(d int, plan *DayPlan) []item {
	var out []item
	for k := range plan.Stops {
		s := &plan.Stops[k]
		switch s.Kind {
		case Rest:
			if len(out) > 0 {
				before := &out[len(out)-1]
				before.rest += s.Leave - s.Arrive
				before.restID = cmp.Or(before.restID, s.ID)
			}
		case Visit, Meal:
			i := c.placeIndex(s.Place)
			if i < 0 {
				continue
			}
			out = append(out, item{
				id: s.ID, place: i, role: c.roleOf(d, s), stay: max(1, s.Leave-s.Arrive),
				must: slices.Contains(c.must, i), pinned: s.Locked, arrive: s.Arrive,
			})
		}
	}
	return out
}

// locksOf are the locks a plan's own locked stops amount to on the given days,
// with the problem's locks on other days.
func (c *compiled) locksOf(it *Itinerary, days []int) []Lock {
	var out []Lock
	for _, l := range c.p.Locks {
		if !slices.Contains(days, l.Day) || !it.locks(l.Day, l.Place) {
			out = append(out, l)
		}
	}
	for _, d := range days {
		for k := range it.Days[d].Stops {
			s := &it.Days[d].Stops[k]
			if s.Locked && c.placeIndex(s.Place) >= 0 && s.Leave > s.Arrive {
				out = append(out, Lock{Day: d, Place: s.Place, Arrive: s.Arrive, Leave: s.Leave, Meal: s.Kind == Meal})
			}
		}
	}
	return out
}

func (it *Itinerary) locks(d int, place string) bool {
	return slices.ContainsFunc(it.Days[d].Stops, func(s Stop) bool { return s.Locked && s.Place == place })
}

// clone copies an itinerary so deep that days can be changed.
func (it *Itinerary) clone() *Itinerary {
	c := *it
	c.Days = slices.Clone(it.Days)
	c.Unhonoured = slices.Clone(it.Unhonoured)
	return &c
}

// keepIDs gives what was planned before its ids back: visits, meals and rests
// by their place, where a day starts and ends by the day.
func (it *Itinerary) keepIDs(before *Itinerary) {
	it.keepEndIDs(before)
	type key struct {
		place string
		rest  bool
	}
	isOfPlace := func(s *Stop) bool { return s.Kind == Visit || s.Kind == Meal || s.Kind == Rest }
	ids := map[key]string{}
	for d := range before.Days {
		for k := range before.Days[d].Stops {
			if s := &before.Days[d].Stops[k]; s.ID != "" && isOfPlace(s) {
				ids[key{s.Place, s.Kind == Rest}] = s.ID
			}
		}
	}
	for d := range it.Days { // no id twice
		for k := range it.Days[d].Stops {
			if s := &it.Days[d].Stops[k]; s.ID != "" && isOfPlace(s) {
				delete(ids, key{s.Place, s.Kind == Rest})
			}
		}
	}
	for d := range it.Days {
		for k := range it.Days[d].Stops {
			s := &it.Days[d].Stops[k]
			if s.ID == "" && isOfPlace(s) {
				of := key{s.Place, s.Kind == Rest}
				s.ID = ids[of]
				delete(ids, of)
			}
		}
	}
}

// keepEndIDs gives the stops at which days start and end their ids back, where
// they are still of the same kind at the same point.
func (it *Itinerary) keepEndIDs(before *Itinerary) {
	for d := range it.Days {
		now, was := it.Days[d].Stops, before.Days[d].Stops
		if len(now) < 2 || len(was) < 2 {
			continue
		}
		keep := func(s *Stop, old Stop) {
			if s.ID == "" && s.Kind == old.Kind && s.Place == old.Place && s.At == old.At {
				s.ID = old.ID
			}
		}
		keep(&now[0], was[0])
		keep(&now[len(now)-1], was[len(was)-1])
	}
}
