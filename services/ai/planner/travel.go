package planner

import "math"

// Mode is a way of travelling.
type Mode string

// Modes of travel. A problem's mode is Transit or Car.
const (
	Walk    Mode = "walk"
	Transit Mode = "transit"
	Car     Mode = "car"
	Taxi    Mode = "taxi"
)

// Source says where a leg's figures come from.
type Source string

// Sources of legs.
const (
	SourceEstimated Source = "estimated"
	SourceRouted    Source = "routed"
)

// Matrix holds the way between any two points for one mode, row by row:
// entry from*n+to. Minutes < 0 means there is no such way; they are at most
// MaxLegMinutes, metres at most MaxLegMetres.
type Matrix struct {
	Minutes []int32
	Metres  []int32
	Source  Source
}

// Bounds on what a matrix may say of one leg.
const (
	MaxLegMinutes = 1_000_000
	MaxLegMetres  = 40_000_000
)

// Travel holds a matrix per mode over n = len(Places)+2·len(Days) points: the
// places in order, then for each day its start and its end point. A mode whose
// matrix is empty is estimated, a taxi as a car where that one is known.
type Travel struct {
	Walk, Transit, Car, Taxi Matrix
}

// PointOfPlace is the row of a place in Travel's matrices.
func (p *Problem) PointOfPlace(place int) int { return place }

// PointOfStart is the row of the day's start point.
func (p *Problem) PointOfStart(day int) int { return len(p.Places) + 2*day }

// PointOfEnd is the row of the day's end point.
func (p *Problem) PointOfEnd(day int) int { return len(p.Places) + 2*day + 1 }

// Limits on a leg: a walk between stops takes at most MaxWalkMinutes, a ride
// between stops of a city at most MaxRideMinutes, and below ShortLegMetres one
// walks.
const (
	MaxWalkMinutes = 20
	MaxRideMinutes = 60
	ShortLegMetres = 500
)

// Estimates used where no route is known.
const (
	earthRadiusMetres = 6371008.8
	walkDetour        = 1.3  // street network over great circle
	rideDetour        = 1.4  // roads and lines over great circle
	walkPerMinute     = 75.0 // metres, 4.5 km/h
	carPerMinute      = 400.0
	carFixed          = 6 // minutes to start, park and walk
	taxiFixed         = 5 // minutes to hail and pay
	transitPerMinute  = 330.0
	transitFixed      = 9 // minutes to walk to and wait at the stop
)

// EstimateTravel fills all matrices from coordinates: great-circle distance
// times a detour factor, at usual city speeds. All are marked SourceEstimated.
// Minutes are rounded up, so that an estimate rather errs on the late side.
func EstimateTravel(p *Problem) Travel {
	var t Travel
	pts := p.points()
	modes := []Mode{Walk, Transit, Car, Taxi}
	for k, m := range []*Matrix{&t.Walk, &t.Transit, &t.Car, &t.Taxi} {
		*m = estimateMatrix(pts, modes[k])
	}
	return t
}

func estimateMatrix(pts []LatLng, mode Mode) Matrix {
	n := len(pts)
	m := Matrix{Minutes: make([]int32, n*n), Metres: make([]int32, n*n), Source: SourceEstimated}
	at := vectorsOf(pts)
	for i := range pts {
		for j := range i {
			minutes, metres := estimate(at[i].metresTo(at[j]), mode)
			m.Minutes[i*n+j], m.Metres[i*n+j] = minutes, metres
			m.Minutes[j*n+i], m.Metres[j*n+i] = minutes, metres
		}
	}
	return m
}

// estimate is the time and length of a way between points d metres apart.
func estimate(d float64, mode Mode) (minutes, metres int32) {
	d = min(d, MaxLegMetres/rideDetour)
	if mode == Walk {
		return whole(d * (walkDetour / walkPerMinute)), int32(d*walkDetour + 0.5)
	}
	ride := d * rideDetour
	return rideMinutes(ride, mode), int32(ride + 0.5)
}

// rideMinutes is the time of a ride of so many metres.
func rideMinutes(ride float64, mode Mode) int32 {
	switch mode {
	case Transit:
		return whole(transitFixed + ride*(1/transitPerMinute))
	case Car:
		return whole(carFixed + ride/rideSpeed(ride))
	default:
		return whole(taxiFixed + ride/rideSpeed(ride))
	}
}

// farToWalk is the distance beyond which nobody walks: the estimate is longer
// than MaxWalkMinutes.
const farToWalk = (MaxWalkMinutes + 1) * walkPerMinute / walkDetour

func whole(minutes float64) int32 { return int32(minutes + 0.999999) }

// rideSpeed grows with the distance: longer rides use faster roads.
func rideSpeed(metres float64) float64 {
	return carPerMinute + min(metres, 60000)/100
}

func (p *Problem) points() []LatLng {
	pts := make([]LatLng, len(p.Places)+2*len(p.Days))
	for row := range pts {
		pts[row] = p.point(row)
	}
	return pts
}

// point is where a row of Travel's matrices is.
func (p *Problem) point(row int) LatLng {
	end := row - len(p.Places)
	switch {
	case end < 0:
		return p.Places[row].At
	case end%2 == 0:
		return p.Days[end/2].StartPoint.At
	default:
		return p.Days[end/2].EndPoint.At
	}
}

// GreatCircleMetres is the distance between two points on the mean sphere.
func GreatCircleMetres(a, b LatLng) float64 { return vectorOf(a).metresTo(vectorOf(b)) }

// vector is a point on the unit sphere; distances between vectors need no
// trigonometry where they are short.
type vector struct{ x, y, z float64 }

func vectorOf(p LatLng) vector {
	const rad = math.Pi / 180
	sinLat, cosLat := math.Sincos(p.Lat * rad)
	sinLng, cosLng := math.Sincos(p.Lng * rad)
	return vector{cosLat * cosLng, cosLat * sinLng, sinLat}
}

func vectorsOf(pts []LatLng) []vector {
	out := make([]vector, len(pts))
	for i, p := range pts {
		out[i] = vectorOf(p)
	}
	return out
}

// metresTo is the length of the arc over the chord; below 0.1 (640 km) its series
// to the third order is right to a part in ten million.
func (a vector) metresTo(b vector) float64 {
	x, y, z := a.x-b.x, a.y-b.y, a.z-b.z
	square := x*x + y*y + z*z
	chord := math.Sqrt(square)
	if chord < 0.1 {
		return earthRadiusMetres * chord * (1 + square/24)
	}
	return 2 * earthRadiusMetres * math.Asin(math.Min(1, chord/2))
}
