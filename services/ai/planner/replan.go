package planner

import "slices"

// ReplanDay plans one day afresh and leaves the others as they are: places used
// on other days stay out, the day's locked stops stay in, wishes already kept
// elsewhere are not asked for again. Errors are *ProblemError.
func ReplanDay(p *Problem, current *Itinerary, day int, b Budget) (*Itinerary, error) {
	if day < 0 || day >= len(p.Days) {
		return nil, wrong("day", "is not a day of the trip")
	}
	c, err := reopen(p, current, []int{day})
	if err != nil {
		return nil, err
	}
	c.makeNodes()
	c.makeProblem()
	it := c.finish(c.search(b), current)
	it.keepIDs(current)
	return it, nil
}

// Closeness says how near to a given itinerary a new one must stay.
type Closeness struct {
	// Most is how many stops may be replaced, dropped, added or put on another
	// day: at most Most visits and meals of the old plan are missing from their
	// day, and at most Most are new on theirs. Where more cannot stay (closed,
	// gone, twice), as many as cannot. Order and times are free.
	Most int
	// Keep names places of the old plan that stay, on their day, whatever else.
	Keep []string
}

// LeastChange makes the best itinerary within the given closeness to current.
// With Most 0 it repairs: what can stay stays, what cannot is replaced. Errors
// are *ProblemError.
func LeastChange(p *Problem, current *Itinerary, near Closeness, b Budget) (*Itinerary, error) {
	if near.Most < 0 {
		return nil, wrong("closeness.most", "must not be negative")
	}
	c, err := reopen(p, current, allDays(p))
	if err != nil {
		return nil, err
	}
	c.makeNodes()
	c.makeProblem()
	c.startFrom(current, near)
	it := c.finish(c.search(b), nil)
	it.Quality.limit(current.Quality.Bound)
	it.keepIDs(current)
	return it, nil
}

// Changes counts what differs between two itineraries as Closeness does: the
// larger of the stops missing from their day and the stops new on theirs.
func Changes(before, after *Itinerary) int {
	a, b := before.stopSet(), after.stopSet()
	missing, added := 0, 0
	for k := range a {
		if !b[k] {
			missing++
		}
	}
	for k := range b {
		if !a[k] {
			added++
		}
	}
	return max(missing, added)
}

type dayStop struct {
	day   int
	place string
	kind  StopKind
}

func (it *Itinerary) stopSet() map[dayStop]bool {
	set := map[dayStop]bool{}
	for d := range it.Days {
		for _, s := range it.Days[d].Stops {
			if s.Kind == Visit || s.Kind == Meal {
				set[dayStop{d, s.Place, s.Kind}] = true
			}
		}
	}
	return set
}

func allDays(p *Problem) []int {
	days := make([]int, len(p.Days))
	for d := range days {
		days[d] = d
	}
	return days
}

// reopen compiles a problem for changing the given days of an itinerary: their
// locked stops become locks, places of other days are taken.
func reopen(p *Problem, current *Itinerary, days []int) (*compiled, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if err := p.owns(current); err != nil {
		return nil, err
	}
	c := survey(p)
	q := *p
	q.Locks = c.locksOf(current, days)
	if err := q.validateLocks(c.idSet()); err != nil {
		return nil, err
	}
	c.p = &q
	c.active = days
	c.takeOthers(current)
	c.choose(c.placesOf(current))
	return c, nil
}

func (c *compiled) idSet() map[string]bool {
	set := make(map[string]bool, len(c.index))
	for id := range c.index {
		set[id] = true
	}
	return set
}

// placesOf are the candidates an itinerary uses.
func (c *compiled) placesOf(it *Itinerary) map[int]bool {
	set := map[int]bool{}
	for d := range it.Days {
		for _, i := range c.itemsOf(d, &it.Days[d]) {
			set[i.place] = true
		}
	}
	return set
}

// takeOthers reserves what the days that are not searched use.
func (c *compiled) takeOthers(it *Itinerary) {
	c.taken = map[int]bool{}
	o := newObjective(c)
	for d := range it.Days {
		if slices.Contains(c.active, d) {
			continue
		}
		for k := range it.Days[d].Stops {
			s := &it.Days[d].Stops[k]
			i := c.placeIndex(s.Place)
			if i < 0 || s.Kind != Visit && s.Kind != Meal {
				continue
			}
			c.taken[i] = true
			o.visit(d, &node{place: i, role: c.roleOf(d, s), lock: -1}, s.Arrive, s.Leave)
		}
	}
	c.happy, c.seen = o.happy, o.seen
}

// startFrom makes the search begin at an itinerary and stay close to it.
func (c *compiled) startFrom(it *Itinerary, near Closeness) {
	type key struct {
		place int
		role  role
	}
	nodes := map[key]int32{}
	for u, x := range c.nodes {
		nodes[key{x.place, x.role}] = int32(u)
	}
	e := c.eng
	e.Base, e.MaxChanges = make([]int32, len(c.nodes)), near.Most
	for u := range e.Base {
		e.Base[u] = -1
	}
	keep := map[int]bool{}
	for _, id := range near.Keep {
		keep[c.placeIndex(id)] = true // those that are unknown match no stop
	}
	e.Start, e.StartRest = make([][]int32, len(e.Routes)), make([]bool, len(c.nodes))
	for r, d := range c.active {
		for _, i := range c.itemsOf(d, &it.Days[d]) {
			u, ok := nodes[key{i.place, i.role}]
			if !ok || e.Base[u] >= 0 {
				continue
			}
			e.Base[u] = int32(r)
			e.Start[r] = append(e.Start[r], u)
			e.StartRest[u] = i.rest > 0
			e.Fixed[u] = e.Fixed[u] || keep[i.place]
		}
	}
}
