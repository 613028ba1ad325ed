package planner

import (
	"fmt"
	"slices"
)

// EditKind is what a person does to an itinerary.
type EditKind string

// Kinds of edits.
const (
	EditMove    EditKind = "move"     // Day, Stop → ToDay, Position
	EditAdd     EditKind = "add"      // Place, ID → ToDay, Position; Minutes
	EditRemove  EditKind = "remove"   // Day, Stop
	EditReplace EditKind = "replace"  // Day, Stop; Place
	EditLock    EditKind = "lock"     // Day, Stop; Arrive
	EditUnlock  EditKind = "unlock"   // Day, Stop
	EditStay    EditKind = "set_stay" // Day, Stop; Minutes
)

// Edit is one change by a person.
type Edit struct {
	Kind EditKind
	// Day and Stop say which stop: an index into Days and into its Stops. It must
	// be a visit or a meal.
	Day, Stop int
	// ToDay and Position say where to: Position counts the visits and meals of
	// the day before it, without the moved stop; -1 is where it costs least.
	ToDay, Position int
	Place           string // place to add, or to put in a stop's stead
	ID              string // the caller's id of an added stop
	Minutes         int    // length of stay; 0 is the place's own
	Arrive          int    // minute to lock at; -1 is the present one
}

// Apply makes one change to an itinerary and retimes the days it touches, which
// it returns too. It never drops or moves anything else: what the change breaks
// (hours, order, pace) is for the rules to tell. It takes well under a
// millisecond. Errors are *ProblemError and concern the edit alone; the problem
// is taken as valid.
func Apply(p *Problem, current *Itinerary, e Edit) (*Itinerary, []int, error) {
	if err := p.owns(current); err != nil {
		return nil, nil, err
	}
	c := survey(p)
	days, err := c.touched(current, e)
	if err != nil {
		return nil, nil, err
	}
	it := current.clone()
	c.settle(it, days, e.Place)
	plans := make([][]item, len(p.Days))
	for _, d := range days {
		plans[d] = c.itemsOf(d, &it.Days[d])
	}
	if err := c.edit(plans, it, e); err != nil {
		return nil, nil, err
	}
	c.retime(it, days, plans)
	it.keepEndIDs(current)
	return it, days, nil
}

// Retime recomputes times, legs and warnings of every day of an itinerary whose
// stops are given in order, as for a plan that came from elsewhere.
func Retime(p *Problem, current *Itinerary) (*Itinerary, error) {
	if err := p.owns(current); err != nil {
		return nil, err
	}
	c := survey(p)
	it := current.clone()
	days := allDays(p)
	c.settle(it, days, "")
	plans := make([][]item, len(p.Days))
	for d := range p.Days {
		plans[d] = c.itemsOf(d, &it.Days[d])
	}
	c.retime(it, days, plans)
	it.keepEndIDs(current)
	return it, nil
}

// settle prepares only the places that the given days use.
func (c *compiled) settle(it *Itinerary, days []int, more string) {
	set := map[int]bool{}
	for _, d := range days {
		for _, i := range c.itemsOf(d, &it.Days[d]) {
			set[i.place] = true
		}
	}
	if i := c.placeIndex(more); i >= 0 {
		set[i] = true
	}
	for _, i := range c.must {
		set[i] = true
	}
	for i := range set {
		c.places = append(c.places, i)
	}
	slices.Sort(c.places)
	c.active = days
	c.lay()
}

func (c *compiled) retime(it *Itinerary, days []int, plans [][]item) {
	for _, d := range days {
		it.Days[d] = c.dayPlan(d, plans[d])
	}
	c.suggestFor(it, days)
	c.conclude(it)
}

// touched checks an edit and says which days it touches.
func (c *compiled) touched(it *Itinerary, e Edit) ([]int, error) {
	day := func(d int, field string) error {
		if d < 0 || d >= len(it.Days) {
			return wrong(field, "is not a day of the trip")
		}
		return nil
	}
	if e.Kind == EditAdd || e.Kind == EditReplace {
		if c.placeIndex(e.Place) < 0 {
			return nil, wrong("edit.place", "is not among the places")
		}
	}
	if e.Minutes < 0 || e.Minutes > MaxStay || e.Kind == EditStay && e.Minutes == 0 {
		return nil, wrong("edit.minutes", "must be 1 to %d", MaxStay)
	}
	if e.Kind == EditAdd {
		return []int{e.ToDay}, day(e.ToDay, "edit.to_day")
	}
	if err := day(e.Day, "edit.day"); err != nil {
		return nil, err
	}
	stops := it.Days[e.Day].Stops
	if e.Stop < 0 || e.Stop >= len(stops) || stops[e.Stop].Kind != Visit && stops[e.Stop].Kind != Meal {
		return nil, wrong("edit.stop", "is not a visit or a meal of the day")
	}
	if c.placeIndex(stops[e.Stop].Place) < 0 {
		return nil, wrong(fmt.Sprintf("itinerary.days[%d].stops[%d].place", e.Day, e.Stop), "is not among the places")
	}
	if e.Kind == EditMove && e.ToDay != e.Day {
		return []int{e.Day, e.ToDay}, day(e.ToDay, "edit.to_day")
	}
	return []int{e.Day}, nil
}

// edit changes the items of the days.
func (c *compiled) edit(plans [][]item, it *Itinerary, e Edit) error {
	if e.Kind == EditAdd {
		i := c.placeIndex(e.Place)
		x := item{id: e.ID, place: i, role: c.roleFor(e.ToDay, i, plans[e.ToDay]), stay: c.p.Places[i].StayMinutes}
		if e.Minutes > 0 {
			x.stay = e.Minutes
		}
		return c.put(plans, e.ToDay, e.Position, x)
	}
	k := c.itemAt(it, e)
	x := &plans[e.Day][k]
	switch e.Kind {
	case EditMove:
		moved := *x
		moved.pinned = false
		plans[e.Day] = slices.Delete(plans[e.Day], k, k+1)
		return c.put(plans, e.ToDay, e.Position, moved)
	case EditRemove:
		plans[e.Day] = slices.Delete(plans[e.Day], k, k+1)
	case EditReplace:
		i := c.placeIndex(e.Place)
		x.place, x.pinned, x.must = i, false, slices.Contains(c.must, i)
		x.stay = c.p.Places[i].StayMinutes
		if _, food := c.p.Places[i].uses(); !food {
			x.role = asVisit
		}
	case EditLock:
		x.pinned = true
		if e.Arrive >= 0 {
			x.arrive = e.Arrive
		}
		if x.arrive+x.stay > MaxMinute {
			return wrong("edit.arrive", "must be a minute of the day")
		}
	case EditUnlock:
		x.pinned = false
	case EditStay:
		x.stay = e.Minutes
	default:
		return wrong("edit.kind", "is unknown")
	}
	return nil
}

// itemAt is the index among the day's items of the stop that an edit is about.
func (c *compiled) itemAt(it *Itinerary, e Edit) int {
	n := 0
	for _, s := range it.Days[e.Day].Stops[:e.Stop] {
		if (s.Kind == Visit || s.Kind == Meal) && c.placeIndex(s.Place) >= 0 {
			n++
		}
	}
	return n
}

// roleFor makes a food place the first meal the day lacks.
func (c *compiled) roleFor(d, place int, items []item) role {
	sight, food := c.p.Places[place].uses()
	has := func(r role) bool { return slices.ContainsFunc(items, func(i item) bool { return i.role == r }) }
	switch {
	case food && !c.p.Days[d].Lunch.IsZero() && !has(asLunch):
		return asLunch
	case food && !c.p.Days[d].Dinner.IsZero() && !has(asDinner):
		return asDinner
	case food && !sight && !c.p.Days[d].Lunch.IsZero():
		return asLunch
	}
	return asVisit
}

// put inserts an item at a position, or where the day then goes best.
func (c *compiled) put(plans [][]item, d, position int, x item) error {
	if position > len(plans[d]) || position < -1 {
		return wrong("edit.position", "must be -1 to the number of the day's stops")
	}
	if position < 0 {
		position = c.bestPosition(plans[d], d, x)
	}
	plans[d] = slices.Insert(plans[d], position, x)
	return nil
}

// bestPosition breaks as little as possible: first the minutes by which stops
// miss their hours, locks or the day's end, then the end of the day.
func (c *compiled) bestPosition(items []item, d int, x item) int {
	best, least := 0, -1
	for k := 0; k <= len(items); k++ {
		trial := slices.Insert(slices.Clone(items), k, x)
		if cost := c.breakage(d, trial); least < 0 || cost < least {
			best, least = k, cost
		}
	}
	return best
}

func (c *compiled) breakage(d int, items []item) int {
	const broken = 10000
	cost, at, now := 0, c.startPoint(d), c.p.Days[d].Start
	for _, i := range items {
		now += c.legs.leg(at, c.row[i.place]).Minutes
		start := now
		if i.pinned {
			start = i.arrive
			if now > start {
				cost += broken + now - start
			}
		} else {
			w := c.startWindows(d, i.node())
			start = firstStart(w, now, i.stay-c.stay(d, i.node()))
			if !inWindows(w, start, i.stay-c.stay(d, i.node())) {
				cost += broken
			}
		}
		at, now = c.row[i.place], start+i.stay+i.rest
	}
	now += c.legs.leg(at, c.endPoint(d)).Minutes
	return cost + now + broken*max(0, now-c.p.Days[d].End)/10
}
