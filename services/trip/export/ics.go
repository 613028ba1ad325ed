package export

import (
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// ICS makes a calendar (RFC 5545) with an event for each stop but rests and nights. Times are wall-clock times in the
// day's zone, whose rules for the trip stand in the file. A stop keeps its UID over edits: importing again updates it.
// There is no METHOD: this is a file and no invitation, which would need an organizer (RFC 5546).
func ICS(s Sheet) File {
	calendar := ics.NewCalendarFor("TripGen")
	calendar.SetProductId("-//TripGen//Itinerary//EN")
	calendar.SetXWRCalName(s.TripName)
	for _, zone := range zoneRules(s.Days()) {
		calendar.AddVTimezone(zone)
	}
	for _, d := range s.Days() {
		for _, stop := range d.GetStops() {
			if stop.GetKind() != typev1.StopKind_STOP_KIND_REST && stop.GetKind() != typev1.StopKind_STOP_KIND_LODGING {
				s.addEvent(calendar, d, stop)
			}
		}
	}
	return s.File("ics", "text/calendar; charset=utf-8", []byte(calendar.Serialize(ics.WithNewLineWindows)))
}

func (s Sheet) addEvent(calendar *ics.Calendar, d *typev1.Day, stop *typev1.Stop) {
	event := calendar.AddEvent(stop.GetId() + "@tripgen")
	event.SetDtStampTime(s.Itinerary.GetCreateTime().AsTime())
	event.SetSequence(int(s.Itinerary.GetVersion()*1000 + s.Itinerary.GetRevision()))
	arrive, leave := instant(d, stop.GetArrive()), instant(d, stop.GetLeave())
	setTime(event, ics.ComponentPropertyDtStart, arrive)
	if leave.After(arrive) {
		setTime(event, ics.ComponentPropertyDtEnd, leave)
	}
	event.SetSummary(s.text(stop.GetName()))
	if at := stop.GetLocation(); at != nil {
		event.SetLocation(strings.Join(nonEmpty(s.text(stop.GetName()), s.localName(stop)), " · "))
		event.SetGeo(at.GetLatitude(), at.GetLongitude())
	}
	if notes := nonEmpty(s.text(stop.GetWhy()), s.text(stop.GetNote())); len(notes) > 0 {
		event.SetDescription(strings.Join(notes, "\n"))
	}
}

// localTime is a date with a wall-clock time (RFC 5545, 3.3.5).
const localTime = "20060102T150405"

func setTime(event *ics.VEvent, property ics.ComponentProperty, t time.Time) {
	if t.Location() == time.UTC {
		event.SetProperty(property, t.Format(localTime)+"Z")
		return
	}
	event.SetProperty(property, t.Format(localTime), ics.WithTZID(t.Location().String()))
}
