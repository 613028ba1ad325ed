package orienteering

import (
	"math"
	"slices"
)

// construct fills the routes: those of Start as they are where they hold, then
// fixed nodes, then the rest of Start, then, greedily by profit, the others.
func (x *Search) construct() {
	s := x.s
	for r, route := range x.p.Start {
		x.follow(r, route)
	}
	for u := range int32(x.p.Nodes) {
		switch {
		case !x.fixed(u) || s.of[u] >= 0:
		case x.p.Base != nil && x.p.Base[u] >= 0:
			x.insertOn(int(x.p.Base[u]), u)
		default:
			x.tryInsert(u, false, false)
		}
	}
	for r, route := range x.p.Start {
		for _, u := range route {
			if s.of[u] < 0 {
				x.insertOn(r, u)
			}
		}
	}
	s.stray = max(s.stray, x.baseNodes-s.kept)
	x.order = append(x.order[:0], s.absent...)
	slices.SortFunc(x.order, func(a, b int32) int {
		if d := x.worth[b] - x.worth[a]; d != 0 {
			return int(d)
		}
		return int(a - b)
	})
	for _, u := range x.order {
		x.tryInsert(u, false, false)
	}
	x.settle()
}

// follow fills an empty route with the given nodes in order, or, where one of
// them does not fit, with none.
func (x *Search) follow(r int, route []int32) {
	s, t := x.s, &x.s.routes[r]
	for _, u := range route {
		dwell := s.stay(t, u)
		if x.p.StartRest != nil && x.p.StartRest[u] {
			dwell += t.RestTime
		}
		if s.of[u] >= 0 || !s.free(int(u)) || !s.admits(t, int(u)) || !s.fits(t, t.n-1, int(u), dwell) {
			if t.n > 2 {
				s.remove(r, 1, t.n-1)
			}
			return
		}
		s.insert(r, t.n-1, u, dwell)
	}
}

// insertOn puts a node where it costs least on a route, if it fits there.
func (x *Search) insertOn(r int, u int32) {
	s, t := x.s, &x.s.routes[r]
	if !s.free(int(u)) || !s.admits(t, int(u)) {
		return
	}
	best := insertion{route: -1, cost: math.MaxFloat64}
	s.cheapest(r, int(u), &best, x.rng, false)
	if best.route >= 0 {
		s.insert(r, best.at, u, s.dwellIn(t, int(u)))
	}
}
