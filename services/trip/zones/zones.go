// Package zones finds the time zone of a point on the globe, without the network.
package zones

import (
	"fmt"
	"sync"

	"github.com/ringsaturn/tzf"

	"github.com/tripgen/tripgen/services/trip"
)

// Finder knows the borders of all time zones. They take some 100 ms and 50 MB to load, so that is done at first use.
type Finder struct{ load func() (tzf.F, error) }

// New makes a finder.
func New() *Finder { return &Finder{load: sync.OnceValues(tzf.NewDefaultFinder)} }

// ZoneAt is the IANA name of the zone at a point; empty where there is none.
func (f *Finder) ZoneAt(p trip.Point) string {
	finder, err := f.load()
	if err != nil {
		panic(fmt.Errorf("load the built-in borders of time zones: %w", err)) // they are compiled in
	}
	return finder.GetTimezoneName(p.Lng, p.Lat)
}
