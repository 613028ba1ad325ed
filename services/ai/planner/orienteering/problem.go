// Package orienteering solves the team orienteering problem with time windows
// (TOPTW; Vansteenwegen et al. 2009), extended by what trips need: several
// windows per node and route, alternatives of which at most one is visited,
// limits per kind of node, a walking budget, rests, and nodes that are fixed.
//
// Given nodes i with profit p and stay d, routes r with start, end and a time
// span, and travel times t, it looks for routes that
//
//	maximise   Σ_r Σ_{i∈r} p(r,i)             (or a caller's Objective)
//	subject to s(j) ≥ s(i) + d(i) + t(i,j)    for j right after i
//	           s(i) ∈ W(r,i)                  one of the windows of i on r
//	           open(r) ≤ s(i),  the end of r is reached by close(r)
//	           each node, and each set of alternatives, at most once
//	           |{i∈r : kind(i)=k}| ≤ limit(r,k),  Σ metres ≤ walk(r)
//
// The search is slack induction by string removals (Christiaens and Vanden
// Berghe 2020) turned to prize collecting: ruin a few adjacent strings, recreate
// greedily, accept by simulated annealing. Insertions are tested in O(1): each
// position keeps the latest arrival from which the rest of its route can still
// be done, which generalises forward slack to several windows. The inner loop
// does not allocate.
package orienteering

import "math"

// Blocked as a travel time means there is no way.
const Blocked = math.MaxInt32 / 4

// Kinds is the number of kinds of nodes a route can limit.
const Kinds = 3

// Window is a span in which the service of a node may start, ends included.
type Window struct{ Open, Close int32 }

// Route is one route to fill.
type Route struct {
	Start, End  int32 // points
	Open, Close int32
	// Class selects the row of Problem.Windows and Profit; equal routes share.
	Class int32
	// Limit bounds the nodes of each kind; negative is no bound.
	Limit [Kinds]int32
	// Walk bounds the metres walked; 0 is no bound.
	Walk int32
	// Rests is how many nodes of kind 0 carry a rest of RestTime.
	Rests, RestTime int32
	// Eager adds to the worth of the k-th node of kind 0 when routes are chosen;
	// it fills short routes first. Nil adds nothing.
	Eager []int32
}

// Problem is the input. Slices indexed by class and node have Classes·Nodes
// entries, entry class·Nodes+node. Problem is not changed by solving.
type Problem struct {
	Nodes, Points, Classes int

	Routes []Route
	Point  []int32 // point of each node
	Time   []int32 // Points·Points travel times, Blocked where there is no way
	// Symmetric says that the way back takes as long as the way there, for all of
	// Time.
	Symmetric bool
	Metres    []int32 // Points·Points walked metres, or nil

	Kind    []uint8
	Group   []int32    // nodes of one group (≥0) exclude each other; nil: none do
	Fixed   []bool     // nodes that are never taken out once in; nil: none
	Stay    []int32    // per class and node
	Profit  []int32    // per class and node; ≤ 0: never visited on that class
	Windows [][]Window // per class and node: sorted, disjoint, empty when closed
	// DetourCost weighs a unit of travel against profit where an insertion has a
	// choice of routes and places.
	DetourCost float64
	// TieCost weighs a unit of travel when states are compared, above what the
	// Objective says of it.
	TieCost float64
	// Heat is the first temperature of annealing over the median profit; 0 is 1.
	Heat float64
	// Removed is how many nodes an iteration takes out on average; 0 is 10.
	Removed int
	// Start, where given, holds routes to begin from; what of them does not fit
	// is left out. StartRest says which of their nodes carry a rest.
	Start     [][]int32
	StartRest []bool
	// Base is the route of each node in a plan to stay close to, -1 for none. At
	// most MaxChanges nodes are visited off their base route, and at most as many
	// base nodes are missing from theirs; where Start cannot place more than that,
	// as many as it cannot place. Nil asks for no closeness.
	Base       []int32
	MaxChanges int
	Seed       uint64
}

// Solution is a set of routes: nodes in order, without start and end.
type Solution struct {
	Routes [][]int32
	Rest   []bool // per node: carries a rest
	Score  int64
}

// Objective scores a state exactly. Score must be deterministic and is called
// once an iteration; it may keep scratch memory but must not allocate.
type Objective interface{ Score(*State) int64 }

// Budget bounds a search.
type Budget struct {
	Iterations int            // 0: none; negative: construction only
	Spent      func() float64 // nil: none; ≥ 1 ends the search
}
