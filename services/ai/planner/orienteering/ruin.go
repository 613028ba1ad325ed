package orienteering

import (
	"cmp"
	"slices"
)

// ruin removes strings of nodes near a random seed node from a few routes. The
// seed may be absent: then room is made around it.
func (x *Search) ruin() {
	s := x.s
	visited := x.p.Nodes - len(s.absent)
	if visited == 0 {
		for r := range x.ruined {
			x.mark(r)
		}
		return
	}
	mean := visited / len(s.routes)
	longest := min(longestString, max(mean, leastString))
	most := 4*cmp.Or(x.p.Removed, meanRemoved)/(1+longest) - 1
	strings := 1 + x.rng.below(max(most, 1))
	seed := x.rng.below(x.p.Nodes)
	if x.stamp != nil {
		x.tick++
		for _, u := range x.nearest(seed) {
			x.stamp[u] = x.tick
		}
	}
	for _, u := range x.nearest(seed) {
		if strings == 0 {
			break
		}
		r := s.of[u]
		if r < 0 || x.ruined[r] {
			continue
		}
		t := &s.routes[r]
		length := 1 + x.rng.below(min(longest, t.n-2))
		x.mark(int(r))
		x.cut(int(r), u, length)
		strings--
	}
}

// cut takes a string of the given length that contains u out of route r,
// sometimes sparing a few nodes inside it.
func (x *Search) cut(r int, u int32, length int) {
	t := &x.s.routes[r]
	at := 1 + slices.Index(t.node[1:t.n-1], u)
	spare := 0
	if length > 1 && x.rng.below(2) == 0 {
		for spare < t.n-2-length && x.rng.unit() > depth {
			if spare++; spare >= length {
				break
			}
			if x.rng.below(2) == 0 {
				break
			}
		}
	}
	total := length + spare
	low := max(1, at-total+1)
	high := min(at, t.n-1-total)
	from := low
	if high > low {
		from += x.rng.below(high - low + 1)
	}
	if spare == 0 {
		x.removeRun(r, from, from+total)
		return
	}
	gap := from + x.rng.below(total-spare+1)
	x.removeRun(r, gap+spare, from+total)
	x.removeRun(r, min(from, t.n-1), min(gap, t.n-1)) // the first run may have widened
}

// removeRun removes the positions from..to-1 but for fixed nodes. Where the rest
// of the route would not join up (travel times need not keep the triangle
// inequality) more is removed or, between fixed nodes, nothing.
func (x *Search) removeRun(r, from, to int) {
	t := &x.s.routes[r]
	for to > from {
		k := to
		for k > from && !x.fixed(t.node[k-1]) {
			k--
		}
		next := k - 1
		if k < to {
			low, high, ok := x.widen(t, k, to)
			if ok {
				x.take(r, low, high)
			}
			next = min(next, low-1)
		}
		to = next
	}
}

// widen extends a run to remove until the rest of the route joins up.
func (x *Search) widen(t *tour, from, to int) (low, high int, ok bool) {
	for !x.s.joins(t, from, to) {
		switch {
		case to < t.n-1 && !x.fixed(t.node[to]):
			to++
		case from > 1 && !x.fixed(t.node[from-1]):
			from--
		default:
			return from, to, from == 1 && to == t.n-1 // an empty route is as it is
		}
	}
	return from, to, true
}

func (x *Search) take(r, from, to int) {
	for _, u := range x.s.routes[r].node[from:to] {
		x.renew(u)
		if x.p.Group != nil && x.p.Group[u] >= 0 {
			for _, v := range x.alike[x.p.Group[u]] {
				x.renew(v)
			}
		}
	}
	x.s.remove(r, from, to)
}

func (x *Search) fixed(u int32) bool { return x.p.Fixed != nil && x.p.Fixed[u] }

// renew makes recreate try a node on every route.
func (x *Search) renew(u int32) {
	if !x.fresh[u] {
		x.removed = append(x.removed, u)
		x.fresh[u] = true
	}
}

// mark notes that a route is ruined.
func (x *Search) mark(r int) {
	x.save(r)
	x.ruined[r] = true
	x.ruinedList = append(x.ruinedList, int32(r))
}

// save keeps a route as it was before this iteration.
func (x *Search) save(r int) {
	if !x.dirty[r] {
		x.dirty[r] = true
		x.saved[r].copyFrom(&x.s.routes[r])
	}
}

func (t *tour) copyFrom(o *tour) {
	n := o.n
	t.n, t.count, t.rests, t.walked, t.travel = n, o.count, o.rests, o.walked, o.travel
	copy(t.node[:n], o.node[:n])
	copy(t.point[:n], o.point[:n])
	copy(t.leave[:n], o.leave[:n])
	copy(t.begin[:n], o.begin[:n])
	copy(t.latest[:n], o.latest[:n])
}

// settle forgets the saved routes.
func (x *Search) settle() {
	for r := range x.dirty {
		x.dirty[r], x.ruined[r] = false, false
	}
	for _, u := range x.removed {
		x.fresh[u] = false
	}
	x.removed, x.ruinedList = x.removed[:0], x.ruinedList[:0]
}

// undo puts the saved routes back.
func (x *Search) undo() {
	s := x.s
	for r := range x.dirty {
		if !x.dirty[r] {
			continue
		}
		t := &s.routes[r]
		for _, u := range t.node[1 : t.n-1] {
			s.profit -= s.profitOn(t, u)
			s.markAbsent(u)
		}
		s.travel += int64(x.saved[r].travel - t.travel)
	}
	for r := range x.dirty {
		if !x.dirty[r] {
			continue
		}
		t := &s.routes[r]
		t.copyFrom(&x.saved[r])
		for k := 1; k < t.n-1; k++ {
			u := t.node[k]
			s.profit += s.profitOn(t, u)
			s.dwell[u] = t.leave[k] - t.begin[k]
			s.markVisited(u, int32(r))
		}
	}
	x.settle()
}
