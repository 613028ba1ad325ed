package export_test

import (
	"bytes"
	"encoding/xml"
	"os/exec"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip/export"
)

// sheets are itineraries of every kind that is exported.
func sheets() map[string]export.Sheet {
	oneDay := sheet(3, 4)
	oneDay.Day = 2
	dateLine := sheet(1, 3)
	for i, lng := range []float64{179.9, 180, -180, -179.95} {
		dateLine.Itinerary.Days[0].Stops[i].Location = &typev1.LatLng{Latitude: -16.8, Longitude: lng}
	}
	free := sheet(2, 0)
	free.Itinerary.Days[0].Stops, free.Itinerary.Days[0].Legs = nil, nil
	nowhere := sheet(1, 2)
	nowhere.Itinerary.Days[0].Stops[1].Location = nil
	return map[string]export.Sheet{
		"two days": sheet(2, 4), "one day of three": oneDay, "fourteen days of ten stops": sheet(14, 10),
		"over the date line": dateLine, "with a free day": free, "a stop without a place on the map": nowhere,
		"nothing": {TripName: "x", Itinerary: new(typev1.Itinerary)},
	}
}

// xmllint validates XML by the schema of GPX 1.1 and says what is wrong with it.
func xmllint(t *testing.T, data []byte) (string, error) {
	t.Helper()
	program, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("needs xmllint (Debian's libxml2-utils)")
	}
	validate := exec.CommandContext(t.Context(), program, "--noout", "--nonet", "--schema", "testdata/gpx-1.1.xsd", "-")
	validate.Stdin = bytes.NewReader(data)
	said, err := validate.CombinedOutput()
	return string(said), err
}

// [T11] GPX keeps the schema of GPX 1.1, by another program and the schema as TopoGrafix publishes it.
func TestGPXKeepsItsSchema(t *testing.T) {
	t.Parallel()
	for name, s := range sheets() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := export.GPX(s)
			if err != nil {
				t.Fatal(err)
			}
			if said, err := xmllint(t, f.Data); err != nil {
				t.Errorf("%v: %s\n%s", err, said, f.Data)
			}
		})
	}
	// The schema is one that refuses: what is out of its order or range is told.
	f, err := export.GPX(sheet(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, spoil := range [][2]string{{`lat="52.52"`, `lat="92.52"`}, {"<name>봄", "<shout>!</shout><name>봄"}, {`version="1.1"`, `version="1.2"`}} {
		spoiled := strings.Replace(string(f.Data), spoil[0], spoil[1], 1)
		if said, err := xmllint(t, []byte(spoiled)); spoiled == string(f.Data) || err == nil {
			t.Errorf("with %q the file is %q", spoil[1], said)
		}
	}
}

// [T11] A GPX file has a waypoint for each stop and a track of its legs for each day, with the names as they are.
func TestGPXHasAllStopsAndWays(t *testing.T) {
	t.Parallel()
	f, err := export.GPX(sheet(2, 4))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Waypoints []struct {
			Name string `xml:"name"`
		} `xml:"wpt"`
		Tracks []struct {
			Segments []struct{} `xml:"trkseg"`
		} `xml:"trk"`
	}
	if err := xml.Unmarshal(f.Data, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Waypoints) != 2*7 || len(got.Tracks) != 2 || len(got.Tracks[0].Segments)+len(got.Tracks[1].Segments) != 2*6 {
		t.Errorf("%d waypoints, tracks %v", len(got.Waypoints), got.Tracks)
	}
	if got.Waypoints[2].Name != "1-2 "+names[1] {
		t.Errorf("a waypoint is called %q", got.Waypoints[2].Name)
	}
}

// [T11] GeoJSON keeps the schema that the authors of RFC 7946 publish.
func TestGeoJSONKeepsItsSchema(t *testing.T) {
	t.Parallel()
	schema, err := jsonschema.NewCompiler().Compile("testdata/geojson-feature-collection.json")
	if err != nil {
		t.Fatal(err)
	}
	validate := func(data []byte) error {
		t.Helper()
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(document)
	}
	for name, s := range sheets() {
		f, err := export.GeoJSON(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(f.Data); err != nil {
			t.Errorf("%s: %v\n%s", name, err, f.Data)
		}
	}
	f, err := export.GeoJSON(sheet(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	for _, spoil := range [][2]string{{`"Point"`, `"Pint"`}, {`"properties":{`, `"properties":3,"were":{`}, {`[13.4,52.52]`, `[13.4]`}} {
		spoiled := strings.Replace(string(f.Data), spoil[0], spoil[1], 1)
		if spoiled == string(f.Data) || validate([]byte(spoiled)) == nil {
			t.Errorf("with %s the file is valid", spoil[1])
		}
	}
}
