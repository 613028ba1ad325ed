package orienteering

// cheapest scans the positions of route r for node u and improves best with the
// cheapest feasible one. Positions are skipped with probability 1/blink (0:
// never). It reads only flat rows and does not allocate.
func (s *State) cheapest(r, u int, best *insertion, rng *random, blink bool) {
	t := &s.routes[r]
	cls := int(t.Class)*s.p.Nodes + u
	win := s.p.Windows[cls]
	first, last := s.first[cls], s.last[cls]
	pt := int(s.p.Point[u])
	n := s.p.Points
	from, to := s.p.Time[pt*n:pt*n+n], s.toNode[pt*n:pt*n+n]
	dwell := s.dwellIn(t, u)
	worth := float64(s.p.Profit[cls])
	if k := int(t.count[0]); s.p.Kind[u] == 0 && k < len(t.Eager) {
		worth += float64(t.Eager[k])
	}
	single := len(win) == 1
	leave, latest, point := t.leave[:t.n], t.latest[:t.n], t.point[:t.n]
	soonest := first + dwell
	for k := 1; k < len(point); k++ {
		dep := leave[k-1]
		if dep > last {
			break
		}
		room := latest[k]
		if soonest > room {
			continue
		}
		a, b := point[k-1], point[k]
		in := to[a]
		start := dep + in
		if start > last {
			continue
		}
		if start < first {
			start = first
		} else if !single {
			start = startFrom(win, start)
		}
		out := from[b]
		if start+dwell+out > room {
			continue
		}
		if blink && rng.chance() {
			continue
		}
		detour := in + out - s.p.Time[int(a)*n+int(b)]
		cost := float64(detour)*s.p.DetourCost - worth
		if cost < best.cost && s.walkFits(t, a, int32(pt), b) {
			*best = insertion{route: r, at: k, cost: cost}
		}
	}
}

func (s *State) walkFits(t *tour, a, u, b int32) bool {
	return t.Walk == 0 || t.walked+s.walk(a, u)+s.walk(u, b)-s.walk(a, b) <= t.Walk
}

// fits tells whether node u can go to position at to stay for dwell.
func (s *State) fits(t *tour, at, u int, dwell int32) bool {
	a, b, pt := t.point[at-1], t.point[at], s.p.Point[u]
	start := startFrom(s.windows(t, u), t.leave[at-1]+s.time(a, pt))
	return start >= 0 && start+dwell+s.time(pt, b) <= t.latest[at] && s.walkFits(t, a, pt, b)
}

// fitsSomewhere tells whether node u fits at any position of route r.
func (s *State) fitsSomewhere(r, u int) bool {
	t := &s.routes[r]
	cls := int(t.Class)*s.p.Nodes + u
	win := s.p.Windows[cls]
	first, last := s.first[cls], s.last[cls]
	pt := int(s.p.Point[u])
	n := s.p.Points
	from, to := s.p.Time[pt*n:pt*n+n], s.toNode[pt*n:pt*n+n]
	dwell := s.dwellIn(t, u)
	leave, latest, point := t.leave[:t.n], t.latest[:t.n], t.point[:t.n]
	soonest := first + dwell
	for k := 1; k < len(point); k++ {
		dep, room := leave[k-1], latest[k]
		if dep > last {
			return false
		}
		if soonest > room {
			continue
		}
		a, b := point[k-1], point[k]
		start := dep + to[a]
		if start > last {
			continue
		}
		if start < first {
			start = first
		} else if len(win) > 1 {
			start = startFrom(win, start)
		}
		if start+dwell+from[b] <= room && s.walkFits(t, a, int32(pt), b) {
			return true
		}
	}
	return false
}
