package planner

import (
	"slices"

	"github.com/tripgen/tripgen/services/ai/planner/orienteering"
)

// finish turns a solution into an itinerary with everything told; days that
// were not searched are taken from rest.
func (c *compiled) finish(sol orienteering.Solution, rest *Itinerary) *Itinerary {
	it := &Itinerary{Days: make([]DayPlan, len(c.p.Days))}
	if rest != nil {
		copy(it.Days, rest.Days)
	}
	for r, d := range c.active {
		it.Days[d] = c.dayPlan(d, c.items(d, sol.Routes[r], sol.Rest))
	}
	c.suggestFor(it, c.active)
	c.conclude(it)
	if rest != nil {
		it.Quality.limit(rest.Quality.Bound)
	}
	return it
}

// limit sets the bound and the gap to it.
func (q *Quality) limit(bound float64) {
	if q.Bound = bound; bound > 0 {
		q.Gap = (bound - q.Score) / bound
	}
}

// conclude tells what is not honoured and measures the whole.
func (c *compiled) conclude(it *Itinerary) {
	it.Unhonoured = slices.Clone(c.lost)
	c.tellUnhonoured(it)
	it.Quality = c.quality(it)
}

// item is one stop of a day before its times are set.
type item struct {
	id     string
	place  int // index into Problem.Places
	role   role
	stay   int
	rest   int    // minutes of rest after it
	restID string // the id of that rest, empty for a new one
	must   bool
	pinned bool // starts exactly at arrive
	arrive int
}

// node is the item as a node that is free to move.
func (i *item) node() node { return node{place: i.place, role: i.role, lock: -1} }

// items lists the stops of a route.
func (c *compiled) items(d int, route []int32, rest []bool) []item {
	var out []item
	for _, u := range route {
		x := c.nodes[u]
		i := item{place: x.place, role: x.role, stay: c.stay(d, x), must: x.must}
		if rest[u] {
			i.rest = c.pace.RestMinutes
		}
		if x.lock >= 0 {
			i.arrive, i.pinned = c.p.Locks[x.lock].Arrive, true
		}
		out = append(out, i)
	}
	return out
}

// dayPlan times the items of a day in their order: each as early as it can be,
// the way to the first no earlier than needed.
func (c *compiled) dayPlan(d int, items []item) DayPlan {
	day := &c.p.Days[d]
	plan := DayPlan{Date: day.Date, City: day.City, Bring: bring(day)}
	plan.Stops = append(plan.Stops, endpointStop(day.StartPoint, true, day.Start, day.Start))
	at, now := c.startPoint(d), day.Start
	for k, i := range items {
		leg := c.legs.leg(at, c.row[i.place])
		stop := c.stopAt(d, i, now+leg.Minutes)
		if k == 0 {
			plan.Stops[0].Leave = max(day.Start, stop.Arrive-leg.Minutes)
			plan.Stops[0].Arrive = plan.Stops[0].Leave
		}
		plan.Legs = append(plan.Legs, leg)
		plan.Stops = append(plan.Stops, stop)
		at, now = c.row[i.place], stop.Leave
		if i.rest > 0 {
			rest := Stop{
				ID: i.restID, Kind: Rest, Place: stop.Place, Name: stop.Name, At: stop.At, Arrive: now, Leave: now + i.rest,
				SlackClosing: -1, Why: []Reason{WhyRest},
			}
			plan.Legs = append(plan.Legs, Leg{Mode: Walk, Source: leg.Source})
			plan.Stops = append(plan.Stops, rest)
			now = rest.Leave
		}
	}
	leg := c.legs.leg(at, c.endPoint(d))
	plan.Legs = append(plan.Legs, leg)
	plan.Stops = append(plan.Stops, endpointStop(day.EndPoint, false, now+leg.Minutes, now+leg.Minutes))
	c.slack(d, &plan, items)
	return plan
}

// stopAt is the stop of an item reached at the given minute: it starts as soon
// as its windows allow, or at once where none does (rules tell what breaks).
func (c *compiled) stopAt(d int, i item, reached int) Stop {
	pl := &c.p.Places[i.place]
	s := Stop{ID: i.id, Kind: Visit, Place: pl.ID, Name: pl.Name, At: pl.At, Locked: i.pinned, SlackClosing: -1}
	if i.role != asVisit {
		s.Kind = Meal
	}
	s.Arrive = i.arrive
	if !i.pinned {
		s.Arrive = firstStart(c.startWindows(d, i.node()), reached, i.stay-c.stay(d, i.node()))
	}
	s.Leave = s.Arrive + i.stay
	open, unsure := c.opening(d, i.place)
	s.HoursUnknown = unsure
	for k, o := range open {
		if end := closing(open, k); !unsure && o.Open <= s.Arrive && s.Arrive <= o.entry() && s.Leave <= end {
			s.Opening, s.SlackClosing = Interval{o.Open, end, o.LastEntry}, end-s.Leave
		}
	}
	s.Why = c.why(d, i, &s)
	return s
}

// firstStart is the first minute from t on in one of the windows, for a stay
// that is longer than the windows were made for; t itself where there is none.
func firstStart(w []orienteering.Window, t, longer int) int {
	for _, x := range w {
		if t <= int(x.Close)-longer {
			return max(t, int(x.Open))
		}
	}
	return t
}

func endpointStop(e Endpoint, start bool, arrive, leave int) Stop {
	s := Stop{Kind: AtLodging, Place: e.ID, Name: e.Name, At: e.At, Arrive: arrive, Leave: leave, SlackClosing: -1}
	if e.Kind == Station || e.Kind == Airport {
		s.Kind = Departure
		if start {
			s.Kind = Arrival
		}
	}
	return s
}

// slack fills SlackNext from the end of the day backwards.
func (c *compiled) slack(d int, plan *DayPlan, items []item) {
	stops, k := plan.Stops, len(items)-1
	last := len(stops) - 1
	latest := c.p.Days[d].End
	stops[last].SlackNext = latest - stops[last].Arrive
	for s := last - 1; s >= 0; s-- {
		stop := &stops[s]
		limit := latest - plan.Legs[s].Minutes - (stop.Leave - stop.Arrive)
		if stop.Kind == Visit || stop.Kind == Meal {
			i := items[k]
			k--
			switch {
			case i.pinned:
				limit = min(limit, stop.Arrive)
			default:
				limit = lastBegin(c.startWindows(d, i.node()), limit, stop.Arrive)
			}
		}
		stop.SlackNext = limit - stop.Arrive
		latest = limit
	}
}

// lastBegin is the last minute up to limit in the window that holds begin or a
// later one.
func lastBegin(w []orienteering.Window, limit, begin int) int {
	best := min(limit, begin)
	for _, x := range w {
		if int(x.Open) <= limit && int(x.Close) >= begin {
			best = max(best, min(limit, int(x.Close)))
		}
	}
	return best
}

// inWindows tells whether t is in a window, for a stay that is longer than the
// windows were made for.
func inWindows(w []orienteering.Window, t, longer int) bool {
	return slices.ContainsFunc(w, func(x orienteering.Window) bool { return int(x.Open) <= t && t <= int(x.Close)-longer })
}
