package rpc

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/clock"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip"
)

// Resource converts what an error carries: a trip or an itinerary, with STALE_REVISION.
func Resource(c clock.Clock) func(any) proto.Message {
	return func(resource any) proto.Message {
		switch r := resource.(type) {
		case trip.Trip:
			return tripMessage(r, c.Now())
		case trip.Itinerary:
			if m, err := itineraryMessage(r); err == nil {
				return m
			}
		}
		return nil
	}
}

func tripMessage(t trip.Trip, now time.Time) *tripv1.Trip {
	step, missing := t.Step()
	status := t.Status(now)
	m := &tripv1.Trip{
		Id: t.ID, Name: t.Name, TransportMode: typev1.TransportMode(t.Mode), StartDate: dateMessage(t.Start),
		EndDate: dateMessage(t.End()), Status: tripv1.TripStatus(status), Step: tripv1.TripStep(step), MissingFields: missing,
		ItineraryVersion: t.Itinerary, RunningGenerationId: t.Running,
		RegenerationsLeft: int32(t.Regenerations.Left(t.Today(now))),
		CreateTime:        timestamppb.New(t.Created), UpdateTime: timestamppb.New(t.Updated), DeleteTime: timeMessage(t.Deleted),
		Revision: t.Revision,
	}
	if status == trip.Ongoing {
		m.DayOfTrip, m.ProgressPercent = int32(t.DayAt(now)), int32(t.Progress(now))
	}
	for _, member := range t.Members {
		m.Members = append(m.Members, memberMessage(member))
	}
	stays := t.Schedule()
	for i, d := range t.Destinations {
		dm := &tripv1.Destination{
			Id: d.ID, Name: d.Name, Nights: int32(d.Nights), TimeZone: d.Zone, CityId: d.City, Lodging: lodgingMessage(d.Lodging),
		}
		if stays != nil {
			dm.StartDate, dm.EndDate = dateMessage(stays[i].Start), dateMessage(stays[i].End)
		}
		m.Destinations = append(m.Destinations, dm)
	}
	return m
}

func memberMessage(m trip.Member) *tripv1.Member {
	message := &tripv1.Member{
		Id: m.ID, Name: m.Name, Age: int32(m.Age), Gender: typev1.Gender(m.Gender), Health: typev1.HealthLevel(m.Health),
	}
	for _, p := range m.Preferences {
		message.Preferences = append(message.Preferences, typev1.Preference(p))
	}
	return message
}

func memberOf(m *tripv1.Member) trip.Member {
	member := trip.Member{
		Name: m.GetName(), Age: int(m.GetAge()), Gender: trip.Gender(m.GetGender()), Health: trip.Health(m.GetHealth()),
	}
	for _, p := range m.GetPreferences() {
		member.Preferences = append(member.Preferences, trip.Preference(p))
	}
	return member
}

func destinationOf(m *tripv1.Destination) trip.Destination {
	return trip.Destination{Name: m.GetName(), Nights: int(m.GetNights()), Lodging: lodgingOf(m.GetLodging())}
}

func lodgingOf(m *tripv1.Lodging) *trip.Lodging {
	if m == nil {
		return nil
	}
	l := &trip.Lodging{
		Name: m.GetName(), Place: m.GetPlaceId(), CheckIn: minutesOf(m.GetCheckIn()), CheckOut: minutesOf(m.GetCheckOut()),
	}
	if m.GetLocation() != nil {
		l.At = &trip.Point{Lat: m.GetLocation().GetLatitude(), Lng: m.GetLocation().GetLongitude()}
	}
	return l
}

func lodgingMessage(l *trip.Lodging) *tripv1.Lodging {
	if l == nil {
		return nil
	}
	m := &tripv1.Lodging{Name: l.Name, PlaceId: l.Place, CheckIn: minutesMessage(l.CheckIn), CheckOut: minutesMessage(l.CheckOut)}
	if l.At != nil {
		m.Location = &typev1.LatLng{Latitude: l.At.Lat, Longitude: l.At.Lng}
	}
	return m
}

func dateOf(m *typev1.Date) trip.Date {
	if m == nil {
		return trip.Date{}
	}
	return trip.Date{Year: int(m.GetYear()), Month: time.Month(m.GetMonth()), Day: int(m.GetDay())}
}

func dateMessage(d trip.Date) *typev1.Date {
	if d.IsZero() {
		return nil
	}
	return &typev1.Date{Year: int32(d.Year), Month: int32(d.Month), Day: int32(d.Day)}
}

func minutesOf(m *typev1.TimeOfDay) *int {
	if m == nil {
		return nil
	}
	minutes := int(m.GetMinutes())
	return &minutes
}

func minutesMessage(minutes *int) *typev1.TimeOfDay {
	if minutes == nil {
		return nil
	}
	return &typev1.TimeOfDay{Minutes: int32(*minutes)}
}

func timeMessage(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func intOf(v *int32) *int {
	if v == nil {
		return nil
	}
	i := int(*v)
	return &i
}

func itineraryMessage(it trip.Itinerary) (*typev1.Itinerary, error) {
	m := new(typev1.Itinerary)
	if err := proto.Unmarshal(it.Plan.Document, m); err != nil {
		return nil, fmt.Errorf("read itinerary %s/%d: %w", it.TripID, it.Version, err)
	}
	m.TripId, m.Version, m.Revision, m.GenerationId = it.TripID, it.Version, it.Revision, it.Generation
	m.CreateTime = timestamppb.New(it.Created)
	return m, nil
}

var generationStates = map[trip.GenerationState]aiv1.GenerationState{
	trip.GenerationAccepted:   aiv1.GenerationState_GENERATION_STATE_QUEUED,
	trip.GenerationHandedOver: aiv1.GenerationState_GENERATION_STATE_QUEUED,
	trip.GenerationStored:     aiv1.GenerationState_GENERATION_STATE_RUNNING,
	trip.GenerationReady:      aiv1.GenerationState_GENERATION_STATE_READY,
	trip.GenerationRefused:    aiv1.GenerationState_GENERATION_STATE_FAILED,
	trip.GenerationFailed:     aiv1.GenerationState_GENERATION_STATE_FAILED,
	trip.GenerationCancelled:  aiv1.GenerationState_GENERATION_STATE_CANCELLED,
}

// pollAfter is told where the AI service has not said anything yet.
const pollAfter = time.Second

// generationMessage tells of a generation what the trip service knows, on top of what the AI service said of it.
func generationMessage(tripID string, c trip.GenerationChange, receipt trip.Receipt) (*aiv1.Generation, error) {
	m := new(aiv1.Generation)
	if err := proto.Unmarshal(receipt, m); err != nil {
		return nil, fmt.Errorf("read receipt of %s: %w", c.ID, err)
	}
	if len(receipt) == 0 {
		m.Progress = &aiv1.Progress{
			Stage:   aiv1.GenerationStage_GENERATION_STAGE_QUEUED,
			Message: &typev1.LocalizedText{Ko: "차례를 기다리고 있습니다.", En: "Waiting for its turn."},
		}
	}
	m.Id, m.TripId, m.Day, m.CreateTime = c.ID, tripID, int32(c.Day), timestamppb.New(c.Created)
	if len(receipt) == 0 || c.State.Final() || c.State == trip.GenerationStored {
		m.State = generationStates[c.State]
	}
	m.ItineraryVersion, m.EndTime = c.Version, timeMessage(c.Ended)
	switch {
	case !c.State.Final():
		if m.PollAfter == nil {
			m.PollAfter = durationpb.New(pollAfter)
		}
	default:
		m.PollAfter = nil
		m.Progress = &aiv1.Progress{Percent: m.GetProgress().GetPercent(), Stage: aiv1.GenerationStage_GENERATION_STAGE_DONE}
		if c.State == trip.GenerationReady {
			m.Progress.Percent = 100
		}
	}
	if c.Reason != "" {
		m.Failure = &aiv1.GenerationFailure{Reason: c.Reason, Message: &typev1.LocalizedText{
			Ko: "일정을 만들지 못했습니다.", En: "The itinerary could not be made.",
		}}
	}
	return m, nil
}

func changeOf(g trip.Generation) trip.GenerationChange {
	return trip.GenerationChange{
		ID: g.ID, Day: g.Day, State: g.State, Version: g.Version, Reason: g.Reason, Created: g.Created, Ended: g.Ended,
	}
}
