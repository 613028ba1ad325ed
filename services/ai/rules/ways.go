package rules

import (
	"fmt"
	"math"

	"github.com/tripgen/tripgen/services/ai/planner"
)

// fastest speeds that are still believed where no matrix is given, metres a
// minute over the great circle.
const (
	believableWalk = 120.0
	believableRide = 2500.0
)

// legs calls f for each leg with the stops it joins.
func (c *checker) legs(f func(d, k int, l *planner.Leg, from, to *planner.Stop)) {
	c.days(func(d int, plan *planner.DayPlan, _ *planner.Day) {
		for k := 0; k < min(len(plan.Legs), len(plan.Stops)-1); k++ {
			f(d, k, &plan.Legs[k], &plan.Stops[k], &plan.Stops[k+1])
		}
	})
}

// legsReal holds each leg against the matrix of its mode or, without one,
// against the distance it covers.
func legsReal(c *checker) {
	c.legs(func(d, k int, l *planner.Leg, from, to *planner.Stop) {
		if l.Minutes < 0 || l.Metres < 0 {
			c.report(d, k+1, "이동 시간이 올바르지 않습니다", "the leg's time or length is negative")
			return
		}
		least := c.leastMinutes(d, k, l, from, to)
		if l.Minutes < least {
			c.report(d, k+1, fmt.Sprintf("%s까지 %d분으로는 갈 수 없습니다 (최소 %d분)", label(to), l.Minutes, least),
				fmt.Sprintf("%d minutes do not suffice to reach %s; at least %d do", l.Minutes, label(to), least))
		}
	})
}

func (c *checker) leastMinutes(d, k int, l *planner.Leg, from, to *planner.Stop) int {
	if from.At == to.At {
		return 0
	}
	m, a, b := c.matrixOf(l.Mode), c.pointOf(d, k), c.pointOf(d, k+1)
	n := len(c.facts.Places) + 2*len(c.facts.Days)
	if a >= 0 && b >= 0 && len(m.Minutes) == n*n {
		if v := m.Minutes[a*n+b]; v >= 0 {
			return int(v)
		}
		return math.MaxInt32
	}
	speed := believableRide
	if l.Mode == planner.Walk {
		speed = believableWalk
	}
	return int(metresBetween(from.At, to.At) / speed)
}

func (c *checker) matrixOf(m planner.Mode) *planner.Matrix {
	switch m {
	case planner.Walk:
		return &c.facts.Travel.Walk
	case planner.Transit:
		return &c.facts.Travel.Transit
	case planner.Car:
		return &c.facts.Travel.Car
	default:
		return &c.facts.Travel.Taxi
	}
}

// pointOf is the row in the matrices of a stop, -1 when it has none.
func (c *checker) pointOf(d, k int) int {
	stops := c.it.Days[d].Stops
	switch {
	case k == 0:
		return len(c.facts.Places) + 2*d
	case k == len(stops)-1:
		return len(c.facts.Places) + 2*d + 1
	}
	if i, ok := c.place[stops[k].Place]; ok {
		return i
	}
	return -1
}

// metresBetween uses the spherical law of cosines by vectors.
func metresBetween(a, b planner.LatLng) float64 {
	vec := func(p planner.LatLng) (x, y, z float64) {
		lat, lng := p.Lat*math.Pi/180, p.Lng*math.Pi/180
		return math.Cos(lat) * math.Cos(lng), math.Cos(lat) * math.Sin(lng), math.Sin(lat)
	}
	ax, ay, az := vec(a)
	bx, by, bz := vec(b)
	chord := math.Sqrt((ax-bx)*(ax-bx) + (ay-by)*(ay-by) + (az-bz)*(az-bz))
	return 2 * 6371000 * math.Asin(math.Min(1, chord/2))
}

func walkLimit(c *checker) {
	c.legs(func(d, k int, l *planner.Leg, _, to *planner.Stop) {
		if l.Mode != planner.Walk {
			return
		}
		if l.Minutes > 20 || c.needs.walkLeg > 0 && l.Metres > c.needs.walkLeg {
			c.report(d, k+1, fmt.Sprintf("%s까지 %d분 %dm 걷기는 너무 깁니다", label(to), l.Minutes, l.Metres),
				fmt.Sprintf("the walk of %d minutes and %d m to %s is too long", l.Minutes, l.Metres, label(to)))
		}
	})
}

func rideLimit(c *checker) {
	c.legs(func(d, k int, l *planner.Leg, from, to *planner.Stop) {
		inside := isStop(from) && isStop(to)
		if l.Mode != planner.Walk && inside && l.Minutes > 60 {
			c.report(d, k+1, fmt.Sprintf("%s까지 %d분 이동은 너무 깁니다", label(to), l.Minutes),
				fmt.Sprintf("the ride of %d minutes to %s is too long", l.Minutes, label(to)))
		}
	})
}

func isStop(s *planner.Stop) bool {
	return s.Kind == planner.Visit || s.Kind == planner.Meal || s.Kind == planner.Rest
}

func walkDayLimit(c *checker) {
	walked := map[int]int{}
	c.legs(func(d, _ int, l *planner.Leg, _, _ *planner.Stop) {
		if l.Mode == planner.Walk {
			walked[d] += l.Metres
		}
	})
	for d := range c.it.Days {
		if walked[d] > c.needs.walkDay {
			c.report(d, -1, fmt.Sprintf("하루에 %dm를 걷습니다 (최대 %dm)", walked[d], c.needs.walkDay),
				fmt.Sprintf("%d m of walking in a day, at most %d suit the group", walked[d], c.needs.walkDay))
		}
	}
}

func shortLegWalk(c *checker) {
	c.legs(func(d, k int, l *planner.Leg, from, to *planner.Stop) {
		if l.Mode != planner.Walk && l.Metres < 500 && from.At != to.At {
			c.report(d, k+1, fmt.Sprintf("%s까지는 걸을 수 있습니다", label(to)), fmt.Sprintf("%s is near enough to walk", label(to)))
		}
	})
}

func taxiFirst(c *checker) {
	if !c.needs.taxi {
		return
	}
	c.legs(func(d, k int, l *planner.Leg, _, to *planner.Stop) {
		if l.Mode == planner.Transit {
			c.report(d, k+1, fmt.Sprintf("%s까지 택시나 차가 낫습니다", label(to)), fmt.Sprintf("a taxi or car to %s suits the group better", label(to)))
		}
	})
}

func parkingNear(c *checker) {
	c.legs(func(d, k int, l *planner.Leg, _, to *planner.Stop) {
		i, ok := c.place[to.Place]
		if l.Mode == planner.Car && ok && len(c.facts.Places[i].Parking) == 0 {
			c.report(d, k+1, fmt.Sprintf("%s 근처 주차장을 찾지 못했습니다", label(to)), fmt.Sprintf("no car park is known near %s", label(to)))
		}
	})
}
