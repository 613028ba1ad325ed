package export

import (
	"time"

	ics "github.com/arran4/golang-ical"

	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// zoneRules are the VTIMEZONE components of the days' zones but UTC, in order of appearance: the observances from the
// day before the zone's first day to some days after its last, since a plan's times may run past midnight.
func zoneRules(days []*typev1.Day) []*ics.VTimezone {
	type span struct{ from, to time.Time }
	var names []string
	spans := map[string]span{}
	for _, d := range days {
		start := instant(d, new(typev1.TimeOfDay))
		name := start.Location().String()
		if start.Location() == time.UTC {
			continue
		}
		s, known := spans[name]
		if !known {
			names = append(names, name)
			s.from = start.AddDate(0, 0, -1)
		}
		s.to = start.AddDate(0, 0, 3)
		spans[name] = s
	}
	var all []*ics.VTimezone
	for _, name := range names {
		zone := ics.NewTimezone(name)
		for t := spans[name].from; t.Before(spans[name].to); {
			start, end := t.ZoneBounds()
			zone.Components = append(zone.Components, observance(t, start))
			if end.IsZero() {
				break
			}
			t = end
		}
		all = append(all, zone)
	}
	return all
}

// observance is the rule that holds at t and has held since start, which is zero for a rule without beginning.
func observance(t, start time.Time) ics.Component {
	name, offset := t.Zone()
	before, onset := offset, "19700101T000000"
	if !start.IsZero() {
		_, before = start.Add(-time.Second).Zone()
		// The onset is told in the time that was on the clocks until then (RFC 5545, 3.6.5).
		onset = start.In(time.FixedZone("", before)).Format(localTime)
	}
	base := ics.ComponentBase{}
	base.SetProperty(ics.ComponentProperty(ics.PropertyDtstart), onset)
	base.SetProperty(ics.ComponentProperty(ics.PropertyTzoffsetfrom), utcOffset(before))
	base.SetProperty(ics.ComponentProperty(ics.PropertyTzoffsetto), utcOffset(offset))
	base.SetProperty(ics.ComponentProperty(ics.PropertyTzname), name)
	if t.IsDST() {
		return &ics.Daylight{ComponentBase: base}
	}
	return &ics.Standard{ComponentBase: base}
}

// utcOffset is ±HHMM, with seconds where there are any, as in times before zones had whole minutes.
func utcOffset(seconds int) string {
	layout := "-0700"
	if seconds%60 != 0 {
		layout = "-070000"
	}
	return time.Unix(0, 0).In(time.FixedZone("", seconds)).Format(layout)
}
