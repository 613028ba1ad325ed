package export

import (
	"strings"

	ics "github.com/arran4/golang-ical"

	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// ICS makes a calendar (RFC 5545) with an event for each stop but rests and nights. Times are in UTC, so that a calendar
// shows them right wherever it is looked at. A stop keeps its UID over edits: importing again updates it.
func ICS(s Sheet) File {
	calendar := ics.NewCalendarFor("TripGen")
	calendar.SetMethod(ics.MethodPublish)
	calendar.SetXWRCalName(s.TripName)
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
	event.SetStartAt(instant(d, stop.GetArrive()))
	if leave := instant(d, stop.GetLeave()); leave.After(instant(d, stop.GetArrive())) {
		event.SetEndAt(leave)
	}
	event.SetSummary(s.text(stop.GetName()))
	if at := stop.GetLocation(); at != nil {
		event.SetLocation(s.text(stop.GetName()))
		event.SetGeo(at.GetLatitude(), at.GetLongitude())
	}
	var notes []string
	for _, t := range []*typev1.LocalizedText{stop.GetWhy(), stop.GetNote()} {
		if text := s.text(t); text != "" {
			notes = append(notes, text)
		}
	}
	if len(notes) > 0 {
		event.SetDescription(strings.Join(notes, "\n"))
	}
}
