package planner

import (
	"slices"

	"github.com/tripgen/tripgen/services/ai/planner/orienteering"
)

// legTable chooses the way between any two points of a compiled problem: its
// places, then a start and an end point per day. What the solver reads is laid
// out flat; what only itineraries need is worked out when asked for.
type legTable struct {
	n       int
	minutes []int32 // Blocked where there is no way within the limits
	walked  []int32 // metres of walks, 0 for rides

	p      *Problem
	pace   *Pace
	rows   []int    // row of each point in the problem's matrices
	at     []vector // where each point is
	places int      // points that are places
	ends   []int    // the point of each day's start and end
	walk   *Matrix  // nil: estimated
	ride   *Matrix
	mode   Mode // of rides
	full   int  // rows of the problem's matrices

	symmetric bool // both modes are estimated
}

func newLegTable(c *compiled) legTable {
	p := c.p
	t := legTable{
		p: p, pace: &c.pace, places: len(c.places),
		mode: rideMode(p.Mode, c.pace.TaxiFirst), full: len(p.Places) + 2*len(p.Days),
	}
	for _, i := range c.places {
		t.rows, t.at = append(t.rows, p.PointOfPlace(i)), append(t.at, c.at[i])
	}
	t.walk, t.ride = p.Travel.of(Walk), p.Travel.of(t.mode)
	t.symmetric = t.walk == nil && t.ride == nil
	for d := range p.Days {
		t.addEnd(p.PointOfStart(d), vectorOf(p.Days[d].StartPoint.At))
		t.addEnd(p.PointOfEnd(d), vectorOf(p.Days[d].EndPoint.At))
	}
	t.n = len(t.rows)
	t.fill()
	return t
}

// addEnd adds a start or end point; the lodging of many days is one point where
// no matrix tells its rows apart.
func (t *legTable) addEnd(row int, at vector) {
	if k := slices.Index(t.at[t.places:], at); t.symmetric && k >= 0 {
		t.ends = append(t.ends, t.places+k)
		return
	}
	t.ends = append(t.ends, len(t.rows))
	t.rows, t.at = append(t.rows, row), append(t.at, at)
}

// fill works out all pairs.
func (t *legTable) fill() {
	n := t.n
	mem := make([]int32, 2*n*n)
	t.minutes, t.walked = mem[:n*n:n*n], mem[n*n:]
	if t.symmetric {
		t.fillEstimates()
		return
	}
	for a := range n {
		for b := range n {
			w := t.choose(a, b)
			t.minutes[a*n+b], t.walked[a*n+b] = w.limited, w.walked
		}
	}
}

// fillEstimates fills both halves at once, tile by tile: writing whole columns
// would miss the cache at every step. Most pairs are too far to walk.
func (t *legTable) fillEstimates() {
	const tile = 32
	n := t.n
	for a0 := 0; a0 < n; a0 += tile {
		for b0 := 0; b0 <= a0; b0 += tile {
			for a := a0; a < min(a0+tile, n); a++ {
				for b := b0; b < min(b0+tile, a); b++ {
					minutes, walked := t.estimated(a, b)
					t.minutes[a*n+b], t.walked[a*n+b] = minutes, walked
					t.minutes[b*n+a], t.walked[b*n+a] = minutes, walked
				}
			}
		}
	}
}

// estimated is choose for estimates, limits kept.
func (t *legTable) estimated(a, b int) (minutes, walked int32) {
	d := t.at[a].metresTo(t.at[b])
	if d <= farToWalk {
		w := t.choose(a, b)
		return w.limited, w.walked
	}
	minutes = rideMinutes(min(d, MaxLegMetres/rideDetour)*rideDetour, t.mode)
	if a < t.places && b < t.places && minutes > MaxRideMinutes {
		minutes = orienteering.Blocked
	}
	return minutes, 0
}

// way is a leg as the table chooses it.
type way struct {
	limited int32 // minutes, Blocked where a limit forbids the leg
	walked  int32 // metres, 0 for a ride
	walk    bool
	minutes int32 // as it really is, limits apart
	metres  int32
}

// noWayMinutes stands for a leg that no matrix knows a way for.
const noWayMinutes = 24 * 60

// choose picks the mode of one leg: a walk below ShortLegMetres; else the ride,
// or the walk where it is not longer than public transport.
func (t *legTable) choose(a, b int) way {
	d := 0.0
	if t.walk == nil || t.ride == nil {
		d = t.at[a].metresTo(t.at[b])
	}
	w, metres := t.raw(t.walk, Walk, a, b, d)
	r, rideMetres := t.raw(t.ride, t.mode, a, b, d)
	inCity := a < t.places && b < t.places
	canWalk := w >= 0 && w <= MaxWalkMinutes && (t.pace.WalkLegMetres == 0 || int(metres) <= t.pace.WalkLegMetres)
	canRide := r >= 0 && (!inCity || r <= MaxRideMinutes)
	switch {
	case canWalk && (metres < ShortLegMetres || !canRide || t.mode == Transit && w <= r):
		return way{limited: w, walked: metres, walk: true, minutes: w, metres: metres}
	case canRide:
		return way{limited: r, minutes: r, metres: rideMetres}
	case r >= 0:
		return way{limited: orienteering.Blocked, minutes: r, metres: rideMetres}
	case w >= 0:
		return way{limited: orienteering.Blocked, walk: true, minutes: w, metres: metres}
	default:
		return way{limited: orienteering.Blocked, minutes: noWayMinutes}
	}
}

// raw is the matrix entry or, without a matrix, the estimate for d metres.
func (t *legTable) raw(m *Matrix, mode Mode, a, b int, d float64) (minutes, metres int32) {
	if m == nil {
		if a == b {
			return 0, 0
		}
		return estimate(d, mode)
	}
	k := t.rows[a]*t.full + t.rows[b]
	return m.Minutes[k], m.Metres[k]
}

// leg is the way between two points as an itinerary tells it.
func (t *legTable) leg(a, b int) Leg {
	w := t.choose(a, b)
	l := Leg{Mode: t.mode, Minutes: int(w.minutes), Metres: int(w.metres)}
	m := t.ride
	if w.walk {
		l.Mode, m = Walk, t.walk
	}
	if l.Source = SourceEstimated; m != nil {
		l.Source = m.Source
	}
	return l
}

// rideMode is how the group travels where it does not walk.
func rideMode(mode Mode, taxiFirst bool) Mode {
	switch {
	case mode == Car:
		return Car
	case taxiFirst:
		return Taxi
	default:
		return Transit
	}
}

// of is the matrix of a mode, for a taxi else that of a car, nil where there is
// none.
func (t *Travel) of(mode Mode) *Matrix {
	given := &t.Taxi
	switch mode {
	case Walk:
		given = &t.Walk
	case Transit:
		given = &t.Transit
	case Car:
		given = &t.Car
	}
	switch {
	case !given.empty():
		return given
	case mode == Taxi && !t.Car.empty():
		return &t.Car
	default:
		return nil
	}
}

// pick copies the rows and columns of the chosen points.
func (t Travel) pick(rows []int, full int) Travel {
	return Travel{Walk: t.Walk.pick(rows, full), Transit: t.Transit.pick(rows, full), Car: t.Car.pick(rows, full), Taxi: t.Taxi.pick(rows, full)}
}

func (m *Matrix) pick(rows []int, full int) Matrix {
	if m.empty() {
		return Matrix{}
	}
	n := len(rows)
	out := Matrix{Minutes: make([]int32, n*n), Metres: make([]int32, n*n), Source: m.Source}
	for a, i := range rows {
		for b, j := range rows {
			out.Minutes[a*n+b], out.Metres[a*n+b] = m.Minutes[i*full+j], m.Metres[i*full+j]
		}
	}
	return out
}
