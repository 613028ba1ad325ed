package trip_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/lang"
	"github.com/tripgen/tripgen/services/trip"
)

var june = trip.Date{Year: 2027, Month: 6, Day: 1}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// plannedDay has a walk outdoors at 10:00 and a museum at 14:00, planned with fair weather.
func plannedDay(t *testing.T, zoneName string) trip.PlannedDay {
	t.Helper()
	return trip.PlannedDay{
		Number: 1, Date: june, Zone: zone(t, zoneName),
		Weather: &trip.Weather{Kind: trip.Clear, Min: 14, Max: 22, Chance: 10, PM25: 8},
		Stops: []trip.PlannedStop{
			{ID: "stop_walk", Place: "builtin:garden", Name: lang.Text{Ko: "정원", En: "Garden"}, Outdoor: true, Arrive: 600, Leave: 660, ForRain: []string{"builtin:hall"}},
			{ID: "stop_museum", Place: "builtin:museum", Name: lang.Text{Ko: "박물관", En: "Museum"}, Arrive: 840, Leave: 960},
		},
	}
}

func fair() trip.Weather {
	return trip.Weather{Kind: trip.Clear, Min: 14, Max: 22, Chance: 10, PM25: 8}
}

// [T9] What changed is found, says why, which stops it hits and what to do; what did not change is not.
func TestWhatChangedSinceThePlanIsFound(t *testing.T) {
	t.Parallel()
	at := func(open, end int) trip.Hours {
		return trip.Hours{Known: true, Intervals: []trip.Interval{{Open: open, Close: end, LastEntry: end - 30}}}
	}
	wetAt := func(hours ...int) []bool {
		wet := make([]bool, 24)
		for _, h := range hours {
			wet[h] = true
		}
		return wet
	}
	for name, c := range map[string]struct {
		day    func(*trip.PlannedDay)
		now    func(*trip.Weather)
		museum *trip.Hours
		what   trip.What
		stops  []string
		ko, en string
		does   []trip.AlertAction
	}{
		"nothing": {},
		"rain": {
			now: func(w *trip.Weather) { w.Kind, w.Chance = trip.Rain, 80 }, what: trip.FoundRain, stops: []string{"stop_walk"},
			ko: "6월 1일: 계획할 때와 달리 비 예보가 있습니다(확률 80%). 야외 일정: 정원.", en: "1 June: rain is now forecast (80%)",
			does: []trip.AlertAction{trip.RegenerateDay, trip.ReplacePlace, trip.Keep},
		},
		"snow": {
			now: func(w *trip.Weather) { w.Kind, w.Chance = trip.Snow, 60 }, what: trip.FoundSnow, stops: []string{"stop_walk"},
			ko: "눈 예보", en: "snow is now", does: []trip.AlertAction{trip.RegenerateDay, trip.ReplacePlace, trip.Keep},
		},
		"rain that is not likely":    {now: func(w *trip.Weather) { w.Kind, w.Chance = trip.Rain, 30 }},
		"rain that was planned with": {day: func(d *trip.PlannedDay) { d.Weather.Kind, d.Weather.Chance = trip.Rain, 90 }, now: func(w *trip.Weather) { w.Kind, w.Chance = trip.Rain, 80 }},
		"rain in the usual weather":  {now: func(w *trip.Weather) { w.Kind, w.Chance, w.Normals = trip.Rain, 80, true }},
		"rain on nobody outdoors":    {day: func(d *trip.PlannedDay) { d.Stops = d.Stops[1:] }, now: func(w *trip.Weather) { w.Kind, w.Chance = trip.Rain, 80 }},
		"rain after the walk":        {now: func(w *trip.Weather) { w.Kind, w.Chance, w.Wet = trip.Rain, 80, wetAt(11, 12) }},
		"rain during the walk": {
			now: func(w *trip.Weather) { w.Kind, w.Chance, w.Wet = trip.Rain, 80, wetAt(10) }, what: trip.FoundRain, stops: []string{"stop_walk"},
			does: []trip.AlertAction{trip.RegenerateDay, trip.ReplacePlace, trip.Keep},
		},
		"rain where nothing was known": {
			day: func(d *trip.PlannedDay) { d.Weather = nil }, now: func(w *trip.Weather) { w.Kind, w.Chance = trip.Rain, 80 },
			what: trip.FoundRain, stops: []string{"stop_walk"}, does: []trip.AlertAction{trip.RegenerateDay, trip.ReplacePlace, trip.Keep},
		},
		"rain without another place": {
			day: func(d *trip.PlannedDay) { d.Stops[0].ForRain = nil }, now: func(w *trip.Weather) { w.Kind, w.Chance = trip.Rain, 80 },
			what: trip.FoundRain, stops: []string{"stop_walk"}, does: []trip.AlertAction{trip.RegenerateDay, trip.ReplacePlace, trip.Keep},
		},
		"9.9 degrees": {now: func(w *trip.Weather) { w.Max = 31.9 }},
		"hotter": {
			now: func(w *trip.Weather) { w.Max = 32 }, what: trip.FoundHotter, stops: []string{"stop_walk"},
			ko: "기온이 계획할 때보다 10도 높습니다(14~32 °C)", en: "10 °C warmer", does: []trip.AlertAction{trip.RegenerateDay, trip.Keep},
		},
		"colder nights": {
			now: func(w *trip.Weather) { w.Min = 3 }, what: trip.FoundColder, stops: []string{"stop_walk"},
			ko: "11도 낮습니다(3~22 °C)", en: "11 °C colder", does: []trip.AlertAction{trip.RegenerateDay, trip.Keep},
		},
		"a warning": {
			now: func(w *trip.Weather) { w.Warnings = []lang.Text{{Ko: "호우경보", En: "Heavy rain"}} }, what: trip.FoundWarning,
			stops: []string{"stop_walk", "stop_museum"}, ko: "기상 특보 — 호우경보", en: "weather warning — Heavy rain", does: []trip.AlertAction{trip.RegenerateDay, trip.Keep},
		},
		"a known warning": {day: func(d *trip.PlannedDay) { d.Weather.Warnings = []lang.Text{{Ko: "호우경보"}} }, now: func(w *trip.Weather) { w.Warnings = []lang.Text{{Ko: "호우경보"}} }},
		"bad air": {
			now: func(w *trip.Weather) { w.PM25 = 40 }, what: trip.FoundBadAir, stops: []string{"stop_walk"},
			ko: "초미세먼지가 나쁨입니다(40 µg/m³)", en: "the air is bad (PM2.5 40", does: []trip.AlertAction{trip.RegenerateDay, trip.ReplacePlace, trip.Keep},
		},
		"air that nobody knows": {now: func(w *trip.Weather) { w.PM25 = -1 }},
		"open":                  {museum: new(at(600, 1080))},
		"closed that day": {
			museum: &trip.Hours{Known: true}, what: trip.FoundClosed, stops: []string{"stop_museum"},
			ko: "6월 1일: 휴무일입니다: 박물관.", en: "Museum is closed that day", does: []trip.AlertAction{trip.RegenerateDay, trip.ReplacePlace, trip.Keep},
		},
		"closes before the end": {
			museum: new(at(600, 900)), what: trip.FoundClosed, stops: []string{"stop_museum"},
			ko: "방문 시간(14:00–16:00)에 열지 않습니다: 박물관(영업 10:00–15:00)", en: "not open for the visit at 14:00–16:00 (open 10:00–15:00)",
			does: []trip.AlertAction{trip.RegenerateDay, trip.ReplacePlace, trip.Keep},
		},
		"nobody knows": {museum: &trip.Hours{}},
		"gone": {
			museum: &trip.Hours{Gone: true}, what: trip.FoundGone, stops: []string{"stop_museum"},
			ko: "더 이상 운영하지 않는 곳이 있습니다: 박물관.", en: "Museum is not there any more", does: []trip.AlertAction{trip.RegenerateDay, trip.ReplacePlace, trip.Keep},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, w := plannedDay(t, "Asia/Seoul"), fair()
			if c.day != nil {
				c.day(&d)
			}
			if c.now != nil {
				c.now(&w)
			}
			look := trip.Look{At: time.Date(2027, 5, 30, 0, 0, 0, 0, time.UTC), Weather: map[trip.Date]trip.Weather{june: w}, Hours: map[trip.VisitDay]trip.Hours{}}
			if c.museum != nil {
				look.Hours[trip.VisitDay{Place: "builtin:museum", Date: june}] = *c.museum
			}
			found := look.Findings([]trip.PlannedDay{d})
			if c.what == "" {
				if len(found) > 0 {
					t.Fatalf("found %+v", found)
				}
				return
			}
			if len(found) != 1 {
				t.Fatalf("found %+v, want one", found)
			}
			a := found[0]
			if a.Cause.What != c.what || a.Cause.Date != june || a.Day != 1 || !slices.Equal(a.Stops, c.stops) || !slices.Equal(a.Actions, c.does) {
				t.Errorf("found %+v", a)
			}
			if !strings.Contains(a.Ko, c.ko) || !strings.Contains(a.En, c.en) {
				t.Errorf("says %q and %q", a.Ko, a.En)
			}
		})
	}
}

// [T9] What is over is not looked at, as the clock is where the day is.
func TestOnlyWhatIsAheadIsFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone string
		at   time.Time
		hit  bool
	}{
		// The walk is from 10:00 to 11:00 on 1 June.
		{"Asia/Seoul", time.Date(2027, 6, 1, 1, 59, 0, 0, time.UTC), true},
		{"Asia/Seoul", time.Date(2027, 6, 1, 2, 0, 0, 0, time.UTC), false},
		{"Pacific/Kiritimati", time.Date(2027, 5, 31, 20, 59, 0, 0, time.UTC), true}, // UTC+14
		{"Pacific/Kiritimati", time.Date(2027, 5, 31, 21, 0, 0, 0, time.UTC), false},
		{"Pacific/Honolulu", time.Date(2027, 6, 1, 20, 59, 0, 0, time.UTC), true}, // UTC−10
		{"Pacific/Honolulu", time.Date(2027, 6, 2, 12, 0, 0, 0, time.UTC), false}, // the day is over
	} {
		w := fair()
		w.Kind, w.Chance = trip.Rain, 80
		found := trip.Look{At: c.at, Weather: map[trip.Date]trip.Weather{june: w}}.Findings([]trip.PlannedDay{plannedDay(t, c.zone)})
		if hit := len(found) == 1; hit != c.hit {
			t.Errorf("%s at %v: found %d", c.zone, c.at, len(found))
		}
	}
}

func tripIn(zones ...string) trip.Trip {
	t := trip.Trip{Start: june, Itinerary: 1}
	for _, z := range zones {
		t.Destinations = append(t.Destinations, trip.Destination{Nights: 2, Zone: z})
	}
	return t
}

// [T9] Trips are looked after daily at 7:00 where the group is, from a week before until the day after.
func TestTripsAreLookedAfterDailyInTheirZone(t *testing.T) {
	t.Parallel()
	at := func(month time.Month, day, hour int) time.Time {
		return time.Date(2027, month, day, hour, 0, 0, 0, time.UTC)
	}
	for name, c := range map[string]struct {
		trip trip.Trip
		// looks are the first ones, each looked after when it was due.
		looks []time.Time
		count int
	}{
		"Seoul":      {tripIn("Asia/Seoul"), []time.Time{at(5, 24, 22), at(5, 25, 22)}, 11},
		"Honolulu":   {tripIn("Pacific/Honolulu"), []time.Time{at(5, 25, 17), at(5, 26, 17)}, 11},
		"Kiritimati": {tripIn("Pacific/Kiritimati"), []time.Time{at(5, 24, 17)}, 11},
		// Over the date line: 3 June is looked after from Honolulu, 19 hours behind.
		"Seoul, then Honolulu": {tripIn("Asia/Seoul", "Pacific/Honolulu"), []time.Time{
			at(5, 24, 22), at(5, 25, 22), at(5, 26, 22), at(5, 27, 22), at(5, 28, 22), at(5, 29, 22), at(5, 30, 22), at(5, 31, 22),
			at(6, 1, 22), at(6, 3, 17),
		}, 13},
		"unknown zones": {tripIn(""), []time.Time{at(5, 25, 7)}, 11},
	} {
		var looks []time.Time
		for {
			next, ok := c.trip.NextLook()
			if !ok {
				break
			}
			if !next.After(c.trip.Looked) {
				t.Fatalf("%s: %v follows %v", name, next, c.trip.Looked)
			}
			looks = append(looks, next)
			c.trip.Looked = next
		}
		if len(looks) != c.count || !slices.EqualFunc(looks[:len(c.looks)], c.looks, time.Time.Equal) {
			t.Errorf("%s: %d looks: %v", name, len(looks), looks)
		}
	}
	spring := tripIn("Europe/Berlin")
	spring.Start = trip.Date{Year: 2027, Month: 3, Day: 28} // clocks are put forward that night
	spring.Looked = time.Date(2027, 3, 27, 6, 0, 0, 0, time.UTC)
	if next, _ := spring.NextLook(); !next.Equal(time.Date(2027, 3, 28, 5, 0, 0, 0, time.UTC)) {
		t.Errorf("after clocks are put forward: %v", next)
	}
	missed := tripIn("Asia/Seoul")
	missed.Looked = at(4, 1, 0) // when it was generated
	if next, _ := missed.NextLook(); !next.Equal(at(5, 24, 22)) {
		t.Errorf("generated early: %v", next)
	}
	for name, none := range map[string]trip.Trip{
		"no itinerary": {Start: june, Destinations: missed.Destinations},
		"no date":      {Itinerary: 1, Destinations: missed.Destinations},
		"deleted":      {Start: june, Itinerary: 1, Destinations: missed.Destinations, Deleted: at(5, 1, 0)},
	} {
		if next, ok := none.NextLook(); ok || !none.StaleFrom(at(5, 1, 0)).IsZero() {
			t.Errorf("%s: looked after at %v", name, next)
		}
	}
}

// [T9] A view calls for a look once a day of the trip's zone.
func TestAViewCallsForALookOnceADay(t *testing.T) {
	t.Parallel()
	day := tripIn("Asia/Seoul")
	day.Looked = time.Date(2027, 5, 10, 16, 0, 0, 0, time.UTC) // 1:00 on the 11th
	if from := day.StaleFrom(day.Looked); !from.Equal(time.Date(2027, 5, 11, 15, 0, 0, 0, time.UTC)) {
		t.Errorf("stale from %v", from)
	}
	if from := day.StaleFrom(time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC)); !from.IsZero() {
		t.Errorf("a past trip is stale from %v", from)
	}
}
