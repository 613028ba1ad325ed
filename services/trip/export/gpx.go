package export

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"

	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// The elements of GPX 1.1 that are used, in the order that its schema demands.
type gpxFile struct {
	XMLName   xml.Name      `xml:"http://www.topografix.com/GPX/1/1 gpx"`
	Version   string        `xml:"version,attr"`
	Creator   string        `xml:"creator,attr"`
	Metadata  gpxMetadata   `xml:"metadata"`
	Waypoints []gpxWaypoint `xml:"wpt"`
	Tracks    []gpxTrack    `xml:"trk"`
}

type gpxMetadata struct {
	Name string `xml:"name"`
	Time string `xml:"time,omitempty"`
}

type gpxWaypoint struct {
	gpxPoint
	Time        string `xml:"time,omitempty"`
	Name        string `xml:"name,omitempty"`
	Comment     string `xml:"cmt,omitempty"`
	Description string `xml:"desc,omitempty"`
	Type        string `xml:"type,omitempty"`
}

type gpxTrack struct {
	Name     string       `xml:"name"`
	Number   int32        `xml:"number"`
	Segments []gpxSegment `xml:"trkseg"`
}

type gpxSegment struct {
	Points []gpxPoint `xml:"trkpt"`
}

type gpxPoint struct {
	Lat string `xml:"lat,attr"`
	Lon string `xml:"lon,attr"`
}

// gpxAt writes a position as the schema has it: decimals without exponents, longitudes from −180 to below 180.
func gpxAt(p *typev1.LatLng) gpxPoint {
	lon := p.GetLongitude()
	if lon >= 180 {
		lon -= 360
	}
	return gpxPoint{degrees(p.GetLatitude()), degrees(lon)}
}

// degrees are told to the seventh decimal, about 1 cm.
func degrees(d float64) string {
	text := strings.TrimRight(strings.TrimRight(strconv.FormatFloat(d, 'f', 7, 64), "0"), ".")
	if text == "-0" {
		return "0"
	}
	return text
}

// GPX makes a GPX 1.1 file: a waypoint for each stop, with the time of arrival, and a track for each day.
func GPX(s Sheet) (File, error) {
	g := gpxFile{Version: "1.1", Creator: "TripGen", Metadata: gpxMetadata{Name: s.TripName}}
	if t := s.Itinerary.GetCreateTime(); t != nil {
		g.Metadata.Time = t.AsTime().Format(time.RFC3339)
	}
	for _, d := range s.Days() {
		for i, n := range numbers(d) {
			if stop := d.GetStops()[i]; stop.GetLocation() != nil {
				g.Waypoints = append(g.Waypoints, s.waypoint(d, stop, n))
			}
		}
		g.Tracks = append(g.Tracks, s.track(d))
	}
	data, err := xml.MarshalIndent(g, "", " ")
	if err != nil {
		return File{}, fmt.Errorf("write GPX: %w", err)
	}
	return s.File("gpx", "application/gpx+xml", append([]byte(xml.Header), data...)), nil
}

func (s Sheet) waypoint(d *typev1.Day, stop *typev1.Stop, number int) gpxWaypoint {
	name := s.text(stop.GetName())
	if number > 0 {
		name = fmt.Sprintf("%d-%d %s", d.GetNumber(), number, name)
	}
	return gpxWaypoint{
		gpxPoint: gpxAt(stop.GetLocation()), Name: name, Comment: s.localName(stop), Type: kindKeys[stop.GetKind()],
		Time:        instant(d, stop.GetArrive()).UTC().Format(time.RFC3339),
		Description: fmt.Sprintf("%s–%s", clock(stop.GetArrive()), clock(stop.GetLeave())),
	}
}

func (s Sheet) track(d *typev1.Day) gpxTrack {
	track := gpxTrack{Name: s.dayTitle(d), Number: d.GetNumber()}
	for i := range d.GetLegs() {
		var segment gpxSegment
		for _, p := range line(d, i) {
			segment.Points = append(segment.Points, gpxAt(p))
		}
		if len(segment.Points) > 0 {
			track.Segments = append(track.Segments, segment)
		}
	}
	return track
}

// dayTitle is "Day 2 · Munich".
func (s Sheet) dayTitle(d *typev1.Day) string {
	title := fmt.Sprintf(s.say("%d일차", "Day %d"), d.GetNumber())
	if city := s.text(d.GetCity()); city != "" {
		title += " · " + city
	}
	return title
}
