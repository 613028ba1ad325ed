package chain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/cacheaside"
	"github.com/tripgen/tripgen/services/location/gate"
)

// RoutesPolicy keeps ways for a day: streets do not change faster, and traffic at an hour to come is not known.
var RoutesPolicy = cacheaside.Policy{
	Kind: "routes", Version: 1, Fresh: day, Jitter: 0.1, Revalidate: 7 * day, Keep: 30 * day, Missing: time.Hour,
	Load: 6 * time.Second, Patience: 1500 * time.Millisecond, Entries: 500,
}

// RouteSource is a provider with its gate, between how many points it may be asked, and in which modes.
type RouteSource struct {
	location.RouteProvider
	Gate  *gate.Gate
	Takes func(points int, mode location.Mode) bool
}

// Routes implements location.RouteProvider on the sources of a region in order and a cache; where none answers, ways are
// estimated, and the answer says so.
type Routes struct {
	Sources  map[location.Region][]RouteSource
	RegionAt func(location.Point) location.Region
	Cache    *cacheaside.Cache[location.Matrix]
	Now      func() time.Time
}

// Matrix gives the ways between points.
func (r *Routes) Matrix(ctx context.Context, points []location.Point, mode location.Mode) (location.Matrix, error) {
	sources := r.taking(points, mode)
	if len(sources) == 0 {
		return r.estimate(points, mode), nil
	}
	var key strings.Builder
	fmt.Fprintf(&key, "%d", mode)
	for _, p := range points {
		fmt.Fprintf(&key, ";%.4f,%.4f", p.Lat, p.Lng) // 10 m
	}
	kept, err := r.Cache.Get(ctx, key.String(), func(ctx context.Context) (location.Matrix, error) {
		var failures []error
		for _, source := range sources {
			m, err := gate.Call(ctx, source.Gate, func(ctx context.Context) (location.Matrix, error) { return source.Matrix(ctx, points, mode) })
			if err == nil {
				return m, nil
			}
			failures = append(failures, err)
		}
		return location.Matrix{}, errors.Join(failures...)
	})
	if err != nil {
		if ctx.Err() != nil {
			return location.Matrix{}, ctx.Err()
		}
		return r.estimate(points, mode), nil
	}
	kept.Value.Source.Stale = kept.Stale
	return kept.Value, nil
}

func (r *Routes) taking(points []location.Point, mode location.Mode) []RouteSource {
	if len(r.Sources) == 0 || len(points) < 2 {
		return nil
	}
	var taking []RouteSource
	for _, source := range r.Sources[r.RegionAt(points[0])] {
		if source.Takes(len(points), mode) {
			taking = append(taking, source)
		}
	}
	return taking
}

func (r *Routes) estimate(points []location.Point, mode location.Mode) location.Matrix {
	m := location.Matrix{Source: location.Source{Provider: "estimate", FetchedAt: r.Now()}}
	for _, from := range points {
		for _, to := range points {
			m.Ways = append(m.Ways, location.EstimateTravel(from, to, mode))
		}
	}
	return m
}
