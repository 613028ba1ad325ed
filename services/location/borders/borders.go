// Package borders tells in which country's reach a point lies, by real borders: those of time zones, which follow the
// administrative borders of OpenStreetMap (timezone-boundary-builder), islands and territorial waters included.
package borders

import (
	"fmt"
	"strings"
	"sync"

	"github.com/ringsaturn/tzf"

	"github.com/tripgen/tripgen/services/location"
)

// Finder knows the borders. They take some 100 ms and 50 MB to load, so that is done at first use and once for all.
type Finder struct{}

// New makes a finder.
func New() *Finder { return new(Finder) }

var load = sync.OnceValues(tzf.NewDefaultFinder)

// ZoneAt is the IANA zone at a point; Etc/GMT… on the high seas.
func (f *Finder) ZoneAt(p location.Point) string {
	finder, err := load()
	if err != nil {
		panic(fmt.Errorf("load the built-in borders of time zones: %w", err)) // they are compiled in
	}
	return finder.GetTimezoneName(p.Lng, p.Lat)
}

// RegionAt tells which providers know a point best. South Korea is a time zone of its own, and nothing else is in it.
func (f *Finder) RegionAt(p location.Point) location.Region {
	switch zone := f.ZoneAt(p); {
	case zone == "Asia/Seoul":
		return location.Korea
	case zone == "" || strings.HasPrefix(zone, "Etc/"):
		return location.HighSeas
	default:
		return location.Elsewhere
	}
}
