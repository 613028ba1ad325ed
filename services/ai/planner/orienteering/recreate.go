package orienteering

import (
	"math"
	"slices"
)

// recreate tries to insert absent nodes in a random one of several orders, each
// at its cheapest place. Nodes absent before this iteration fit nowhere but in
// ruined routes; nodes just taken out are tried everywhere. What fits nowhere
// before the first insertion fits nowhere after it, so the rest is not sorted.
func (x *Search) recreate() {
	x.order = x.order[:0]
	for _, u := range x.s.absent {
		if x.fresh[u] || x.inFocus(u) && x.fitsRuined(u) {
			x.order = append(x.order, u)
		}
	}
	if x.rng.unit() < greedyShare {
		x.greedy()
		return
	}
	x.sortOrder()
	for _, u := range x.order {
		x.tryInsert(u, !x.fresh[u], true)
	}
}

// greedy inserts, again and again, the node with the best profit for its detour.
func (x *Search) greedy() {
	s := x.s
	alpha := 1 + 1.5*x.rng.unit()
	for k, u := range x.order {
		x.found[k] = x.find(u)
		x.key[u] = math.Pow(x.worth[u], alpha) * (0.8 + 0.4*x.rng.unit())
	}
	for {
		pick, best := -1, 0.0
		n := 0
		for k, u := range x.order {
			f := x.found[k]
			if f.route < 0 || !s.free(int(u)) || !s.mayAdd(f.route, u) {
				continue
			}
			x.order[n], x.found[n] = u, f
			if v := x.key[u] / (max(f.cost, 0) + x.ease); v > best {
				pick, best = n, v
			}
			n++
		}
		x.order = x.order[:n]
		if pick < 0 {
			return
		}
		u, f := x.order[pick], x.found[pick]
		x.save(f.route)
		s.insert(f.route, f.at, u, s.dwellIn(&s.routes[f.route], int(u)))
		x.found[pick].route = -1
		for k, v := range x.order {
			if x.found[k].route == f.route {
				x.found[k] = x.find(v)
			}
		}
	}
}

// find is the cheapest insertion of a node now.
func (x *Search) find(u int32) insertion {
	best := insertion{route: -1, cost: math.MaxFloat64}
	if !x.s.free(int(u)) {
		return best
	}
	if x.fresh[u] {
		x.considerAll(u, &best, true)
	} else {
		for _, r := range x.ruinedList {
			x.consider(int(r), u, &best, true)
		}
	}
	if x.spurns(best.cost) {
		best.route = -1
	}
	best.cost += x.worth[u] // the detour, and what this route is worth less than the best
	return best
}

// inFocus leaves out most nodes far from the seed where there are many.
func (x *Search) inFocus(u int32) bool {
	return x.stamp == nil || x.stamp[u] == x.tick || x.rng.below(farShare) == 0
}

// fitsRuined tells whether node u fits anywhere in the ruined routes.
func (x *Search) fitsRuined(u int32) bool {
	s := x.s
	if !s.free(int(u)) {
		return false
	}
	for _, r := range x.ruinedList {
		if s.admits(&s.routes[r], int(u)) && s.fitsSomewhere(int(r), int(u)) {
			return true
		}
	}
	return false
}

func (x *Search) tryInsert(u int32, ruinedOnly, blink bool) {
	s := x.s
	if !s.free(int(u)) {
		return
	}
	best := insertion{route: -1, cost: math.MaxFloat64}
	if ruinedOnly {
		for _, r := range x.ruinedList {
			x.consider(int(r), u, &best, blink)
		}
	} else {
		x.considerAll(u, &best, blink)
	}
	if best.route >= 0 && !(blink && x.spurns(best.cost)) {
		x.save(best.route)
		s.insert(best.route, best.at, u, s.dwellIn(&s.routes[best.route], int(u)))
	}
}

// spurns leaves out, half of the time, an insertion that costs more than it
// brings.
func (x *Search) spurns(cost float64) bool { return cost > 0 && x.rng.below(2) == 0 }

func (x *Search) consider(r int, u int32, best *insertion, blink bool) {
	if x.s.admits(&x.s.routes[r], int(u)) && x.s.mayAdd(r, u) {
		x.s.cheapest(r, int(u), best, x.rng, blink)
	}
}

// considerAll considers every route but, when blinking, a few: a node would else
// always go back to where it costs least.
func (x *Search) considerAll(u int32, best *insertion, blink bool) {
	for r := range x.s.routes {
		if blink && len(x.s.routes) > 1 && x.rng.below(routeBlink) == 0 {
			continue
		}
		x.consider(r, u, best, blink)
	}
}

// sortOrder puts the nodes to insert in order.
func (x *Search) sortOrder() {
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
