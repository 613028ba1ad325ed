package planner

import (
	"cmp"
	"math"
	"slices"
)

// upperBound is a value that no plan of the problem exceeds. It relaxes the
// routes to a knapsack: every stop costs its stay and half the way to its two
// nearest neighbours, all days share one budget of minutes and one of visits,
// the mean of the members stands for the blend with the least happy one (it is
// never smaller), hours have the best weather they can. The two budgets are
// priced (λ a minute, μ a visit) and the prices chosen to make the bound small;
// any prices give a valid one. Repeated categories are discounted exactly by a
// dynamic programme over the visits of a category in order of worth.
func (c *compiled) upperBound() float64 {
	b := newBounding(c)
	at := func(l float64) float64 {
		_, v := minimise(0, 400, func(m float64) float64 { return b.value(l, m) })
		return v
	}
	_, v := minimise(0, 40, at)
	return math.Ceil(v)
}

// minimise a convex function on [low, high] by golden section.
func minimise(low, high float64, f func(float64) float64) (x, y float64) {
	const ratio, rounds = 0.6180339887498949, 9
	x1, x2 := high-ratio*(high-low), low+ratio*(high-low)
	y1, y2 := f(x1), f(x2)
	for range rounds {
		if y1 <= y2 {
			high, x2, y2 = x2, x1, y1
			x1 = high - ratio*(high-low)
			y1 = f(x1)
		} else {
			low, x1, y1 = x1, x2, y2
			x2 = low + ratio*(high-low)
			y2 = f(x2)
		}
	}
	if y0 := f(0); y0 < y1 && y0 < y2 {
		return 0, y0
	}
	if y1 <= y2 {
		return x1, y1
	}
	return x2, y2
}

// visitBound is what a visit brings and costs at best.
type visitBound struct {
	cat    int32
	worth  float64 // discounted by repetition
	extra  float64 // not discounted: travel
	minute float64 // stay and travel
}

// mealBound is what one place brings as a meal at best.
type mealBound struct{ value, minute float64 }

type bounding struct {
	visits  []visitBound // by category, then falling worth
	meals   [][]mealBound
	minutes float64 // of all days
	count   float64 // visits of all days
	fixed   float64 // what does not depend on the choice
}

func newBounding(c *compiled) *bounding {
	b := &bounding{}
	way := c.halfWays()
	always := true // every visit needs a rest
	for d := range c.p.Days {
		day, r := &c.p.Days[d], c.eng.Routes[d]
		out, in := c.leastWay(c.startPoint(d), true), c.leastWay(c.endPoint(d), false)
		empty := float64(c.legs.leg(c.startPoint(d), c.endPoint(d)).Minutes)
		half := math.Min((out+in)/2, empty)
		b.minutes += math.Max(0, float64(day.End-day.Start)-half)
		b.fixed -= travelPerMin * half
		b.count += float64(r.Limit[0])
		always = always && r.Rests >= r.Limit[0]
		b.fixed += float64(c.coverage(int(r.Limit[0])))
		b.meals = append(b.meals, c.mealBounds(d, asLunch, way), c.mealBounds(d, asDinner, way))
	}
	b.fixed += mustSeeValue * float64(len(c.must))
	for u, x := range c.nodes {
		if x.role != asVisit {
			continue
		}
		if v, ok := c.visitBound(u, x, way, always); ok {
			b.visits = append(b.visits, v)
		}
	}
	slices.SortFunc(b.visits, func(x, y visitBound) int {
		return cmp.Or(cmp.Compare(x.cat, y.cat), cmp.Compare(y.worth, x.worth))
	})
	return b
}

// halfWays is half the way from and to the two nearest neighbours of each
// chosen place: no route passes it for less. A start or end point may be both.
func (c *compiled) halfWays() []float64 {
	n := c.legs.n
	out := make([]float64, len(c.places))
	for a := range out {
		one, two := math.Inf(1), math.Inf(1)
		for b := range n {
			if a == b {
				continue
			}
			w := float64(min(c.legs.minutes[a*n+b], c.legs.minutes[b*n+a]))
			switch {
			case w < one && b >= len(c.places):
				one, two = w, w
			case w < one:
				one, two = w, one
			case w < two:
				two = w
			}
		}
		out[a] = (one + two) / 2
	}
	return out
}

// leastWay is the shortest way out of or into a point.
func (c *compiled) leastWay(pt int, out bool) float64 {
	n, least := c.legs.n, math.Inf(1)
	for o := range n {
		k := pt*n + o
		if !out {
			k = o*n + pt
		}
		if o != pt {
			least = math.Min(least, float64(c.legs.minutes[k]))
		}
	}
	return math.Min(least, noWayMinutes) // a leg without a way counts as that
}

func (c *compiled) visitBound(u int, x node, way []float64, rest bool) (visitBound, bool) {
	v := visitBound{cat: c.cat[x.place], minute: math.Inf(1)}
	sum := 0.0
	for m := range c.worth {
		sum += float64(c.worth[m][x.place])
	}
	sum /= float64(len(c.worth))
	for d := range c.p.Days {
		w := c.eng.Windows[d*c.eng.Nodes+u]
		if len(w) == 0 {
			continue
		}
		stay := c.stay(d, x)
		v.minute = math.Min(v.minute, float64(stay))
		percent := c.sky(d).over(c.p.Places[x.place].Setting).best(int(w[0].Open), int(w[len(w)-1].Close)+stay)
		if c.unsure(d, x.place) {
			percent = percent * unsurePercent / 100
		}
		v.worth = math.Max(v.worth, sum*percent/100)
	}
	if math.IsInf(v.minute, 1) || way[c.row[x.place]] >= maxClock {
		return v, false
	}
	half := way[c.row[x.place]]
	v.minute += half
	v.extra = -travelPerMin * half
	if rest {
		v.minute += float64(c.pace.RestMinutes)
	}
	return v, true
}

func (c *compiled) mealBounds(d int, r role, way []float64) []mealBound {
	var out []mealBound
	for u, x := range c.nodes {
		if x.role != r || len(c.eng.Windows[d*c.eng.Nodes+u]) == 0 || way[c.row[x.place]] >= maxClock {
			continue
		}
		half := way[c.row[x.place]]
		m := mealBound{value: mealValue + float64(c.blended[x.place])/2 - travelPerMin*half, minute: float64(c.stay(d, x)) + half}
		out = append(out, m)
	}
	return out
}

// value is the bound at prices λ per minute and μ per visit.
func (b *bounding) value(lambda, mu float64) float64 {
	total := b.fixed + lambda*b.minutes + mu*b.count
	for _, day := range b.meals {
		best := 0.0
		for _, m := range day {
			if v := m.value - lambda*m.minute; v > best {
				best = v
			}
		}
		total += best
	}
	var discounts [5]float64
	for n := range discounts {
		discounts[n] = float64(discount(n)) / 100
	}
	var top [5]float64 // best sum with k visits of the category so far, 4 for more
	for k := 0; k < len(b.visits); {
		cat := b.visits[k].cat
		top = [5]float64{0, math.Inf(-1), math.Inf(-1), math.Inf(-1), math.Inf(-1)}
		for ; k < len(b.visits) && b.visits[k].cat == cat; k++ {
			v := &b.visits[k]
			gain := v.extra - lambda*v.minute - mu
			for n := 4; n >= 0; n-- {
				if with := top[n] + gain + v.worth*discounts[n]; with > top[min(n+1, 4)] {
					top[min(n+1, 4)] = with
				}
			}
		}
		total += slices.Max(top[:])
	}
	return total
}
