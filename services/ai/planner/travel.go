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
// entry from*n+to. Minutes < 0 means there is no such way.
type Matrix struct {
	Minutes []int32
	Metres  []int32
	Source  Source
}

// Travel holds a matrix per mode over n = len(Places)+2·len(Days) points: the
// places in order, then for each day its start and its end point. Walk is
// always needed; of the others those that the mode and the pace may use (Taxi
// is derived from Car where it is empty, Car from the estimate).
type Travel struct {
	Walk, Transit, Car, Taxi Matrix
}

// PointOfPlace, PointOfStart and PointOfEnd are the rows of Travel's matrices.
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
	pts := p.points()
	n := len(pts)
	var t Travel
	for _, m := range []*Matrix{&t.Walk, &t.Transit, &t.Car, &t.Taxi} {
		*m = Matrix{Minutes: make([]int32, n*n), Metres: make([]int32, n*n), Source: SourceEstimated}
	}
	for i, a := range pts {
		for j, b := range pts {
			if i == j {
				continue
			}
			k, d := i*n+j, GreatCircleMetres(a, b)
			walk, ride := d*walkDetour, d*rideDetour
			t.Walk.set(k, walk/walkPerMinute, walk)
			t.Transit.set(k, transitFixed+ride/transitPerMinute, ride)
			t.Car.set(k, carFixed+ride/rideSpeed(ride), ride)
			t.Taxi.set(k, taxiFixed+ride/rideSpeed(ride), ride)
		}
	}
	return t
}

// rideSpeed grows with the distance: longer rides use faster roads.
func rideSpeed(metres float64) float64 {
	return carPerMinute + math.Min(metres, 60000)/100
}

func (m *Matrix) set(k int, minutes, metres float64) {
	m.Minutes[k] = int32(math.Min(math.Ceil(minutes), math.MaxInt32/4))
	m.Metres[k] = int32(math.Min(math.Round(metres), math.MaxInt32/4))
}

func (p *Problem) points() []LatLng {
	pts := make([]LatLng, 0, len(p.Places)+2*len(p.Days))
	for i := range p.Places {
		pts = append(pts, p.Places[i].At)
	}
	for i := range p.Days {
		pts = append(pts, p.Days[i].StartPoint.At, p.Days[i].EndPoint.At)
	}
	return pts
}

// GreatCircleMetres is the haversine distance between two points.
func GreatCircleMetres(a, b LatLng) float64 {
	const rad = math.Pi / 180
	dLat, dLng := (b.Lat-a.Lat)*rad, (b.Lng-a.Lng)*rad
	s, c := math.Sin(dLat/2), math.Sin(dLng/2)
	h := s*s + math.Cos(a.Lat*rad)*math.Cos(b.Lat*rad)*c*c
	return 2 * earthRadiusMetres * math.Asin(math.Min(1, math.Sqrt(h)))
}
