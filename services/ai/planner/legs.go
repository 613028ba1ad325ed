package planner

import "github.com/tripgen/tripgen/services/ai/planner/orienteering"

// legTable holds the chosen way between any two points of a compiled problem:
// its places, then a start and an end point per day.
type legTable struct {
	n       int
	minutes []int32 // Blocked where there is no way within the limits
	actual  []int32 // minutes without regard to limits, for plans that people make
	walked  []int32 // metres of walks, 0 for rides
	metres  []int32
	mode    []Mode
	source  []Source
}

func newLegTable(c *compiled) legTable {
	p := c.p
	rows := make([]int, 0, len(c.places)+2*len(p.Days))
	for _, i := range c.places {
		rows = append(rows, p.PointOfPlace(i))
	}
	for d := range p.Days {
		rows = append(rows, p.PointOfStart(d), p.PointOfEnd(d))
	}
	travel, full := p.Travel, len(p.Places)+2*len(p.Days)
	if travel.lacks(p.Mode, c.pace.TaxiFirst) {
		small := Problem{Days: p.Days}
		for _, i := range c.places {
			small.Places = append(small.Places, Place{At: p.Places[i].At})
		}
		est := EstimateTravel(&small)
		travel = travel.filledFrom(est, rows, full)
	} else {
		travel = travel.pick(rows, full)
	}
	n := len(rows)
	t := legTable{n: n, minutes: make([]int32, n*n), actual: make([]int32, n*n), walked: make([]int32, n*n), metres: make([]int32, n*n),
		mode: make([]Mode, n*n), source: make([]Source, n*n)}
	ride, rideMode := travel.ride(p.Mode, c.pace.TaxiFirst)
	for a := range n {
		for b := range n {
			t.choose(a*n+b, &travel.Walk, ride, rideMode, a < len(c.places) && b < len(c.places), &c.pace)
		}
	}
	return t
}

// choose picks the mode of one leg: a walk below ShortLegMetres; else the ride,
// or the walk where it is not longer than public transport.
func (t *legTable) choose(k int, walk, ride *Matrix, rideMode Mode, inCity bool, pace *Pace) {
	w, r := walk.Minutes[k], ride.Minutes[k]
	metres := walk.Metres[k]
	canWalk := w >= 0 && w <= MaxWalkMinutes && (pace.WalkLegMetres == 0 || int(metres) <= pace.WalkLegMetres)
	canRide := r >= 0 && (!inCity || r <= MaxRideMinutes)
	short := metres < ShortLegMetres
	switch {
	case canWalk && (short || !canRide || rideMode == Transit && w <= r):
		t.minutes[k], t.actual[k], t.metres[k], t.walked[k] = w, w, metres, metres
		t.mode[k], t.source[k] = Walk, walk.Source
		return
	case canRide:
		t.minutes[k] = r
	default:
		t.minutes[k] = orienteering.Blocked
	}
	t.actual[k], t.metres[k], t.mode[k], t.source[k] = r, ride.Metres[k], rideMode, ride.Source
	switch {
	case r >= 0:
	case w >= 0:
		t.actual[k], t.metres[k], t.mode[k], t.source[k] = w, metres, Walk, walk.Source
	default:
		t.actual[k], t.metres[k] = noWayMinutes, 0
	}
}

// noWayMinutes stands for a leg that no matrix knows a way for.
const noWayMinutes = 24 * 60

func (t *legTable) leg(a, b int) Leg {
	k := a*t.n + b
	return Leg{Mode: t.mode[k], Minutes: int(t.actual[k]), Metres: int(t.metres[k]), Source: t.source[k]}
}

// ride is the matrix and mode used where the group does not walk.
func (t *Travel) ride(mode Mode, taxiFirst bool) (*Matrix, Mode) {
	switch {
	case mode == Car:
		return &t.Car, Car
	case taxiFirst:
		return &t.Taxi, Taxi
	default:
		return &t.Transit, Transit
	}
}

func (t *Travel) lacks(mode Mode, taxiFirst bool) bool {
	m, _ := t.ride(mode, taxiFirst)
	return t.Walk.empty() || m.empty()
}

// pick copies the rows and columns of the chosen points.
func (t Travel) pick(rows []int, full int) Travel {
	var out Travel
	out.Walk, out.Transit = t.Walk.pick(rows, full), t.Transit.pick(rows, full)
	out.Car, out.Taxi = t.Car.pick(rows, full), t.Taxi.pick(rows, full)
	return out
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

// filledFrom is pick with the matrices that are missing taken from an estimate.
func (t Travel) filledFrom(est Travel, rows []int, full int) Travel {
	out := t.pick(rows, full)
	if out.Taxi.empty() && !out.Car.empty() {
		out.Taxi = out.Car
	}
	for _, x := range []struct{ have, est *Matrix }{{&out.Walk, &est.Walk}, {&out.Transit, &est.Transit},
		{&out.Car, &est.Car}, {&out.Taxi, &est.Taxi}} {
		if x.have.empty() {
			*x.have = *x.est
		}
	}
	return out
}
