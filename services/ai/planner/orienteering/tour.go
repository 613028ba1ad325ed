package orienteering

// tour is one route: position 0 is its start, position n-1 its end.
type tour struct {
	*Route
	n      int
	node   []int32 // -1 at both ends
	point  []int32
	leave  []int32 // earliest departure
	begin  []int32 // earliest start of service
	latest []int32 // latest arrival from which the rest can be done
	count  [Kinds]int32
	rests  int32
	walked int32
	travel int32
}

// longest is how many positions a route can have, its ends included.
func (p *Problem) longest(r int) int {
	n := 2
	for _, l := range p.Routes[r].Limit {
		if l < 0 {
			return p.Nodes + 2
		}
		n += int(l)
	}
	return min(n, p.Nodes+2)
}

func newTour(r *Route, size int) tour {
	mem := make([]int32, 5*size)
	cut := func(k int) []int32 { return mem[k*size : (k+1)*size : (k+1)*size] }
	t := tour{Route: r, n: 2, node: cut(0), point: cut(1), leave: cut(2), begin: cut(3), latest: cut(4)}
	t.node[0], t.node[1] = -1, -1
	t.point[0], t.point[1] = r.Start, r.End
	t.leave[0], t.begin[0] = r.Open, r.Open
	t.latest[1] = r.Close
	return t
}

// Routes is the number of routes.
func (s *State) Routes() int { return len(s.routes) }

// Route returns the nodes of a route in order and when each service begins. The
// slices are the state's own: read them before the next change, do not write.
func (s *State) Route(r int) (nodes, begin []int32) {
	t := &s.routes[r]
	return t.node[1 : t.n-1], t.begin[1 : t.n-1]
}

// RestsOn is how many nodes of the route carry a rest.
func (s *State) RestsOn(r int) int { return int(s.routes[r].rests) }

// Travel is the travel time over all routes, their ends included.
func (s *State) Travel() int64 { return s.travel }
