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

func (c *compiled) startPoint(day int) int { return len(c.places) + 2*day }
func (c *compiled) endPoint(day int) int   { return len(c.places) + 2*day + 1 }

// makeProblem states the compiled problem for the solver, a class per day.
func (c *compiled) makeProblem() {
	n, days := len(c.nodes), len(c.p.Days)
	e := &orienteering.Problem{
		Nodes: n, Points: c.legs.n, Classes: days,
		Point: make([]int32, n), Kind: make([]uint8, n), Group: make([]int32, n), Fixed: make([]bool, n),
		Time: c.legs.minutes, Metres: c.legs.walked,
		Stay: make([]int32, days*n), Profit: make([]int32, days*n), Windows: make([][]orienteering.Window, days*n),
		DetourCost: travelPerMin, Seed: c.p.Seed,
	}
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
		Walk:  int32(c.pace.WalkDayMetres), Rests: int32(c.rests(d)), RestTime: int32(c.pace.RestMinutes),
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

// rests a day asks for: one more where the weather is harsh.
func (c *compiled) rests(d int) int { return c.pace.Rests + b2i(c.p.Days[d].harsh()) }

// stay of a node on a day: as locked; outdoors not long in harsh weather.
func (c *compiled) stay(d int, x node) int {
	if x.lock >= 0 {
		return c.p.Locks[x.lock].Leave - c.p.Locks[x.lock].Arrive
	}
	pl := &c.p.Places[x.place]
	if x.role == asVisit && pl.Setting == Outdoor && c.p.Days[d].harsh() {
		return min(pl.StayMinutes, HarshOutdoorMinutes)
	}
	return pl.StayMinutes
}

// opening is the place's intervals on the day, merged and sorted; unsure says
// that they are assumed.
func (c *compiled) opening(d, place int) (open []Interval, unsure bool) {
	pl := &c.p.Places[place]
	if len(pl.Hours) == 0 || !pl.Hours[d].Known {
		return []Interval{{Open: unsureOpen, Close: unsureClose}}, true
	}
	return mergeIntervals(pl.Hours[d].Open), false
}

// mergeIntervals sorts intervals and joins those that touch, as far as last
// entries leave one span of entry; a visit may run from one into the next.
func mergeIntervals(in []Interval) []Interval {
	out := slices.Clone(in)
	slices.SortFunc(out, func(a, b Interval) int {
		return cmp.Or(cmp.Compare(a.Open, b.Open), cmp.Compare(a.Close, b.Close), cmp.Compare(a.LastEntry, b.LastEntry))
	})
	k := 0
	for _, x := range out {
		if k > 0 && x.Open <= out[k-1].Close && out[k-1].LastEntry == 0 {
			last := &out[k-1]
			if x.Close > last.Close && x.LastEntry > 0 {
				last.LastEntry = max(last.Close-1, x.LastEntry)
			}
			last.Close = max(last.Close, x.Close)
			continue
		}
		out[k] = x
		k++
	}
	return out[:k]
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
	stay := c.stay(d, x)
	var out []orienteering.Window
	for _, o := range open {
		w := orienteering.Window{Open: int32(max(o.Open, span.From)), Close: int32(min(o.Close, span.To) - stay)}
		if o.LastEntry > 0 {
			w.Close = min(w.Close, int32(o.LastEntry))
		}
		if w.Open > w.Close {
			continue
		}
		if n := len(out); n > 0 && w.Open <= out[n-1].Close {
			out[n-1].Close = max(out[n-1].Close, w.Close)
			continue
		}
		out = append(out, w)
	}
	return out
}

// guess is the additive profit that guides insertions; the objective is exact.
func (c *compiled) guess(d int, x node, w []orienteering.Window) int64 {
	if len(w) == 0 {
		return 0
	}
	v := int64(mealValue) + c.blend(x.place)/2
	if x.role == asVisit {
		pl := &c.p.Places[x.place]
		from, to := int(w[0].Open), int(w[len(w)-1].Close)+c.stay(d, x)
		v = c.blend(x.place) * c.sky(d).percent(pl.Setting, from, to) / 100
	}
	if c.unsure(d, x.place) {
		v = v * unsurePercent / 100
	}
	if x.must {
		v += mustSeeValue
	}
	return max(v, 1)
}

func (c *compiled) unsure(d, place int) bool {
	h := c.p.Places[place].Hours
	return len(h) == 0 || !h[d].Known
}
