package export

import (
	"fmt"
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
	return f
}

func legFeature(d *typev1.Day, leg *typev1.Leg, way []*typev1.LatLng) *geojson.Feature {
	points := make(orb.LineString, len(way))
	for i, p := range way {
		points[i] = point(p)
	}
	f := geojson.NewFeature(points)
	f.Properties = geojson.Properties{
		"day": d.GetNumber(), "mode": modeKeys[leg.GetMode()], "minutes": leg.GetMinutes(), "metres": leg.GetMetres(),
		"routed": leg.GetSource().GetProvider() != "estimate",
	}
	return f
}
