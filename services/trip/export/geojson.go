package export

import (
	"fmt"
	"math"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// GeoJSON makes a feature collection (RFC 7946): a point for each stop and a line for each leg.
func GeoJSON(s Sheet) (File, error) {
	all := geojson.NewFeatureCollection()
	for _, d := range s.Days() {
		for i, n := range numbers(d) {
			if stop := d.GetStops()[i]; stop.GetLocation() != nil {
				all.Append(s.stopFeature(d, stop, n))
			}
		}
		for i, leg := range d.GetLegs() {
			if way := line(d, i); len(way) > 1 {
				all.Append(legFeature(d, leg, way))
			}
		}
	}
	data, err := all.MarshalJSON()
	if err != nil {
		return File{}, fmt.Errorf("write GeoJSON: %w", err)
	}
	return s.File("geojson", "application/geo+json", data), nil
}

func point(p *typev1.LatLng) orb.Point { return orb.Point{p.GetLongitude(), p.GetLatitude()} }

func (s Sheet) stopFeature(d *typev1.Day, stop *typev1.Stop, number int) *geojson.Feature {
	f := geojson.NewFeature(point(stop.GetLocation()))
	f.ID = stop.GetId()
	f.Properties = geojson.Properties{
		"name": s.text(stop.GetName()), "kind": kindKeys[stop.GetKind()], "day": d.GetNumber(),
		"arrive": instant(d, stop.GetArrive()).Format(time.RFC3339), "leave": instant(d, stop.GetLeave()).Format(time.RFC3339),
	}
	if number > 0 {
		f.Properties["number"] = number
	}
	if stop.GetPlaceId() != "" {
		f.Properties["place_id"] = stop.GetPlaceId()
	}
	if local := s.localName(stop); local != "" {
		f.Properties["local_name"] = local
	}
	return f
}

func legFeature(d *typev1.Day, leg *typev1.Leg, way []*typev1.LatLng) *geojson.Feature {
	f := geojson.NewFeature(cutAtDateLine(way))
	f.Properties = geojson.Properties{
		"day": d.GetNumber(), "mode": modeKeys[leg.GetMode()], "minutes": leg.GetMinutes(), "metres": leg.GetMetres(),
		"routed": leg.GetSource().GetProvider() != "estimate",
	}
	return f
}

// cutAtDateLine makes a line of a way, or several where it crosses the antimeridian (RFC 7946, 3.1.9).
func cutAtDateLine(way []*typev1.LatLng) orb.Geometry {
	lines := orb.MultiLineString{{point(way[0])}}
	for i := 1; i < len(way); i++ {
		from, to := point(way[i-1]), point(way[i])
		if across := to[0] - from[0]; math.Abs(across) > 180 {
			edge := math.Copysign(180, from[0])
			lat := from[1]
			if way := to[0] + 2*edge - from[0]; way != 0 { // both on the line, once as 180 and once as −180
				lat += (edge - from[0]) / way * (to[1] - from[1])
			}
			last := len(lines) - 1
			lines[last] = append(lines[last], orb.Point{edge, lat})
			lines = append(lines, orb.LineString{{-edge, lat}})
		}
		lines[len(lines)-1] = append(lines[len(lines)-1], to)
	}
	if len(lines) == 1 {
		return lines[0]
	}
	return lines
}
