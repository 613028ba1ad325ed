package orienteering

// State is a feasible set of routes under change. All its memory is allocated
// once.
type State struct {
	p      *Problem
	routes []tour
	of     []int32 // route of each node, -1 when absent
	dwell  []int32 // stay of each node, with the rest it carries
	group  []int32 // visited nodes per group, 0 or 1
	toNode []int32 // transposed travel times: from any point to a point
	first  []int32 // per class and node: first opening, Blocked when none
	last   []int32 // per class and node: last closing

	absent []int32 // nodes not visited, unordered
	where  []int32 // index of each node in absent, -1 when visited

	profit int64
	travel int64
	added  int // nodes visited off their base route
	kept   int // nodes visited on their base route
	stray  int // how many nodes may be off, or missing from, their base route
}

// NewState returns the state with empty routes.
func NewState(p *Problem) *State {
	s := &State{p: p, stray: p.MaxChanges}
	n := p.Nodes
	s.of, s.dwell = make([]int32, n), make([]int32, n)
	s.absent, s.where = make([]int32, n), make([]int32, n)
	for i := range n {
		s.of[i], s.absent[i], s.where[i] = -1, int32(i), int32(i)
	}
	groups := int32(0)
	for _, g := range p.Group {
		groups = max(groups, g+1)
	}
	s.group = make([]int32, groups)
	s.toNode = p.Time
	if !p.Symmetric {
		s.toNode = transposed(p.Time, p.Points)
	}
	s.first, s.last = make([]int32, p.Classes*n), make([]int32, p.Classes*n)
	for k, w := range p.Windows {
		s.first[k], s.last[k] = Blocked, -1
		if len(w) > 0 && p.Profit[k] > 0 {
			s.first[k], s.last[k] = w[0].Open, w[len(w)-1].Close
		}
	}
	s.routes = make([]tour, len(p.Routes))
	for r := range s.routes {
		s.routes[r] = newTour(&p.Routes[r], p.longest(r))
		s.refresh(&s.routes[r], 1, 1)
		s.routes[r].travel = s.time(s.routes[r].Start, s.routes[r].End)
		s.travel += int64(s.routes[r].travel)
		s.routes[r].walked = s.walk(s.routes[r].Start, s.routes[r].End)
	}
	return s
}

func transposed(m []int32, n int) []int32 {
	out := make([]int32, len(m))
	for i := range n {
		for j := range n {
			out[j*n+i] = m[i*n+j]
		}
	}
	return out
}

func (s *State) time(a, b int32) int32 { return s.p.Time[int(a)*s.p.Points+int(b)] }

func (s *State) walk(a, b int32) int32 {
	if s.p.Metres == nil {
		return 0
	}
	return s.p.Metres[int(a)*s.p.Points+int(b)]
}

// startFrom is the earliest start of service at or after an arrival, -1 if none.
func startFrom(w []Window, arrive int32) int32 {
	for _, x := range w {
		if arrive <= x.Close {
			return max(arrive, x.Open)
		}
	}
	return -1
}

// lastStart is the latest start of service at or before t, -1 if none.
func lastStart(w []Window, t int32) int32 {
	for k := len(w) - 1; k >= 0; k-- {
		if w[k].Open <= t {
			return min(t, w[k].Close)
		}
	}
	return -1
}

// refresh recomputes times forward from position from on and latest arrivals
// backward from position to on. Both stop as soon as nothing changes.
func (s *State) refresh(t *tour, from, to int) {
	n := t.n
	for k := from; k < n; k++ {
		arrive := t.leave[k-1] + s.time(t.point[k-1], t.point[k])
		if k == n-1 {
			t.begin[k], t.leave[k] = arrive, arrive
			break
		}
		i := int(t.node[k])
		start := startFrom(s.windows(t, i), arrive)
		leave := start + s.dwell[i]
		same := k > to && t.begin[k] == start && t.leave[k] == leave
		t.begin[k], t.leave[k] = start, leave
		if same {
			break
		}
	}
	for k := min(to, n-2); k >= 1; k-- {
		i := int(t.node[k])
		latest := lastStart(s.windows(t, i), t.latest[k+1]-s.time(t.point[k], t.point[k+1])-s.dwell[i])
		same := k < from && t.latest[k] == latest
		t.latest[k] = latest
		if same {
			break
		}
	}
}

func (s *State) windows(t *tour, node int) []Window {
	return s.p.Windows[int(t.Class)*s.p.Nodes+node]
}

// insertion is the cheapest way found to put a node into a route.
type insertion struct {
	route, at int
	cost      float64
}

// dwellIn is how long a node would stay on a route, with a rest where due.
func (s *State) dwellIn(t *tour, u int) int32 {
	if t.rests < t.Rests && s.p.Kind[u] == 0 {
		return s.stay(t, int32(u)) + t.RestTime
	}
	return s.stay(t, int32(u))
}

func (s *State) stay(t *tour, u int32) int32 { return s.p.Stay[int(t.Class)*s.p.Nodes+int(u)] }

func (s *State) profitOn(t *tour, u int32) int64 {
	return int64(s.p.Profit[int(t.Class)*s.p.Nodes+int(u)])
}

// admits tells whether a route may take the node, time apart.
func (s *State) admits(t *tour, u int) bool {
	k := s.p.Kind[u]
	return s.last[int(t.Class)*s.p.Nodes+u] >= 0 && (t.Limit[k] < 0 || t.count[k] < t.Limit[k])
}

// free tells whether no alternative of the node is visited.
func (s *State) free(u int) bool {
	return s.p.Group == nil || s.p.Group[u] < 0 || s.group[s.p.Group[u]] == 0
}

// insert puts node u at position at of route r to stay for dwell, a rest
// included; the caller has checked that it fits.
func (s *State) insert(r, at int, u, dwell int32) {
	t := &s.routes[r]
	if dwell != s.stay(t, u) {
		t.rests++
	}
	s.place(t, r, at, u, dwell)
	s.refresh(t, at, at)
}

// place does the bookkeeping of an insertion without the times.
func (s *State) place(t *tour, r, at int, u, dwell int32) {
	pt := s.p.Point[u]
	a, b := t.point[at-1], t.point[at]
	detour := s.time(a, pt) + s.time(pt, b) - s.time(a, b)
	t.travel += detour
	t.walked += s.walk(a, pt) + s.walk(pt, b) - s.walk(a, b)
	s.travel += int64(detour)
	for _, c := range [...][]int32{t.node, t.point, t.leave, t.begin, t.latest} {
		copy(c[at+1:t.n+1], c[at:t.n])
	}
	t.node[at], t.point[at] = u, pt
	t.n++
	t.count[s.p.Kind[u]]++
	s.dwell[u] = dwell
	s.profit += s.profitOn(t, u)
	s.markVisited(u, int32(r))
}

// joins tells whether the route is still feasible without positions from..to-1.
func (s *State) joins(t *tour, from, to int) bool {
	a, b := t.point[from-1], t.point[to]
	if t.leave[from-1]+s.time(a, b) > t.latest[to] {
		return false
	}
	if t.Walk == 0 {
		return true
	}
	walked := t.walked + s.walk(a, b)
	for k := from; k <= to; k++ {
		walked -= s.walk(t.point[k-1], t.point[k])
	}
	return walked <= t.Walk
}

// remove takes out positions from..to-1 of route r.
func (s *State) remove(r, from, to int) {
	t := &s.routes[r]
	for k := from; k < to; k++ {
		u := t.node[k]
		t.count[s.p.Kind[u]]--
		if s.dwell[u] != s.stay(t, u) {
			t.rests--
		}
		s.profit -= s.profitOn(t, u)
		s.markAbsent(u)
	}
	var before, after, walkBefore int32
	for k := from; k <= to; k++ {
		before += s.time(t.point[k-1], t.point[k])
		walkBefore += s.walk(t.point[k-1], t.point[k])
	}
	after = s.time(t.point[from-1], t.point[to])
	t.travel += after - before
	t.walked += s.walk(t.point[from-1], t.point[to]) - walkBefore
	s.travel += int64(after - before)
	for _, c := range [...][]int32{t.node, t.point, t.leave, t.begin, t.latest} {
		copy(c[from:], c[to:t.n])
	}
	t.n -= to - from
	s.refresh(t, from, from-1)
}

func (s *State) markVisited(u, r int32) {
	k := s.where[u]
	end := s.absent[len(s.absent)-1]
	s.absent[k], s.where[end] = end, k
	s.absent = s.absent[:len(s.absent)-1]
	s.where[u], s.of[u] = -1, r
	s.countBase(u, r, 1)
	if s.p.Group != nil && s.p.Group[u] >= 0 {
		s.group[s.p.Group[u]]++
	}
}

func (s *State) markAbsent(u int32) {
	s.countBase(u, s.of[u], -1)
	s.where[u], s.of[u] = int32(len(s.absent)), -1
	s.absent = append(s.absent, u)
	if s.p.Group != nil && s.p.Group[u] >= 0 {
		s.group[s.p.Group[u]]--
	}
}

// countBase keeps count of how far the state is from the base plan.
func (s *State) countBase(u, r int32, by int) {
	switch {
	case s.p.Base == nil:
	case s.p.Base[u] == r:
		s.kept += by
	default:
		s.added += by
	}
}

// mayAdd tells whether node u may go to route r without straying too far from
// the base plan.
func (s *State) mayAdd(r int, u int32) bool {
	return s.p.Base == nil || s.p.Base[u] == int32(r) || s.added < s.stray
}

func (s *State) rests(u int) bool {
	r := s.of[u]
	return r >= 0 && s.dwell[u] != s.stay(&s.routes[r], int32(u))
}
