package planner

import "math"

// maxOrderSteps bounds the exact search for the best order of one day.
const maxOrderSteps = 400000

// OrderMargin is how much longer the travel of an itinerary is than it had to be
// for the same stops on the same days within their windows: travel over the
// least possible, minus 1, over all days. Days whose exact search would take too
// long are left out; known is false when all were.
func OrderMargin(p *Problem, it *Itinerary) (margin float64, known bool, err error) {
	if err := p.owns(it); err != nil {
		return 0, false, err
	}
	c := survey(p)
	c.settle(it, allDays(p), "")
	has, least := 0, 0
	for d := range it.Days {
		items := c.itemsOf(d, &it.Days[d])
		if len(items) < 2 {
			continue
		}
		best, ok := c.leastTravel(d, items)
		if !ok {
			continue
		}
		for _, l := range it.Days[d].Legs {
			has += l.Minutes
		}
		least += best
		known = true
	}
	if least == 0 {
		return 0, known, nil
	}
	return float64(has)/float64(least) - 1, known, nil
}

// ordering searches all orders of a day's stops depth first, cutting what
// cannot beat the best.
type ordering struct {
	c     *compiled
	d     int
	items []item
	used  []bool
	nodes [][]Window // start windows of each item
	near  []int      // shortest way into each item
	best  int
	steps int
}

func (c *compiled) leastTravel(d int, items []item) (int, bool) {
	o := &ordering{c: c, d: d, items: items, used: make([]bool, len(items)), best: math.MaxInt32}
	for k := range items {
		o.nodes = append(o.nodes, o.windowsOf(k))
		least := int(c.legs.minutes[c.startPoint(d)*c.legs.n+c.row[items[k].place]])
		for j := range items {
			if j != k {
				least = min(least, int(c.legs.minutes[c.row[items[j].place]*c.legs.n+c.row[items[k].place]]))
			}
		}
		o.near = append(o.near, least)
	}
	rest := 0
	for _, w := range o.near {
		rest += w
	}
	o.extend(c.startPoint(d), c.p.Days[d].Start, 0, rest, len(items))
	return o.best, o.steps <= maxOrderSteps && o.best < math.MaxInt32
}

func (o *ordering) windowsOf(k int) []Window {
	i := &o.items[k]
	if i.pinned {
		return []Window{{i.arrive, i.arrive}}
	}
	longer := i.stay - o.c.stay(o.d, i.node())
	var out []Window
	for _, w := range o.c.startWindows(o.d, i.node()) {
		if int(w.Open) <= int(w.Close)-longer {
			out = append(out, Window{int(w.Open), int(w.Close) - longer})
		}
	}
	return out
}

// extend tries every next stop; travel is what the way so far took, rest a lower
// bound on the ways into the stops that are left.
func (o *ordering) extend(at, now, travel, rest, left int) {
	if o.steps++; o.steps > maxOrderSteps || travel+rest >= o.best {
		return
	}
	n := o.c.legs.n
	if left == 0 {
		way := int(o.c.legs.minutes[at*n+o.c.endPoint(o.d)])
		if now+way <= o.c.p.Days[o.d].End {
			o.best = min(o.best, travel+way)
		}
		return
	}
	for k := range o.items {
		if o.used[k] {
			continue
		}
		to := o.c.row[o.items[k].place]
		way := int(o.c.legs.minutes[at*n+to])
		start := startIn(o.nodes[k], now+way)
		if start < 0 {
			continue
		}
		o.used[k] = true
		o.extend(to, start+o.items[k].stay+o.items[k].rest, travel+way, rest-o.near[k], left-1)
		o.used[k] = false
	}
}

// startIn is the first minute from t on in one of the windows, -1 if none.
func startIn(w []Window, t int) int {
	for _, x := range w {
		if t <= x.To {
			return max(t, x.From)
		}
	}
	return -1
}
