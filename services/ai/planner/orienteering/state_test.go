package orienteering

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// draw makes any small problem: several windows a node, limits, groups, rests,
// walking budgets, travel times that need not keep the triangle inequality.
func draw(t *rapid.T) *Problem {
	n, classes := rapid.IntRange(1, 14).Draw(t, "nodes"), rapid.IntRange(1, 3).Draw(t, "classes")
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "numbers"), 1))
	p := &Problem{Nodes: n, Points: n + 1, Classes: classes, DetourCost: 1, Seed: r.Uint64(), Group: make([]int32, n)}
	for k := range n {
		p.Point, p.Kind = append(p.Point, int32(k)), append(p.Kind, uint8(r.IntN(Kinds)))
		p.Group[k] = int32(r.IntN(n)) - 1
	}
	for k := range (n + 1) * (n + 1) {
		d := int32(r.IntN(40))
		if k%(n+2) == 0 {
			d = 0
		} else if r.IntN(12) == 0 {
			d = Blocked
		}
		p.Time, p.Metres = append(p.Time, d), append(p.Metres, int32(r.IntN(100)))
	}
	for range classes * n {
		p.Stay, p.Profit = append(p.Stay, int32(r.IntN(30))), append(p.Profit, int32(r.IntN(50)))
		var w []Window
		for open := int32(r.IntN(100)); open < 300 && len(w) < 3; open += 20 + int32(r.IntN(80)) {
			w = append(w, Window{open, open + int32(r.IntN(20))})
		}
		p.Windows = append(p.Windows, w)
	}
	for c := range classes {
		p.Routes = append(p.Routes, Route{
			Start: int32(n), End: int32(n), Open: int32(r.IntN(20)), Close: 200 + int32(r.IntN(200)), Class: int32(c),
			Limit: [Kinds]int32{int32(r.IntN(6)), -1, int32(r.IntN(3))}, Walk: int32(r.IntN(800)), Rests: int32(r.IntN(3)), RestTime: 5,
		})
	}
	return p
}

// verify recomputes a solution from the problem alone.
func verify(t *rapid.T, p *Problem, sol Solution) {
	seen, groups, score := map[int32]bool{}, map[int32]bool{}, int64(0)
	for r, route := range sol.Routes {
		x := &p.Routes[r]
		at, now, walked := x.Start, x.Open, int32(0)
		var count [Kinds]int32
		for _, u := range route {
			k := int(x.Class)*p.Nodes + int(u)
			if seen[u] || p.Group[u] >= 0 && groups[p.Group[u]] {
				t.Fatalf("node %d or its like twice", u)
			}
			seen[u], groups[p.Group[u]] = true, true
			count[p.Kind[u]]++
			pt := p.Point[u]
			arrive := now + p.Time[int(at)*p.Points+int(pt)]
			walked += p.Metres[int(at)*p.Points+int(pt)]
			fits := slices.IndexFunc(p.Windows[k], func(w Window) bool { return arrive <= w.Close })
			if fits < 0 {
				t.Fatalf("route %d reaches node %d too late", r, u)
			}
			at, now = pt, max(arrive, p.Windows[k][fits].Open)+p.Stay[k]
			if sol.Rest[u] {
				now += x.RestTime
			}
			score += int64(p.Profit[k])
		}
		walked += p.Metres[int(at)*p.Points+int(x.End)]
		if len(route) > 0 && (now+p.Time[int(at)*p.Points+int(x.End)] > x.Close || x.Walk > 0 && walked > x.Walk) {
			t.Fatalf("route %d ends too late or walks too far", r)
		}
		for k, l := range x.Limit {
			if l >= 0 && count[k] > l {
				t.Fatalf("route %d has %d nodes of kind %d, at most %d", r, count[k], k, l)
			}
		}
	}
	if score != sol.Score {
		t.Fatalf("score %d told, %d found", sol.Score, score)
	}
}

// Any problem gives a solution that a recomputation from scratch agrees with,
// O(1) checks, undo and all.
func TestSolutionsHoldWhenRecomputed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := draw(t)
		verify(t, p, NewSearch(p, nil).Run(Budget{Iterations: rapid.SampledFrom([]int{-1, 1, 50, 400}).Draw(t, "iterations")}))
	})
}

// euclid is a problem of n nodes on a plane with wide windows and two routes.
func euclid(n int) *Problem {
	r := rand.New(rand.NewPCG(7, 7))
	p := &Problem{Nodes: n, Points: n + 1, Classes: 1, DetourCost: 0.01, TieCost: 0.01, Kind: make([]uint8, n), Symmetric: true}
	x, y := make([]float64, n+1), make([]float64, n+1)
	for k := range x {
		x[k], y[k] = 100*r.Float64(), 100*r.Float64()
	}
	for a := range x {
		for b := range x {
			dx, dy := x[a]-x[b], y[a]-y[b]
			p.Time = append(p.Time, int32(max(dx, -dx)+max(dy, -dy)))
		}
	}
	for k := range n {
		open := int32(r.IntN(300))
		p.Point, p.Stay, p.Profit = append(p.Point, int32(k)), append(p.Stay, 10), append(p.Profit, 1+int32(r.IntN(40)))
		p.Windows = append(p.Windows, []Window{{open, open + 120}})
	}
	for range 2 {
		p.Routes = append(p.Routes, Route{Start: int32(n), End: int32(n), Close: 500, Limit: [Kinds]int32{-1, -1, -1}})
	}
	return p
}

// After the set-up the search allocates nothing.
func TestInnerLoopDoesNotAllocate(t *testing.T) {
	x := NewSearch(euclid(100), nil)
	x.construct()
	x.keepBest(x.score())
	x.improve(Budget{Iterations: 2000}) // neighbour lists are made by now
	run := func() {
		for range 200 {
			x.ruin()
			x.recreate()
			if x.rng.below(2) == 0 {
				x.settle()
			} else {
				x.undo()
			}
			x.keepBest(x.score())
		}
	}
	if n := testing.AllocsPerRun(20, run); n > 0 {
		t.Errorf("%v allocations in 200 iterations", n)
	}
}

func BenchmarkIteration(b *testing.B) {
	x := NewSearch(euclid(100), nil)
	x.construct()
	x.improve(Budget{Iterations: 2000})
	b.ReportAllocs()
	for b.Loop() {
		x.ruin()
		x.recreate()
		x.score()
		x.settle()
	}
}

func BenchmarkInsertionScan(b *testing.B) {
	x := NewSearch(euclid(100), nil)
	x.construct()
	u := int(x.s.absent[0])
	b.ReportAllocs()
	for b.Loop() {
		best := insertion{route: -1, cost: 1e18}
		x.s.cheapest(0, u, &best, x.rng, false)
	}
}

// CanHold finds the one order that works and knows when none does.
func TestCanHold(t *testing.T) {
	t.Parallel()
	p := euclid(3)
	p.Routes = p.Routes[:1]
	for k := range p.Time {
		p.Time[k] = 10
	}
	p.Windows = [][]Window{{{100, 100}}, {{20, 130}}, {{120, 120}}}
	if !CanHold(p, [][]int32{{0}, {1}, {2}}, 10000) {
		t.Error("1, 0, 2 holds and is not found")
	}
	p.Windows[1] = []Window{{95, 125}}
	if CanHold(p, [][]int32{{0}, {1}, {2}}, 10000) {
		t.Error("nothing fits between 0 and 2")
	}
	if !CanHold(p, [][]int32{{0}, {1, 2}}, 10000) {
		t.Error("0 and 2 hold")
	}
}
