package trip

import (
	"math"
	"slices"

	"github.com/tripgen/tripgen/internal/lang"
)

const (
	// degrees is the change of a day's highest or lowest temperature that is worth an alert, in °C.
	degrees = 10
	// badPM25 is PM2.5 in µg/m³ from which Korea's scale calls the air bad, as the planner has it.
	badPM25 = 36
)

// Findings says what changed between what the days were planned with and the look, as alerts without ids, by day. It
// goes by the days and stops that are still ahead.
func (l Look) Findings(days []PlannedDay) []Alert {
	var found []Alert
	for _, d := range days {
		if d.isOver(l.At) {
			continue
		}
		f := findings{day: d, ahead: d.ahead(l.At)}
		if w, ok := l.Weather[d.Date]; ok {
			if !w.Normals {
				f.precipitation(w)
				f.temperature(w)
				f.warnings(w)
			}
			f.air(w)
		}
		for _, s := range f.ahead {
			if h, ok := l.Hours[VisitDay{s.Place, d.Date}]; ok && s.Place != "" {
				f.place(s, h)
			}
		}
		found = append(found, f.alerts...)
	}
	return found
}

// findings are those of a day.
type findings struct {
	day    PlannedDay
	ahead  []PlannedStop
	alerts []Alert
}

func (f *findings) add(kind AlertKind, c Cause, hit []PlannedStop, text lang.Text, actions ...AlertAction) {
	c.Date = f.day.Date
	a := Alert{Kind: kind, Day: f.day.Number, Cause: c, Ko: text.Ko, En: text.En, Actions: append(actions, Keep)}
	for _, s := range hit {
		a.Stops = append(a.Stops, s.ID)
	}
	f.alerts = append(f.alerts, a)
}

// outdoors are the stops ahead under the open sky for which more holds.
func (f *findings) outdoors(more func(PlannedStop) bool) []PlannedStop {
	var hit []PlannedStop
	for _, s := range f.ahead {
		if s.Outdoor && more(s) {
			hit = append(hit, s)
		}
	}
	return hit
}

func always(PlannedStop) bool { return true }

// precipitation finds rain or snow on a day that was planned as dry, where it falls on somebody.
func (f *findings) precipitation(now Weather) {
	if planned := f.day.Weather; !now.IsWet() || planned != nil && !planned.Normals && planned.IsWet() {
		return
	}
	hit := f.outdoors(now.wetDuring)
	if len(hit) == 0 {
		return
	}
	what := map[WeatherKind]What{Rain: FoundRain, Snow: FoundSnow, Storm: FoundStorm}[now.Kind]
	f.add(AlertWeather, Cause{What: what}, hit, wetText(f.day.Date, what, now.Chance, hit), RegenerateDay, ReplacePlace)
}

// temperature finds a day that becomes hotter or colder than planned. It needs to know what was planned with, be it the
// usual weather.
func (f *findings) temperature(now Weather) {
	planned := f.day.Weather
	if planned == nil || planned.Kind == 0 {
		return
	}
	by := now.Max - planned.Max
	if low := now.Min - planned.Min; math.Abs(low) > math.Abs(by) {
		by = low
	}
	if math.Abs(by) < degrees {
		return
	}
	what := FoundHotter
	if by < 0 {
		what = FoundColder
	}
	f.add(AlertWeather, Cause{What: what}, f.outdoors(always), temperatureText(f.day.Date, what, by, now), RegenerateDay)
}

// warnings finds those that are new; they hit the whole day.
func (f *findings) warnings(now Weather) {
	for _, warning := range now.Warnings {
		if planned := f.day.Weather; planned != nil && slices.Contains(planned.Warnings, warning) {
			continue
		}
		f.add(AlertWeather, Cause{What: FoundWarning, Text: warning.In(lang.English)}, f.ahead,
			warningText(f.day.Date, warning), RegenerateDay)
	}
}

// air finds air that has become bad where somebody is out in it.
func (f *findings) air(now Weather) {
	if planned := f.day.Weather; now.PM25 < badPM25 || planned != nil && planned.PM25 >= badPM25 {
		return
	}
	if hit := f.outdoors(always); len(hit) > 0 {
		f.add(AlertAir, Cause{What: FoundBadAir}, hit, airText(f.day.Date, now.PM25, hit), RegenerateDay, ReplacePlace)
	}
}

// place finds a place that is gone, or not open for the visit.
func (f *findings) place(s PlannedStop, h Hours) {
	switch {
	case h.Gone:
		f.add(AlertPlaceClosed, Cause{What: FoundGone, Place: s.Place}, []PlannedStop{s},
			goneText(f.day.Date, s), RegenerateDay, ReplacePlace)
	case !h.admits(s):
		f.add(AlertPlaceClosed, Cause{What: FoundClosed, Place: s.Place}, []PlannedStop{s},
			closedText(f.day.Date, s, h), RegenerateDay, ReplacePlace)
	}
}
