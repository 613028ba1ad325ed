package orienteering

import (
	"cmp"
	"math"
	"slices"
)

// Search improves a state by ruin and recreate under simulated annealing.
type Search struct {
	s         *State
	p         *Problem
	rng       *random
	objective Objective

	near       [][]int32 // nodes by travel time from each node, itself first; nil: not asked for yet
	nearMem    []int32
	nearKey    []int32
	ruined     []bool // per route, in this iteration
	ruinedList []int32
	dirty      []bool // per route, saved in this iteration
	saved      []tour
	removed    []int32 // nodes that recreate tries on every route
	order      []int32
	found      []insertion
	key        []float64
	fresh      []bool    // node was taken out in this iteration
	alike      [][]int32 // nodes of each group
	worth      []float64 // per node: highest profit over classes
	length     []float64 // per node: shortest stay over classes
	width      []float64 // per node: longest span of windows over classes
	best       Solution
	ease       float64 // added to detours, so that a tiny one is not everything

	baseNodes int // nodes of the base plan

	stamp []int32 // per node: the last iteration whose seed it was near; nil where all are looked at
	tick  int32
}

// Parameters of the search, tuned on the Solomon instances; the results are flat
// around them.
const (
	longestString = 10   // nodes of a string
	meanRemoved   = 10   // nodes an iteration removes on average, by default
	depth         = 0.01 // chance to stop growing the part of a string that is spared
	nearCap       = 60   // neighbours looked at around a seed
	greedyShare   = 0.3  // how often recreate is greedy rather than ordered
	hotShare      = 1.0  // first temperature over the median profit, by default
	routeBlink    = 20   // one in so many routes is overlooked
	focusFrom     = 150  // nodes from which only those near the seed are looked at
	farShare      = 10   // and one in so many of the others
	leastString   = 3    // strings may be this long however short routes are
	coldShare     = 0.02 // last one
)

// NewSearch prepares a search; objective nil means the sum of profits.
func NewSearch(p *Problem, objective Objective) *Search {
	s := NewState(p)
	x := &Search{s: s, p: p, rng: newRandom(p.Seed), objective: objective}
	x.ruined, x.dirty = make([]bool, len(p.Routes)), make([]bool, len(p.Routes))
	x.ruinedList = make([]int32, 0, len(p.Routes))
	x.saved = make([]tour, len(p.Routes))
	for r := range x.saved {
		x.saved[r] = newTour(&p.Routes[r], p.longest(r))
	}
	x.removed = make([]int32, 0, p.Nodes)
	x.order = make([]int32, 0, p.Nodes)
	x.found = make([]insertion, p.Nodes)
	x.key = make([]float64, p.Nodes)
	x.fresh = make([]bool, p.Nodes)
	x.best = Solution{Routes: make([][]int32, len(p.Routes)), Rest: make([]bool, p.Nodes), Score: math.MinInt64}
	for r := range x.best.Routes {
		x.best.Routes[r] = make([]int32, 0, p.Nodes)
	}
	x.alike = make([][]int32, len(s.group))
	for u, g := range p.Group {
		if g >= 0 {
			x.alike[g] = append(x.alike[g], int32(u))
		}
	}
	x.near, x.nearMem, x.nearKey = make([][]int32, p.Nodes), make([]int32, p.Nodes*min(nearCap, p.Nodes)), make([]int32, nearCap)
	x.measure()
	if p.Nodes > focusFrom {
		x.stamp = make([]int32, p.Nodes)
	}
	x.baseNodes = x.baseSize()
	return x
}

// measure fills what the orders of insertion go by.
func (x *Search) measure() {
	const probes = 20 // nodes whose nearest neighbours tell the scale
	near, count := 0.0, 0.0
	for k := range min(probes, x.p.Nodes) {
		u := k * x.p.Nodes / probes % x.p.Nodes
		for _, v := range x.nearest(u) {
			if d := x.s.time(x.p.Point[u], x.p.Point[v]); d > 0 && d < Blocked {
				near += float64(d)
				count++
				break
			}
		}
	}
	x.ease = max(1, x.p.DetourCost*near/max(count, 1))
	n := x.p.Nodes
	x.worth, x.length, x.width = make([]float64, n), make([]float64, n), make([]float64, n)
	for k, v := range x.p.Profit {
		u := k % n
		if x.s.last[k] < 0 {
			continue
		}
		x.worth[u] = max(x.worth[u], float64(v))
		x.width[u] = max(x.width[u], float64(x.s.last[k]-x.s.first[k]))
		if d := float64(x.p.Stay[k]); x.length[u] == 0 || d < x.length[u] {
			x.length[u] = d
		}
	}
}

// nearest lists the nodes nearest to u, itself first. Lists are made when first
// asked for, in memory set aside for them.
func (x *Search) nearest(u int) []int32 {
	if list := x.near[u]; list != nil {
		return list
	}
	size := min(nearCap, x.p.Nodes)
	list := x.nearMem[u*size : u*size : (u+1)*size]
	row := x.p.Time[int(x.p.Point[u])*x.p.Points:]
	for v := range int32(x.p.Nodes) {
		d := row[x.p.Point[v]]
		if int(v) == u {
			d = -1
		}
		k := len(list)
		if k == size {
			if x.nearKey[k-1] <= d {
				continue
			}
			k--
		} else {
			list = list[:k+1]
		}
		for ; k > 0 && x.nearKey[k-1] > d; k-- {
			list[k], x.nearKey[k] = list[k-1], x.nearKey[k-1]
		}
		list[k], x.nearKey[k] = v, d
	}
	x.near[u] = list
	return list
}

// Run constructs where nothing is there yet, improves until the budget is
// spent, and returns the best state met. It always holds a feasible answer.
func (x *Search) Run(b Budget) Solution {
	x.construct()
	x.keepBest(x.score())
	if x.p.Nodes == 0 || b.Iterations < 0 {
		return x.Best()
	}
	x.improve(b)
	return x.Best()
}

// Best returns a copy of the best solution so far.
func (x *Search) Best() Solution {
	c := Solution{Score: x.best.Score, Rest: slices.Clone(x.best.Rest)}
	for _, r := range x.best.Routes {
		c.Routes = append(c.Routes, slices.Clone(r))
	}
	return c
}

func (x *Search) score() int64 {
	if x.objective != nil {
		return x.objective.Score(x.s)
	}
	return x.s.profit
}

func (x *Search) keepBest(score int64) {
	x.best.Score = score
	for r := range x.best.Routes {
		t := &x.s.routes[r]
		x.best.Routes[r] = append(x.best.Routes[r][:0], t.node[1:t.n-1]...)
	}
	for u := range x.best.Rest {
		x.best.Rest[u] = x.s.rests(u)
	}
}

func (x *Search) improve(b Budget) {
	hot, cold := x.temperatures()
	temp, share := hot, 0.0
	cur := x.score()
	curTravel := x.s.travel
	bestTravel := curTravel
	for it := 0; b.Iterations == 0 || it < b.Iterations; it++ {
		if it&7 == 0 {
			share = 0
			if b.Iterations > 0 {
				share = float64(it) / float64(b.Iterations)
			}
			if b.Spent != nil {
				share = max(share, b.Spent())
			}
			if share >= 1 {
				return
			}
			temp = hot * math.Pow(cold/hot, share)
		}
		x.ruin()
		x.recreate()
		next := x.score()
		worse := float64(cur-next) + float64(x.s.travel-curTravel)*x.p.TieCost
		if worse < -temp*math.Log(x.rng.unit()) && !x.strays() {
			cur, curTravel = next, x.s.travel
			if next > x.best.Score || next == x.best.Score && curTravel < bestTravel {
				x.keepBest(next)
				bestTravel = curTravel
			}
			x.settle()
		} else {
			x.undo()
		}
	}
}

// temperatures spans from a usual profit to well below the smallest.
func (x *Search) temperatures() (hot, cold float64) {
	var all []int32
	for k, v := range x.p.Profit {
		if v > 0 && x.s.last[k] >= 0 {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		return 1, 0.1
	}
	slices.Sort(all)
	usual := float64(all[len(all)/2])
	return usual * cmp.Or(x.p.Heat, hotShare), usual * coldShare
}
