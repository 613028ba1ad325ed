package trip

import (
	"time"
	// The names of zones have to be known wherever the program runs.
	_ "time/tzdata"
)

// Status is where a trip stands in the calendar of its own zones.
type Status int

// The statuses.
const (
	Planning Status = 1 // before its first day, or without dates
	Ongoing  Status = 2
	Past     Status = 3 // after its last day
)

// Stay is when the group is at a destination: from Start, the day of arrival, to End, the day of leaving.
type Stay struct{ Start, End Date }

// Schedule gives the destinations' dates: the first starts with the trip, each next where the one before ends. Nil
// while the start is not chosen.
func (t *Trip) Schedule() []Stay {
	if t.Start.IsZero() {
		return nil
	}
	stays := make([]Stay, len(t.Destinations))
	at := t.Start
	for i, d := range t.Destinations {
		stays[i].Start = at
		at = at.AddDays(d.Nights)
		stays[i].End = at
	}
	return stays
}

// End is the last day, in the last destination's zone; zero while it is not known.
func (t *Trip) End() Date {
	stays := t.Schedule()
	if len(stays) == 0 {
		return Date{}
	}
	return stays[len(stays)-1].End
}

// Zone is the time zone of a destination by its position. One that is not known is taken from its neighbours before
// and after; UTC where none is.
func (t *Trip) Zone(destination int) *time.Location {
	for i := destination; i >= 0; i-- {
		if zone := t.ownZone(i); zone != nil {
			return zone
		}
	}
	for i := destination + 1; i < len(t.Destinations); i++ {
		if zone := t.ownZone(i); zone != nil {
			return zone
		}
	}
	return time.UTC
}

func (t *Trip) ownZone(i int) *time.Location {
	if i >= len(t.Destinations) || t.Destinations[i].Zone == "" {
		return nil
	}
	zone, err := time.LoadLocation(t.Destinations[i].Zone)
	if err != nil { // a name that this build's zone data does not have: its neighbours' will do
		return nil
	}
	return zone
}

// Span is when the trip takes place: from the first instant of its first day there to the end of its last day at the
// last destination. ok is false while it has no dates.
func (t *Trip) Span() (begin, end time.Time, ok bool) {
	last := t.End()
	if last.IsZero() {
		return time.Time{}, time.Time{}, false
	}
	return t.Start.Begin(t.Zone(0)).UTC(), last.AddDays(1).Begin(t.Zone(len(t.Destinations) - 1)).UTC(), true
}

// Status at an instant.
func (t *Trip) Status(now time.Time) Status {
	begin, end, ok := t.Span()
	switch {
	case !ok || now.Before(begin):
		return Planning
	case now.Before(end):
		return Ongoing
	default:
		return Past
	}
}

// DayAt is the day of the trip at an instant, from 1, as the group counts it where it is; 0 unless the trip is ongoing.
// It never goes back, whatever zones the group crosses.
func (t *Trip) DayAt(now time.Time) int {
	if t.Status(now) != Ongoing {
		return 0
	}
	day := 1
	for i, stay := range t.Schedule() {
		today := DateOf(now, t.Zone(i))
		if today.Before(stay.Start) {
			break
		}
		if stay.End.Before(today) { // the next destination's zone has not come to the day yet
			today = stay.End
		}
		day = max(day, today.DaysSince(t.Start)+1)
	}
	return day
}

// Progress is how much of an ongoing trip is over, 0 to 100; 0 before it and 100 after.
func (t *Trip) Progress(now time.Time) int {
	begin, end, ok := t.Span()
	if !ok || now.Before(begin) {
		return 0
	}
	return min(100, int(100*now.Sub(begin)/end.Sub(begin)))
}

// Today is the date that counts for limits per day: that of the first destination's zone.
func (t *Trip) Today(now time.Time) Date { return DateOf(now, t.Zone(0)) }

// behindAll is the zone in which a day ends last (UTC−12).
var behindAll = time.FixedZone("", -12*60*60)

// startPassed tells whether a start date lies in the past: in the first destination's zone, or everywhere on earth
// while that is not known.
func (t *Trip) startPassed(now time.Time) bool {
	zone := behindAll
	for i := range t.Destinations {
		if t.ownZone(i) != nil {
			zone = t.Zone(0)
			break
		}
	}
	return t.Start.Before(DateOf(now, zone))
}
