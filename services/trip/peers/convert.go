package peers

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip"
)

func profileMessage(p trip.Profile) *aiv1.PlanningProfile {
	m := &aiv1.PlanningProfile{TransportMode: typev1.TransportMode(p.Mode)}
	for _, t := range p.Members {
		member := &aiv1.PlanningMember{
			Age: int32(t.Age), Gender: typev1.Gender(t.Gender), Health: typev1.HealthLevel(t.Health),
		}
		for _, like := range t.Preferences {
			member.Preferences = append(member.Preferences, typev1.Preference(like))
		}
		m.Members = append(m.Members, member)
	}
	for _, d := range p.Destinations {
		m.Destinations = append(m.Destinations, &aiv1.PlanningDestination{
			Id: d.ID, Name: d.Name, CityId: d.City, StartDate: dateMessage(d.Start), Nights: int32(d.Nights),
			TimeZone: d.Zone, Lodging: lodgingMessage(d.Lodging),
		})
	}
	return m
}

func lodgingMessage(l *trip.Lodging) *aiv1.PlanningLodging {
	if l == nil {
		return nil
	}
	m := &aiv1.PlanningLodging{Name: l.Name, CheckIn: timeMessage(l.CheckIn), CheckOut: timeMessage(l.CheckOut)}
	if l.At != nil {
		m.Location = &typev1.LatLng{Latitude: l.At.Lat, Longitude: l.At.Lng}
	}
	return m
}

func dateMessage(d trip.Date) *typev1.Date {
	if d.IsZero() {
		return nil
	}
	return &typev1.Date{Year: int32(d.Year), Month: int32(d.Month), Day: int32(d.Day)}
}

func timeMessage(minutes *int) *typev1.TimeOfDay {
	if minutes == nil {
		return nil
	}
	return &typev1.TimeOfDay{Minutes: int32(*minutes)}
}

func editMessage(e *trip.Edit) *aiv1.ItineraryEdit {
	if e == nil {
		return nil
	}
	switch e.Kind {
	case trip.MoveStop:
		return &aiv1.ItineraryEdit{Edit: &aiv1.ItineraryEdit_Move{Move: &aiv1.MoveStopEdit{
			StopId: e.Stop, ToDay: int32(e.Day), Position: int32(*e.Position),
		}}}
	case trip.AddStop:
		add := &aiv1.AddStopEdit{StopId: e.Stop, PlaceId: e.Place, Day: int32(e.Day), StayMinutes: int32(e.Stay)}
		if e.Position != nil {
			add.Position = proto.Int32(int32(*e.Position))
		}
		return &aiv1.ItineraryEdit{Edit: &aiv1.ItineraryEdit_Add{Add: add}}
	case trip.RemoveStop:
		return &aiv1.ItineraryEdit{Edit: &aiv1.ItineraryEdit_Remove{Remove: &aiv1.RemoveStopEdit{StopId: e.Stop}}}
	case trip.ReplaceStop:
		return &aiv1.ItineraryEdit{Edit: &aiv1.ItineraryEdit_Replace{Replace: &aiv1.ReplaceStopEdit{
			StopId: e.Stop, PlaceId: e.Place,
		}}}
	case trip.LockStop:
		return &aiv1.ItineraryEdit{Edit: &aiv1.ItineraryEdit_Lock{Lock: &aiv1.LockStopEdit{
			StopId: e.Stop, Locked: e.Locked, Arrive: timeMessage(e.Arrive),
		}}}
	case trip.SetStay:
		return &aiv1.ItineraryEdit{Edit: &aiv1.ItineraryEdit_SetStay{SetStay: &aiv1.SetStayEdit{
			StopId: e.Stop, StayMinutes: int32(e.Stay),
		}}}
	default:
		return nil
	}
}

// planOf takes over what the AI service made. What the trip service decides about the document is cleared; it is set
// when the document is read.
func planOf(m *typev1.Itinerary) (trip.Plan, error) {
	m.TripId, m.Version, m.Revision, m.GenerationId, m.CreateTime = "", 0, 0, "", nil
	document, err := proto.Marshal(m)
	if err != nil {
		return trip.Plan{}, fmt.Errorf("write an itinerary: %w", err)
	}
	return trip.Plan{Document: document, Outline: OutlineOf(m)}, nil
}

// OutlineOf says what stands where in an itinerary.
func OutlineOf(m *typev1.Itinerary) trip.Outline {
	var outline trip.Outline
	for _, d := range m.GetDays() {
		day := trip.OutlineDay{Number: int(d.GetNumber()), Date: trip.Date{
			Year: int(d.GetDate().GetYear()), Month: time.Month(d.GetDate().GetMonth()), Day: int(d.GetDate().GetDay()),
		}}
		for _, s := range d.GetStops() {
			day.Stops = append(day.Stops, trip.OutlineStop{
				ID: s.GetId(), Kind: trip.StopKind(s.GetKind()), Place: s.GetPlaceId(), Locked: s.GetLocked(),
				Arrive: int(s.GetArrive().GetMinutes()), Leave: int(s.GetLeave().GetMinutes()),
			})
		}
		outline = append(outline, day)
	}
	return outline
}
