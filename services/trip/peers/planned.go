package peers

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/lang"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip"
)

// Planned gives what the days of an itinerary were planned with.
func (Documents) Planned(d trip.Document) ([]trip.PlannedDay, error) {
	m := new(typev1.Itinerary)
	if err := proto.Unmarshal(d, m); err != nil {
		return nil, fmt.Errorf("read the itinerary: %w", err)
	}
	days := make([]trip.PlannedDay, len(m.GetDays()))
	for i, day := range m.GetDays() {
		zone, err := time.LoadLocation(day.GetTimeZone()) // empty is UTC
		if err != nil {
			return nil, fmt.Errorf("day %d: %w", day.GetNumber(), err)
		}
		days[i] = trip.PlannedDay{
			Number: int(day.GetNumber()), Date: dateOf(day.GetDate()), Destination: day.GetDestinationId(), Zone: zone,
		}
		if day.GetWeather() != nil {
			w := weatherOf(day.GetWeather())
			days[i].Weather = &w
		}
		for _, s := range day.GetStops() {
			days[i].Stops = append(days[i].Stops, plannedStop(s))
			if days[i].At == nil && s.GetLocation() != nil && s.GetPlaceId() != "" {
				days[i].At = &trip.Point{Lat: s.GetLocation().GetLatitude(), Lng: s.GetLocation().GetLongitude()}
			}
		}
	}
	return days, nil
}

func plannedStop(s *typev1.Stop) trip.PlannedStop {
	rest := s.GetKind() == typev1.StopKind_STOP_KIND_REST
	stop := trip.PlannedStop{
		ID: s.GetId(), Place: s.GetPlaceId(), Name: textOf(s.GetName()),
		Outdoor: s.GetSetting() == typev1.Setting_SETTING_OUTDOOR && !rest,
		Arrive:  int(s.GetArrive().GetMinutes()), Leave: int(s.GetLeave().GetMinutes()),
	}
	if rest { // near the place, whose hours are nothing to it
		stop.Place = ""
	}
	for _, a := range s.GetAlternatives() {
		switch a.GetReason() {
		case typev1.AlternativeReason_ALTERNATIVE_REASON_RAIN:
			stop.ForRain = append(stop.ForRain, a.GetPlaceId())
		case typev1.AlternativeReason_ALTERNATIVE_REASON_CLOSED:
			stop.ForClosed = append(stop.ForClosed, a.GetPlaceId())
		}
	}
	return stop
}

func textOf(t *typev1.LocalizedText) lang.Text {
	text := lang.Text{Ko: t.GetKo(), En: t.GetEn()}
	if text.IsZero() {
		text = lang.Text{Ko: t.GetLocal(), En: t.GetLocal()}
	}
	return text
}

func dateOf(m *typev1.Date) trip.Date {
	return trip.Date{Year: int(m.GetYear()), Month: time.Month(m.GetMonth()), Day: int(m.GetDay())}
}

const hoursOfDay = 24

func weatherOf(m *typev1.DayWeather) trip.Weather {
	w := trip.Weather{
		Kind: trip.WeatherKind(m.GetKind()), Min: m.GetMinCelsius(), Max: m.GetMaxCelsius(),
		Chance: int(m.GetPrecipitationPercent()), PM25: m.GetPm25(), Normals: m.GetNormals(),
	}
	for _, warning := range m.GetWarnings() {
		w.Warnings = append(w.Warnings, textOf(warning))
	}
	if len(m.GetHours()) == hoursOfDay {
		w.Wet = make([]bool, hoursOfDay)
		for _, h := range m.GetHours() {
			hour := trip.Weather{Kind: trip.WeatherKind(h.GetKind()), Chance: int(h.GetPrecipitationPercent())}
			w.Wet[h.GetHour()%hoursOfDay] = hour.IsWet()
		}
	}
	return w
}
