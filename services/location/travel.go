package location

import "math"

// Mode is how one moves.
type Mode int

// The modes.
const (
	Walk Mode = iota
	Transit
	Car
)

// Estimate says how long a way takes and how far it goes.
type Estimate struct{ Minutes, Metres int }

// pace describes a mode: how much longer its ways are than the straight line, its speed door to door, and what it
// costs before one moves (waiting, parking). The detour factors are those of street networks in large cities
// (Boeing 2019, "The Morphology and Circuity of Walkable and Drivable Street Networks": 1.2 to 1.4); the speeds are
// common planning values for inner cities.
type pace struct {
	detour         float64
	metresPerMin   float64
	overheadMin    float64
	farMetresInMin float64 // on ways beyond 10 km
}

var paces = [...]pace{
	Walk:    {detour: 1.3, metresPerMin: 75, farMetresInMin: 75},
	Transit: {detour: 1.35, metresPerMin: 330, overheadMin: 7, farMetresInMin: 600},
	Car:     {detour: 1.35, metresPerMin: 400, overheadMin: 5, farMetresInMin: 900},
}

const farMetres = 10_000

// EstimateTravel estimates the way between two points without asking anybody. Deterministic and symmetric.
func EstimateTravel(from, to Point, mode Mode) Estimate {
	return estimate(from.DistanceTo(to), mode)
}

// estimate is that of a way of so many metres by straight line.
func estimate(straight float64, mode Mode) Estimate {
	p := paces[mode]
	metres := straight * p.detour
	minutes := math.Min(metres, farMetres)/p.metresPerMin + math.Max(0, metres-farMetres)/p.farMetresInMin
	if metres > 0 {
		minutes += p.overheadMin
	}
	return Estimate{Minutes: int(math.Ceil(minutes)), Metres: int(math.Round(metres))}
}

// reach is the straight-line distance in metres that cannot be passed within some minutes.
func reach(mode Mode, minutes int) float64 {
	p := paces[mode]
	return float64(minutes) * math.Max(p.metresPerMin, p.farMetresInMin) / p.detour
}
