package osm_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/osm"
)

var loaded = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)

// extract is testdata/munich.osm, made a .osm.pbf by osmium.
func extract(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/munich.osm.pbf")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func inMunich(location.Point) string { return "munich" }

func read(t *testing.T) map[string]location.Place {
	t.Helper()
	places, err := osm.Read(t.Context(), bytes.NewReader(extract(t)), inMunich, loaded)
	if err != nil {
		t.Fatal(err)
	}
	byID := make(map[string]location.Place)
	for _, p := range places {
		byID[p.ID] = p
	}
	return byID
}

// [L3] Imported OpenStreetMap extracts.
func TestAnExtractGivesItsPlacesAndNothingElse(t *testing.T) {
	t.Parallel()
	places := read(t)
	want := map[string]location.Category{
		"osm:node-1": "sight", "osm:node-2": location.Food, "osm:node-3": location.Laundry, "osm:node-6": location.Cafe,
		"osm:way-100": "park", "osm:way-103": location.Parking, "osm:relation-1000": "museum",
	}
	for id, category := range want {
		if p, ok := places[id]; !ok || p.Category != category || p.CityID != "munich" || p.Source.Attribution != osm.Attribution {
			t.Errorf("%s is %+v", id, p)
		}
	}
	if len(places) != len(want) {
		t.Errorf("%d places, want %d", len(places), len(want))
	}
}

func TestTagsAreReadAndNothingIsGuessed(t *testing.T) {
	t.Parallel()
	places := read(t)
	inn := places["osm:node-2"]
	if inn.Schedule == nil || inn.StepFree == nil || !*inn.StepFree || inn.Cuisine != "bavarian" || inn.Phone == "" ||
		inn.Address != "Beispielweg 1, 80331 München" {
		t.Errorf("the restaurant is %+v", inn)
	}
	laundry := places["osm:node-3"]
	if laundry.Hours != "" || laundry.Schedule != nil || laundry.StepFree == nil || *laundry.StepFree || laundry.Name.Local != "Schnell & Sauber" {
		t.Errorf("the laundry is %+v", laundry)
	}
	if cafe := places["osm:node-6"]; cafe.StepFree != nil || cafe.Popularity != 0 {
		t.Errorf("the café is %+v", cafe)
	}
	if square := places["osm:node-1"]; square.Name.Ko != "마리엔 광장" || square.Popularity != 0.5 {
		t.Errorf("the square is %+v", square)
	}
	if garden := places["osm:way-100"]; garden.Point.DistanceTo(location.Point{Lat: 48.155, Lng: 11.595}) > 1 || garden.Name.En != "English Garden" {
		t.Errorf("the garden is %+v", garden)
	}
	if museum := places["osm:relation-1000"]; museum.Point.DistanceTo(location.Point{Lat: 48.171, Lng: 11.611}) > 300 {
		t.Errorf("the museum is at %v", museum.Point)
	}
}

func TestWhatIsNoWholeExtractGivesNoPlaces(t *testing.T) {
	t.Parallel()
	whole := extract(t)
	broken := map[string][]byte{
		"empty": nil, "text": []byte("not a PBF"), "XML": []byte(`<?xml version="1.0"?><osm/>`), "zeros": make([]byte, 4096),
		"a length of 4 GB": append([]byte{0xff, 0xff, 0xff, 0xff}, whole...),
	}
	for _, share := range []int{25, 50, 75, 90, 99} {
		broken["cut at "+string(rune('0'+share/10))+"0%"] = whole[:len(whole)*share/100]
	}
	for name, data := range broken {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			places, err := osm.Read(t.Context(), bytes.NewReader(data), inMunich, loaded)
			if !errors.Is(err, osm.ErrNotExtract) || len(places) > 0 {
				t.Errorf("%d places, %v", len(places), err)
			}
		})
	}
}

func TestHoursOfAnyLengthStayUnknown(t *testing.T) {
	t.Parallel()
	for name, hours := range map[string]string{"64 KB": strings.Repeat("Mo 09:00-10:00; ", 4096), "control characters": "\x00\x1b[31m", "not UTF-8": "\xff\xfe"} {
		p := location.Place{Hours: hours}
		if p.ReadHours() == nil || p.Schedule != nil {
			t.Errorf("%s are understood", name)
		}
	}
}
