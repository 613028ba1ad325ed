package terminal

import (
	"bytes"
	"strings"
	"testing"

	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

func at(hour, minute int32) *typev1.TimeOfDay { return &typev1.TimeOfDay{Minutes: 60*hour + minute} }

func aDay() *typev1.Itinerary {
	return &typev1.Itinerary{Days: []*typev1.Day{{
		Number: 1, Date: &typev1.Date{Year: 2026, Month: 12, Day: 1}, City: &typev1.LocalizedText{Ko: "제주", En: "Jeju"},
		Stops: []*typev1.Stop{
			{
				Kind: typev1.StopKind_STOP_KIND_VISIT, Name: &typev1.LocalizedText{Ko: "국립제주박물관", En: "Jeju National Museum"},
				Arrive: at(13, 0), Leave: at(14, 0), Category: "museum",
			},
			{
				Kind: typev1.StopKind_STOP_KIND_REST, Name: &typev1.LocalizedText{Ko: "박물관 근처에서 휴식", En: "Rest near the museum"},
				Arrive: at(14, 0), Leave: at(14, 20),
			},
			{
				Kind: typev1.StopKind_STOP_KIND_MEAL, Name: &typev1.LocalizedText{Ko: "올래국수", En: "Olle Guksu"},
				Arrive: at(17, 30), Leave: at(18, 30), Category: "food",
			},
		},
		Legs: []*typev1.Leg{{}, {Mode: typev1.LegMode_LEG_MODE_CAR, Minutes: 10, Metres: 3000}},
	}}}
}

// Each language has its own words throughout, and the names of stops begin in one column, whatever the locale.
func TestTimetableInBothLanguages(t *testing.T) {
	t.Setenv("LC_ALL", "ko_KR.UTF-8")
	for _, c := range []struct {
		language    string
		want, never []string
	}{
		{"ko", []string{"1일차", "박물관", "식사 · 음식점", "자유 시간 3시간", "자동차 10분"}, []string{"museum", "food", "free"}},
		{"en", []string{"Day 1", "museum", "meal · food", "free time 3 h", "car 10 min"}, []string{"박물관", "자유"}},
	} {
		var out bytes.Buffer
		Timetable(NewScreen(&out, c.language), aDay(), false)
		for _, want := range c.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: %q is not told:\n%s", c.language, want, out.String())
			}
		}
		for _, never := range c.never {
			if strings.Contains(out.String(), never) {
				t.Errorf("%s: %q is told:\n%s", c.language, never, out.String())
			}
		}
		for _, line := range strings.Split(out.String(), "\n") {
			for _, s := range aDay().GetDays()[0].GetStops() {
				name := s.GetName().GetEn()
				if c.language == "ko" {
					name = s.GetName().GetKo()
				}
				if i := strings.Index(line, name); i >= 0 && columns.StringWidth(line[:i]) != detailColumn {
					t.Errorf("%s: the name of %q begins in column %d, not %d", c.language, line, columns.StringWidth(line[:i]), detailColumn)
				}
			}
		}
	}
}
