package orienteering

import (
	"math"
	"slices"
)

// recreate tries to insert absent nodes in a random one of several orders, each
// at its cheapest place. Nodes absent before this iteration fit nowhere but in
// ruined routes; nodes just taken out are tried everywhere.
func (x *Search) recreate() {
	x.sortAbsent()
	for _, u := range x.order {
		x.tryInsert(u, !x.fresh[u])
	}
}

func (x *Search) tryInsert(u int32, ruinedOnly bool) {
	s := x.s
	if !s.free(int(u)) {
		return
	}
	best := insertion{route: -1, cost: math.MaxFloat64}
	for r := range s.routes {
		if ruinedOnly && !x.ruined[r] || !s.admits(&s.routes[r], int(u)) {
			continue
		}
		s.cheapest(r, int(u), &best, x.rng, true)
	}
	if best.route >= 0 {
		x.save(best.route)
		s.insert(best.route, best.at, u)
	}
}

// sortAbsent fills order with the absent nodes.
func (x *Search) sortAbsent() {
	x.order = append(x.order[:0], x.s.absent...)
	pick := x.rng.below(16)
	for _, u := range x.order {
		p := x.worth[u]
		noise := x.rng.unit()
		switch {
		case pick < 4:
			x.key[u] = noise
		case pick < 10:
			x.key[u] = -p * (0.7 + 0.6*noise)
		case pick < 13:
			x.key[u] = -p * (0.7 + 0.6*noise) / (x.length[u] + 1)
		default:
			x.key[u] = x.width[u] * (0.7 + 0.6*noise)
		}
	}
	slices.SortFunc(x.order, func(a, b int32) int {
		if x.key[a] < x.key[b] {
			return -1
		}
		if x.key[a] > x.key[b] {
			return 1
		}
		return int(a - b)
	})
}

// construct fills the routes greedily: fixed nodes first, then by profit.
func (x *Search) construct() {
	x.order = append(x.order[:0], x.s.absent...)
	slices.SortFunc(x.order, func(a, b int32) int {
		if fa, fb := x.fixed(a), x.fixed(b); fa != fb {
			return b2i(fb) - b2i(fa)
		}
		if d := x.worth[b] - x.worth[a]; d != 0 {
			return int(d)
		}
		return int(a - b)
	})
	for _, u := range x.order {
		x.tryInsert(u, false)
	}
	x.settle()
}
