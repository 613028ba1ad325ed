// Package export turns an itinerary into files and pictures: PDF, PNG, calendar, GPX and GeoJSON.
package export

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"

	"github.com/tripgen/tripgen/internal/lang"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// Sheet is what is exported.
type Sheet struct {
	// TripName names the file, too.
	TripName string
	// Itinerary has the days that are exported, all or one.
	Itinerary *typev1.Itinerary
	// Day is the one day that is exported, from 1; 0 for all.
	Day int
	// Language of the texts.
	Language lang.Lang
}

// File is an export.
type File struct {
	// Name is NAME_YYYYMMDD.ext with the date of its first day, or NAME_DayN_YYYYMMDD.ext for one day.
	Name      string
	MediaType string
	Data      []byte
}

// Days are the days of the sheet.
func (s Sheet) Days() []*typev1.Day {
	var days []*typev1.Day
	for _, d := range s.Itinerary.GetDays() {
		if s.Day == 0 || int(d.GetNumber()) == s.Day {
			days = append(days, d)
		}
	}
	return days
}

// File names an export.
func (s Sheet) File(extension, mediaType string, data []byte) File {
	var name strings.Builder
	name.WriteString(safeName(s.TripName))
	if s.Day > 0 {
		fmt.Fprintf(&name, "_Day%d", s.Day)
	}
	if days := s.Days(); len(days) > 0 {
		d := days[0].GetDate()
		fmt.Fprintf(&name, "_%04d%02d%02d", d.GetYear(), d.GetMonth(), d.GetDay())
	}
	return File{Name: name.String() + "." + extension, MediaType: mediaType, Data: data}
}

// maxNameBytes leaves room for the rest of a file's name in the 255 bytes that file systems take.
const maxNameBytes = 180

// safeName leaves out what file systems do not take, and what would make a name look like another: marks that turn the
// direction of writing, and two ways to write one letter. It cuts between characters as people see them.
func safeName(s string) string {
	var name strings.Builder
	for rest, state := norm.NFC.String(strings.ToValidUTF8(s, "-")), -1; rest != ""; {
		var character string
		character, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		character = strings.Map(safeRune, character)
		if name.Len()+len(character) > maxNameBytes {
			break
		}
		name.WriteString(character)
	}
	if kept := strings.Trim(name.String(), " ."); kept != "" {
		return kept
	}
	return "trip"
}

func safeRune(r rune) rune {
	const joiner = '\u200d' // holds the parts of an emoji together
	switch {
	case strings.ContainsRune(`/\:*?"<>|`, r), unicode.IsControl(r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
		return '-'
	case unicode.Is(unicode.Cf, r) && r != joiner:
		return -1
	}
	return r
}

// text is a text in the sheet's language, else in any.
func (s Sheet) text(t *typev1.LocalizedText) string {
	first, second := t.GetKo(), t.GetEn()
	if s.Language == lang.English {
		first, second = second, first
	}
	for _, text := range []string{first, second, t.GetLocal()} {
		if text != "" {
			return text
		}
	}
	return ""
}

// localName is a stop's name as it stands on signs, where it is not what is shown already.
func (s Sheet) localName(stop *typev1.Stop) string {
	if local := stop.GetName().GetLocal(); local != s.text(stop.GetName()) {
		return local
	}
	return ""
}

// say picks one of two texts by the sheet's language.
func (s Sheet) say(ko, en string) string { return lang.Text{Ko: ko, En: en}.In(s.Language) }

// zone is a day's time zone; UTC where this build does not know it.
func zone(d *typev1.Day) *time.Location {
	zone, err := time.LoadLocation(d.GetTimeZone())
	if err != nil || d.GetTimeZone() == "" {
		return time.UTC
	}
	return zone
}

// instant is a wall-clock time of a day; it may lie after midnight.
func instant(d *typev1.Day, t *typev1.TimeOfDay) time.Time {
	date := d.GetDate()
	return time.Date(int(date.GetYear()), time.Month(date.GetMonth()), int(date.GetDay()), 0, int(t.GetMinutes()), 0, 0, zone(d))
}

// clock is a time of day as HH:MM; midnight at the end of a day is 24:00.
func clock(t *typev1.TimeOfDay) string {
	m := t.GetMinutes()
	if m > 24*60 {
		m -= 24 * 60
	}
	return fmt.Sprintf("%02d:%02d", m/60, m%60)
}

// numbered tells whether a stop gets a number on maps and lists: rests and where the group sleeps do not.
func numbered(s *typev1.Stop) bool {
	return s.GetKind() == typev1.StopKind_STOP_KIND_VISIT || s.GetKind() == typev1.StopKind_STOP_KIND_MEAL
}

// numbers are those of a day's stops, from 1; 0 for one without.
func numbers(d *typev1.Day) []int {
	all, n := make([]int, len(d.GetStops())), 0
	for i, s := range d.GetStops() {
		if numbered(s) {
			n++
			all[i] = n
		}
	}
	return all
}

// line is the way of a leg: as routed, else straight.
func line(d *typev1.Day, leg int) []*typev1.LatLng {
	if way := d.GetLegs()[leg].GetGeometry(); len(way) > 1 {
		return way
	}
	if leg+1 >= len(d.GetStops()) {
		return nil
	}
	from, to := d.GetStops()[leg].GetLocation(), d.GetStops()[leg+1].GetLocation()
	if from == nil || to == nil {
		return nil
	}
	return []*typev1.LatLng{from, to}
}

var modeNames = map[typev1.LegMode]lang.Text{
	typev1.LegMode_LEG_MODE_WALK:    {Ko: "도보", En: "Walk"},
	typev1.LegMode_LEG_MODE_TRANSIT: {Ko: "대중교통", En: "Public transport"},
	typev1.LegMode_LEG_MODE_CAR:     {Ko: "자동차", En: "Car"},
	typev1.LegMode_LEG_MODE_TAXI:    {Ko: "택시", En: "Taxi"},
}

var modeKeys = map[typev1.LegMode]string{
	typev1.LegMode_LEG_MODE_WALK: "walk", typev1.LegMode_LEG_MODE_TRANSIT: "transit",
	typev1.LegMode_LEG_MODE_CAR: "car", typev1.LegMode_LEG_MODE_TAXI: "taxi",
}

var kindKeys = map[typev1.StopKind]string{
	typev1.StopKind_STOP_KIND_VISIT: "visit", typev1.StopKind_STOP_KIND_MEAL: "meal", typev1.StopKind_STOP_KIND_REST: "rest",
	typev1.StopKind_STOP_KIND_LODGING: "lodging", typev1.StopKind_STOP_KIND_ARRIVAL: "arrival",
	typev1.StopKind_STOP_KIND_DEPARTURE: "departure",
}
