package planner

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tripgen/tripgen/services/ai/planner/orienteering"
)

// Bounds on the work of explaining clashes.
const (
	maxClashes     = 3
	maxClashWishes = 14    // more must-sees and locks than this are not searched exactly
	maxClashSteps  = 20000 // insertions tried per question
)

// Costs that order the ways out of a clash: a minute more of a day, a stop more
// than the pace allows, a wish given up.
const (
	costMinute   = 1
	costStay     = 2
	costMoreStop = 90
	costDrop     = 150
	costUnlock   = 200
)

// wish is a must-see or a lock inside the clash search.
type wish struct {
	Wish
	place int // index into Problem.Places
	lock  int // index into Problem.Locks, -1 for a must-see
}

// clashes finds smallest sets of must-sees and locks that cannot hold together
// under the days' windows, the pace and the legs, with the ways out of each. The
// sets are disjoint; each is minimal: without any one of its wishes the others
// can hold. Wishes that cannot hold for reasons of their own (always closed,
// unknown) are not clashes.
func (c *compiled) clashes(b Budget) []Clash {
	wishes := c.clashWishes()
	if len(wishes) == 0 || len(wishes) > maxClashWishes {
		return nil
	}
	q := newClashProblem(c, wishes)
	var out []Clash
	for len(out) < maxClashes && !q.holds(wishes) && !b.spent() {
		core := q.minimise(wishes, b)
		clash := Clash{WaysOut: q.waysOut(core, b)}
		for _, w := range core {
			clash.Wishes = append(clash.Wishes, w.Wish)
		}
		out = append(out, clash)
		wishes = slices.DeleteFunc(slices.Clone(wishes), func(w wish) bool { return slices.Contains(core, w) })
	}
	return out
}

// keepsAll tells whether the itinerary keeps all wishes of a clash after all: the
// exact search leaves out places that could lie between them.
func (it *Itinerary) keepsAll(c Clash) bool {
	return !slices.ContainsFunc(c.Wishes, func(w Wish) bool {
		return slices.ContainsFunc(it.Unhonoured, func(u Unhonoured) bool { return u.Kind == w.Kind && u.Ref.ID == w.Place })
	})
}

func (b Budget) spent() bool { return b.Spent != nil && b.Spent() >= 1 }

// clashWishes are the locks and the must-sees that could be kept one by one.
func (c *compiled) clashWishes() []wish {
	var out []wish
	locked := map[int]bool{}
	for k := range c.p.Locks {
		l := &c.p.Locks[k]
		i := c.placeIndex(l.Place)
		locked[i] = true
		out = append(out, wish{Wish{WishLock, l.Day, l.Place}, i, k})
	}
	for _, i := range c.must {
		if !locked[i] && c.whyNot(i) == NoTime {
			out = append(out, wish{Wish{WishMustSee, -1, c.p.Places[i].ID}, i, -1})
		}
	}
	return out
}

// clashProblem is the problem with nothing in it but the wishes.
type clashProblem struct {
	p      Problem
	wishes []wish
}

func newClashProblem(c *compiled, wishes []wish) *clashProblem {
	keep := map[int]bool{}
	for _, w := range wishes {
		keep[w.place] = true
	}
	return &clashProblem{p: c.p.only(slices.Sorted(maps.Keys(keep))), wishes: wishes}
}

// only is the problem restricted to some places, their travel included.
func (p *Problem) only(places []int) Problem {
	q, full := *p, len(p.Places)+2*len(p.Days)
	rows := slices.Clone(places)
	q.Places = nil
	for _, i := range places {
		q.Places = append(q.Places, p.Places[i])
	}
	for d := range p.Days {
		rows = append(rows, p.PointOfStart(d), p.PointOfEnd(d))
	}
	q.Travel = p.Travel.pick(rows, full)
	q.Avoid = nil
	return q
}

// holds tells whether the wishes can all be in one plan. It says yes when it
// cannot tell within its bounds.
func (q *clashProblem) holds(wishes []wish) bool { return q.holdsIn(&q.p, wishes) }

func (q *clashProblem) holdsIn(p *Problem, wishes []wish) bool {
	r := *p
	r.Locks, r.MustSee = nil, nil
	for _, w := range wishes {
		if w.lock >= 0 {
			r.Locks = append(r.Locks, p.Locks[w.lock])
		} else {
			r.MustSee = append(r.MustSee, PlaceRef{ID: w.Place})
		}
	}
	c := compile(&r)
	var groups [][]int32
	for _, w := range wishes {
		i := c.placeIndex(w.Place)
		var g []int32
		for u, x := range c.nodes {
			if x.place == i && (w.lock >= 0) == (x.lock >= 0) {
				g = append(g, int32(u))
			}
		}
		groups = append(groups, g)
	}
	return orienteering.CanHold(c.eng, groups, maxClashSteps)
}

// minimise drops wishes one by one as long as the rest still clashes; must-sees
// are tried first, so that locks are blamed as late as possible.
func (q *clashProblem) minimise(wishes []wish, b Budget) []wish {
	core := slices.Clone(wishes)
	slices.SortStableFunc(core, func(a, b wish) int { return cmp.Compare(b.lock, a.lock) })
	for k := len(core) - 1; k >= 0 && !b.spent(); k-- {
		without := slices.Delete(slices.Clone(core), k, k+1)
		if !q.holds(without) {
			core = without
		}
	}
	return core
}

// waysOut are the single relaxations that make a clash hold, cheapest first.
func (q *clashProblem) waysOut(core []wish, b Budget) []Relaxation {
	var out []Relaxation
	for _, w := range core {
		if w.lock >= 0 {
			out = append(out, Relaxation{Kind: Unlock, Place: w.Place, Day: w.Day, Cost: costUnlock})
		} else {
			out = append(out, Relaxation{Kind: DropMustSee, Place: w.Place, Day: -1, Cost: costDrop})
		}
	}
	for d := range q.p.Days {
		out = append(out, q.longerDay(core, d, b)...)
	}
	out = append(out, q.shorterStay(core, b)...)
	slices.SortStableFunc(out, func(a, b Relaxation) int { return cmp.Compare(a.Cost, b.Cost) })
	return out
}

// steps by which days are lengthened and stays shortened.
const (
	relaxStep = 30
	relaxMost = 180
)

// longerDay tries to start a day earlier, to end it later, and to let it have
// one stop more.
func (q *clashProblem) longerDay(core []wish, d int, b Budget) []Relaxation {
	var out []Relaxation
	try := func(kind RelaxationKind, minutes, cost int, change func(*Day)) bool {
		p := q.p
		p.Days = slices.Clone(p.Days)
		change(&p.Days[d])
		ok := p.Days[d].Start >= 0 && p.Days[d].End <= MaxMinute && q.holdsIn(&p, core)
		if ok {
			out = append(out, Relaxation{Kind: kind, Day: d, Minutes: minutes, Cost: cost})
		}
		return ok
	}
	for m := relaxStep; m <= relaxMost && !b.spent(); m += relaxStep {
		if try(StartEarlier, m, m*costMinute, func(day *Day) { day.Start -= m }) {
			break
		}
	}
	for m := relaxStep; m <= relaxMost && !b.spent(); m += relaxStep {
		if try(EndLater, m, m*costMinute, func(day *Day) { day.End += m }) {
			break
		}
	}
	if most := PaceOf(q.p.Group).MaxStops; q.p.Days[d].MaxStops > 0 && q.p.Days[d].MaxStops < most {
		try(MoreStops, 0, costMoreStop, func(day *Day) { day.MaxStops++ })
	}
	return out
}

// shorterStay tries to shorten one must-see, to half its stay at the most.
func (q *clashProblem) shorterStay(core []wish, b Budget) []Relaxation {
	var out []Relaxation
	for _, w := range core {
		i := slices.IndexFunc(q.p.Places, func(p Place) bool { return p.ID == w.Place })
		for m := relaxStep / 2; w.lock < 0 && m <= q.p.Places[i].StayMinutes/2 && !b.spent(); m += relaxStep / 2 {
			p := q.p
			p.Places = slices.Clone(p.Places)
			p.Places[i].StayMinutes -= m
			if q.holdsIn(&p, core) {
				out = append(out, Relaxation{Kind: ShortenStay, Place: w.Place, Day: -1, Minutes: m, Cost: m * costStay})
				break
			}
		}
	}
	return out
}
