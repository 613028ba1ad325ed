package location

import (
	"fmt"
	"math"
)

// Cell is a square of degrees that points are put together in, so that neighbours share what is known of them.
type Cell struct {
	Center Point
	// Key names the cell: its size and its south-western corner in multiples of it.
	Key string
	// Radius in metres is that of a circle around the centre that holds the cell.
	Radius float64
}

// CellAt gives the cell of some degrees that holds a point.
func CellAt(p Point, degrees float64) Cell {
	row, column := math.Floor(p.Lat/degrees), math.Floor(p.Lng/degrees)
	corner := Point{Lat: row * degrees, Lng: column * degrees}
	center := Point{Lat: min(corner.Lat+degrees/2, 90), Lng: min(corner.Lng+degrees/2, 180)}
	// The equatorward corner is the farther one.
	radius := max(center.DistanceTo(corner), center.DistanceTo(Point{Lat: min(corner.Lat+degrees, 90), Lng: corner.Lng}))
	return Cell{Center: center, Key: fmt.Sprintf("%g/%d/%d", degrees, int(row), int(column)), Radius: radius}
}
