package planner

import (
	"cmp"
	"slices"

	"github.com/tripgen/tripgen/services/ai/planner/orienteering"
)

// Hours assumed where none are known.
const (
	unsureOpen  = 10 * 60
	unsureClose = 17 * 60
)

// tripHeat and tripRemoved suit budgets of some tens of milliseconds.
const (
	tripHeat    = 0.3
	tripRemoved = 6
)

func (c *compiled) startPoint(day int) int { return c.legs.ends[2*day] }
func (c *compiled) endPoint(day int) int   { return c.legs.ends[2*day+1] }

// makeProblem states the compiled problem for the solver, a class per day.
func (c *compiled) makeProblem() {
	n, days := len(c.nodes), len(c.p.Days)
	e := &orienteering.Problem{
		Nodes: n, Points: c.legs.n, Classes: days,
		Point: make([]int32, n), Kind: make([]uint8, n), Group: make([]int32, n), Fixed: make([]bool, n),
		Time: c.legs.minutes, Metres: c.legs.walked, Symmetric: c.legs.symmetric,
		Stay: make([]int32, days*n), Profit: make([]int32, days*n), Windows: make([][]orienteering.Window, days*n),
		DetourCost: travelPerMin, Heat: tripHeat, Removed: tripRemoved, Seed: c.p.Seed,
	}
	c.surety = make([]int64, days*n)
	for u, x := range c.nodes {
		e.Point[u], e.Kind[u], e.Group[u], e.Fixed[u] = int32(c.row[x.place]), uint8(x.role), int32(c.row[x.place]), x.lock >= 0
	}
	for _, d := range c.active {
		e.Routes = append(e.Routes, c.route(d))
		for u, x := range c.nodes {
			k := d*n + u
			e.Stay[k] = int32(c.stay(d, x))
			if !c.taken[x.place] {
				e.Windows[k] = c.startWindows(d, x)
			}
			e.Profit[k] = int32(c.guess(d, x, e.Windows[k]))
			c.surety[k] = c.suretyOf(d, x.place)
		}
	}
	c.eng = e
}

func (c *compiled) route(d int) orienteering.Route {
	day := &c.p.Days[d]
	most := c.pace.MaxStops
	if day.MaxStops > 0 {
		most = min(most, day.MaxStops)
	}
	r := orienteering.Route{
		Start: int32(c.startPoint(d)), End: int32(c.endPoint(d)), Open: int32(day.Start), Close: int32(day.End), Class: int32(d),
		Limit: [orienteering.Kinds]int32{int32(most), int32(b2i(!day.Lunch.IsZero())), int32(b2i(!day.Dinner.IsZero()))},
		Walk:  int32(c.pace.WalkDayMetres), Rests: int32(c.rests[d]), RestTime: int32(c.pace.RestMinutes),
	}
	for k := range min(c.pace.MinStops, most) {
		bonus := int32(paceVisit)
		if k == 0 {
			bonus = firstVisit
		}
		r.Eager = append(r.Eager, bonus)
	}
	return r
}

// stay of a node on a day: as locked; outdoors not long in harsh weather.
func (c *compiled) stay(d int, x node) int {
	if x.lock >= 0 {
		return c.p.Locks[x.lock].Leave - c.p.Locks[x.lock].Arrive
	}
	pl := &c.p.Places[x.place]
	if x.role == asVisit && pl.Setting == Outdoor && c.harsh[d] {
		return min(pl.StayMinutes, HarshOutdoorMinutes)
	}
	return pl.StayMinutes
}

// opening is the place's intervals on the day, sorted; unsure says that they are
// assumed.
func (c *compiled) opening(d, place int) (open []Interval, unsure bool) {
	pl := &c.p.Places[place]
	if len(pl.Hours) == 0 || !pl.Hours[d].Known {
		return c.assumed, true
	}
	byOpen := func(a, b Interval) int { return cmp.Compare(a.Open, b.Open) }
	if open = pl.Hours[d].Open; !slices.IsSortedFunc(open, byOpen) {
		open = slices.Clone(open)
		slices.SortStableFunc(open, byOpen)
	}
	return open, false
}

// closing is when a place that is open in interval k closes: intervals that touch
// or overlap run on into each other.
func closing(open []Interval, k int) int {
	end := open[k].Close
	for again := len(open) > 1; again; {
		again = false
		for _, o := range open {
			if o.Open <= end && o.Close > end {
				end, again = o.Close, true
			}
		}
	}
	return end
}

// entry is the last minute at which an interval lets a visitor in.
func (o Interval) entry() int {
	if o.LastEntry > 0 {
		return min(o.LastEntry, o.Close-1)
	}
	return o.Close - 1
}

// startWindows are the spans in which a visit of the node may start on a day.
func (c *compiled) startWindows(d int, x node) []orienteering.Window {
	day := &c.p.Days[d]
	if x.lock >= 0 {
		l := &c.p.Locks[x.lock]
		if l.Day != d || l.Arrive < day.Start || l.Leave > day.End {
			return nil
		}
		return []orienteering.Window{{Open: int32(l.Arrive), Close: int32(l.Arrive)}}
	}
	if !cityFits(day, &c.p.Places[x.place]) {
		return nil
	}
	span := Window{From: day.Start, To: day.End}
	open, unsure := c.opening(d, x.place)
	if x.role != asVisit {
		meal := day.Lunch
		if x.role == asDinner {
			meal = day.Dinner
		}
		if meal.IsZero() {
			return nil
		}
		span = Window{From: max(span.From, meal.From), To: min(span.To, meal.To)}
		if unsure {
			open = []Interval{{Open: meal.From, Close: meal.To}}
		}
	}
	return c.within(open, span, c.stay(d, x))
}

// within turns opening intervals into spans of starts, for a stay inside span.
// The result lives in the arena of the compiled problem.
func (c *compiled) within(open []Interval, span Window, stay int) []orienteering.Window {
	if cap(c.arena)-len(c.arena) < len(open) {
		c.arena = make([]orienteering.Window, 0, max(1024, len(open)))
	}
	base := len(c.arena)
	for k, o := range open {
		w := orienteering.Window{Open: int32(max(o.Open, span.From)), Close: int32(min(o.entry(), min(closing(open, k), span.To)-stay))}
		n := len(c.arena)
		switch {
		case w.Open > w.Close:
		case n > base && w.Open <= c.arena[n-1].Close:
			c.arena[n-1].Close = max(c.arena[n-1].Close, w.Close)
		default:
			c.arena = append(c.arena, w)
		}
	}
	return c.arena[base:len(c.arena):len(c.arena)]
}

// guess is the additive profit that guides insertions; the objective is exact.
func (c *compiled) guess(d int, x node, w []orienteering.Window) int64 {
	if len(w) == 0 {
		return 0
	}
	v := int64(mealValue) + c.blended[x.place]/2
	if x.role == asVisit {
		pl := &c.p.Places[x.place]
		from, to := int(w[0].Open), int(w[len(w)-1].Close)+c.stay(d, x)
		v = c.blended[x.place] * c.sky(d).over(pl.Setting).kept(from, to) / 100
	}
	v = v * c.suretyOf(d, x.place) / 100
	if x.must {
		v += mustSeeValue
	}
	return max(v, 1)
}

// suretyOf is the percentage that a place is worth for how sure its hours are.
func (c *compiled) suretyOf(d, place int) int64 {
	if c.unsure(d, place) {
		return unsurePercent
	}
	return 100
}

func (c *compiled) unsure(d, place int) bool {
	h := c.p.Places[place].Hours
	return len(h) == 0 || !h[d].Known
}
