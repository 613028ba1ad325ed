package export_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/lang"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip/export"
)

func at(minutes int32) *typev1.TimeOfDay { return &typev1.TimeOfDay{Minutes: minutes} }

func both(text string) *typev1.LocalizedText { return &typev1.LocalizedText{Ko: text, En: text} }

// names are of every script that has to be shown, and of every length.
var names = []string{
	"경복궁", "Schloss Nymphenburg, Ost; Flügel", "渋谷・駒ヶ峠", "故宫博物院", "ひらがなカフェ & バー", "Musée d’Orsay",
	"세상에서 가장 긴 이름을 가진 어느 작은 골목 안의 아주 오래된 국수집 본점", "Łazienki Królewskie w Warszawie", "A <b>", "서울\\역",
}

// itinerary has days of this many numbered stops, a rest after each third, and the lodging at both ends.
func itinerary(days, stops int) *typev1.Itinerary {
	it := &typev1.Itinerary{Version: 2, Revision: 3, CreateTime: timestamppb.New(time.Date(2027, 5, 1, 8, 0, 0, 0, time.UTC))}
	for n := range days {
		d := &typev1.Day{
			Number: int32(n + 1), Date: &typev1.Date{Year: 2027, Month: 3, Day: int32(27 + n)}, City: both("Berlin"),
			TimeZone: "Europe/Berlin", Notes: []*typev1.LocalizedText{both("비가 올 수 있습니다")}, Bring: []*typev1.LocalizedText{both("우산")},
			Weather: &typev1.DayWeather{Kind: typev1.WeatherKind_WEATHER_KIND_RAIN, MinCelsius: -3, MaxCelsius: 5},
		}
		add := func(kind typev1.StopKind, name string, arrive, leave int32, place *typev1.LatLng) {
			d.Stops = append(d.Stops, &typev1.Stop{
				Id: fmt.Sprintf("stop_%d_%d", n, len(d.GetStops())), Kind: kind, Name: both(name), Location: place, Arrive: at(arrive), Leave: at(leave),
				Opening: &typev1.OpeningInterval{Open: at(540), Close: at(1320)}, Note: both("표는 미리 사세요; 줄이 깁니다"),
			})
		}
		home := &typev1.LatLng{Latitude: 52.52, Longitude: 13.4}
		add(typev1.StopKind_STOP_KIND_LODGING, "숙소", 540, 540, home)
		for i := range stops {
			place := &typev1.LatLng{Latitude: 52.5 + float64(i%4)/100, Longitude: 13.35 + float64(i)/100}
			add(typev1.StopKind_STOP_KIND_VISIT, names[(n+i)%len(names)], int32(560+80*i), int32(620+80*i), place)
			if i%3 == 2 {
				add(typev1.StopKind_STOP_KIND_REST, "휴식", int32(620+80*i), int32(635+80*i), place)
			}
		}
		add(typev1.StopKind_STOP_KIND_LODGING, "숙소", 1430, 1450, home)
		for i := range len(d.GetStops()) - 1 {
			leg := &typev1.Leg{Mode: typev1.LegMode(1 + i%4), Minutes: 9, Metres: 700, Kilocalories: 40, Source: &typev1.Source{Provider: "estimate"}}
			if d.GetStops()[i+1].GetKind() == typev1.StopKind_STOP_KIND_REST {
				leg.Metres = 0
			}
			d.Legs = append(d.Legs, leg)
		}
		it.Days = append(it.Days, d)
	}
	return it
}

func sheet(days, stops int) export.Sheet {
	return export.Sheet{TripName: "봄/여행: 베를린", Itinerary: itinerary(days, stops), Language: lang.Korean}
}

// [T11] Files are named by the trip, the day and the date, as file systems take it.
func TestFileNames(t *testing.T) {
	t.Parallel()
	s := sheet(2, 1)
	if got := s.File("pdf", "", nil).Name; got != "봄-여행- 베를린_20270327.pdf" {
		t.Errorf("got %q", got)
	}
	s.Day, s.TripName = 2, " . "
	if got := s.File("png", "", nil).Name; got != "trip_Day2_20270328.png" {
		t.Errorf("got %q", got)
	}
}

// [T11] The calendar keeps RFC 5545: lines end with CRLF and have at most 75 octets, texts are escaped, times are
// instants, also on a day when clocks change and after midnight.
func TestICSIsStrict(t *testing.T) {
	t.Parallel()
	s := sheet(2, 4)
	s.Itinerary.Days[1].Stops[1].Leave = at(1470) // until half past midnight
	f := export.ICS(s)
	if f.MediaType != "text/calendar; charset=utf-8" || !strings.HasSuffix(f.Name, ".ics") {
		t.Errorf("got %s as %s", f.Name, f.MediaType)
	}
	text := string(f.Data)
	if !strings.HasSuffix(text, "\r\n") || strings.Count(text, "\n") != strings.Count(text, "\r\n") {
		t.Error("a line does not end with CRLF")
	}
	for line := range strings.SplitSeq(text, "\r\n") {
		if len(line) > 75 {
			t.Errorf("%d octets: %q", len(line), line)
		}
	}
	calendar, err := ics.ParseCalendar(bytes.NewReader(f.Data))
	if err != nil {
		t.Fatal(err)
	}
	events := calendar.Events()
	if len(events) != 8 {
		t.Fatalf("%d events, want 8 (no rests, no nights)", len(events))
	}
	seen := map[string]bool{}
	for _, e := range events {
		for _, need := range []ics.ComponentProperty{
			ics.ComponentPropertyUniqueId, ics.ComponentPropertyDtstamp, ics.ComponentPropertyDtStart, ics.ComponentPropertySummary,
		} {
			if e.GetProperty(need) == nil {
				t.Errorf("no %s", need)
			}
		}
		seen[e.Id()] = true
	}
	if len(seen) != len(events) {
		t.Error("two events have one UID")
	}
	// On 27 March Berlin is at UTC+1, from the 28th at UTC+2.
	for i, want := range map[int]string{0: "2027-03-27T08:20:00Z", 4: "2027-03-28T07:20:00Z"} {
		if start, err := events[i].GetStartAt(); err != nil || start.UTC().Format(time.RFC3339) != want {
			t.Errorf("event %d starts %v, %v; want %s", i, start, err, want)
		}
	}
	if end, err := events[4].GetEndAt(); err != nil || end.UTC().Format(time.RFC3339) != "2027-03-28T22:30:00Z" {
		t.Errorf("ends %v, %v", end, err)
	}
	if got := events[1].GetProperty(ics.ComponentPropertySummary).Value; got != names[1] {
		t.Errorf("got %q, want %q", got, names[1])
	}
	if !strings.Contains(text, `SUMMARY:Schloss Nymphenburg\, Ost\; Flügel`) {
		t.Error("commas and semicolons are not escaped")
	}
}

// [T11] GeoJSON keeps RFC 7946: longitude first, features with properties, no foreign reference system.
func TestGeoJSONKeepsTheRFC(t *testing.T) {
	t.Parallel()
	s := sheet(2, 4)
	s.Day = 2
	f, err := export.GeoJSON(s)
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Type     string `json:"type"`
		CRS      any    `json:"crs"`
		Features []struct {
			Type       string         `json:"type"`
			ID         string         `json:"id"`
			Properties map[string]any `json:"properties"`
			Geometry   struct {
				Type        string          `json:"type"`
				Coordinates json.RawMessage `json:"coordinates"`
			} `json:"geometry"`
		} `json:"features"`
	}
	decoder := json.NewDecoder(bytes.NewReader(f.Data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&all); err != nil {
		t.Fatal(err)
	}
	if all.Type != "FeatureCollection" || all.CRS != nil {
		t.Errorf("got %s", f.Data)
	}
	kinds := map[string]int{}
	for _, feature := range all.Features {
		kinds[feature.Geometry.Type]++
		if feature.Type != "Feature" || feature.Properties["day"] != float64(2) {
			t.Errorf("got %+v", feature)
		}
		var points [][]float64
		switch feature.Geometry.Type {
		case "Point":
			points = [][]float64{nil}
			err = json.Unmarshal(feature.Geometry.Coordinates, &points[0])
		case "LineString":
			err = json.Unmarshal(feature.Geometry.Coordinates, &points)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range points {
			if len(p) != 2 || p[0] < 13 || p[0] > 14 || p[1] < 52 || p[1] > 53 {
				t.Errorf("position %v, want longitude first", p)
			}
		}
	}
	if kinds["Point"] != 7 || kinds["LineString"] != 6 {
		t.Errorf("got %v", kinds)
	}
}
