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
		x.tryInsert(u, !x.fresh[u], true)
	}
}

func (x *Search) tryInsert(u int32, ruinedOnly, blink bool) {
	s := x.s
	if !s.free(int(u)) {
		return
	}
	best := insertion{route: -1, cost: math.MaxFloat64}
	for r := range s.routes {
		if ruinedOnly && !x.ruined[r] || !s.admits(&s.routes[r], int(u)) || !s.mayAdd(r, u) {
			continue
		}
		s.cheapest(r, int(u), &best, x.rng, blink)
	}
	if best.route >= 0 {
		x.save(best.route)
		s.insert(best.route, best.at, u, s.dwellIn(&s.routes[best.route], int(u)))
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
		if x.p.Base != nil && x.p.Base[u] >= 0 && noise < 0.95 {
			x.key[u] = -math.MaxFloat64 * noise // base nodes go back first
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

func (x *Search) baseSize() int {
	n := 0
	for _, r := range x.p.Base {
		if r >= 0 {
			n++
		}
	}
	return n
}

// strays tells whether the state is too far from the base plan: it lacks more
// base nodes than allowed and needed.
func (x *Search) strays() bool {
	return x.p.Base != nil && x.baseNodes-x.s.kept > x.s.stray
}
