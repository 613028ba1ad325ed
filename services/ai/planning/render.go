package planning

import (
	"math"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/id"
	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/planner"
	"github.com/tripgen/tripgen/services/ai/rules"
)

// kcalPerMinute is what a person of 65 kg spends walking at 4.5 km/h (3.5 MET).
const kcalPerMinute = 3.8

// Name gives ids to the stops that have none. A plan is named before it is rendered, so that stops keep their ids.
func Name(it *planner.Itinerary, ids id.Source) {
	for d := range it.Days {
		for k := range it.Days[d].Stops {
			if s := &it.Days[d].Stops[k]; s.ID == "" {
				s.ID = ids.New(id.Stop)
			}
		}
	}
}

// Render tells a plan in the contract's terms, with the planner's own texts.
func (f *Facts) Render(it *planner.Itinerary, now time.Time) *typev1.Itinerary {
	out := &typev1.Itinerary{
		Unhonoured: f.unhonoured(it), Clashes: f.clashes(it), Quality: qualityMessage(it), CreateTime: timestamppb.New(now),
	}
	for d := range it.Days {
		out.Days = append(out.Days, f.RenderDay(it, d, now))
	}
	out.Violations = f.Violations(out, rules.Check(it, f.Problem))
	return out
}

// RenderDay tells day d, an index.
func (f *Facts) RenderDay(it *planner.Itinerary, d int, now time.Time) *typev1.Day {
	plan, s := &it.Days[d], f.trip.days[d]
	city := f.cities[f.trip.cities[s.destination]].City
	day := &typev1.Day{
		Number: int32(d + 1), Date: dateMessage(s.date), DestinationId: f.trip.profile.GetDestinations()[s.destination].GetId(),
		City: city.GetName(), TimeZone: city.GetTimeZone(), Weather: f.weather[d], Notes: weatherNotes(f.weather[d]),
		Refinement: typev1.Refinement_REFINEMENT_PLANNED, Quality: qualityMessage(&planner.Itinerary{Quality: f.dayQuality(it, d)}),
	}
	var visits []*typev1.LocalizedText
	for k := range plan.Stops {
		stop := f.stop(d, &plan.Stops[k])
		if stop.GetKind() == typev1.StopKind_STOP_KIND_VISIT {
			visits = append(visits, stop.GetName())
		}
		day.Stops = append(day.Stops, stop)
	}
	for _, l := range plan.Legs {
		day.Legs = append(day.Legs, legMessage(l, now))
	}
	for _, b := range plan.Bring {
		day.Bring = append(day.Bring, bringTexts[b])
	}
	day.Title = titleText(d+1, city.GetName(), visits)
	return day
}

var stopKinds = map[planner.StopKind]typev1.StopKind{
	planner.Visit: typev1.StopKind_STOP_KIND_VISIT, planner.Meal: typev1.StopKind_STOP_KIND_MEAL,
	planner.Rest: typev1.StopKind_STOP_KIND_REST, planner.AtLodging: typev1.StopKind_STOP_KIND_LODGING,
	planner.Arrival: typev1.StopKind_STOP_KIND_ARRIVAL, planner.Departure: typev1.StopKind_STOP_KIND_DEPARTURE,
}

func (f *Facts) stop(d int, s *planner.Stop) *typev1.Stop {
	out := &typev1.Stop{
		Id: s.ID, Kind: stopKinds[s.Kind], PlaceId: s.Place, Location: pointMessage(s.At), Arrive: minuteMessage(s.Arrive),
		Leave: minuteMessage(s.Leave), Locked: s.Locked, Why: whyText(s.Why),
	}
	p, known := f.places[s.Place]
	if known {
		out.Name, out.Category, out.Setting, out.Source = p.GetName(), categoryName(p.GetCategory()), p.GetSetting(), p.GetSource()
	} else {
		out.Name = f.endpointName(d, s)
	}
	if s.Kind == planner.Rest {
		out.Name = restName(p.GetName())
		return out
	}
	if s.Kind != planner.Visit && s.Kind != planner.Meal {
		return out
	}
	out.Note = noteText(p, s)
	out.Slack = &typev1.Slack{BeforeNextMinutes: int32(max(s.SlackNext, 0)), BeforeClosingMinutes: int32(max(s.SlackClosing, 0))}
	if !s.HoursUnknown {
		out.Opening = openingMessage(s.Opening)
	}
	for _, a := range s.Alternatives {
		out.Alternatives = append(out.Alternatives, f.alternative(a))
	}
	if known && f.Problem.Mode == planner.Car {
		out.Parking = f.parking(s.Place)
	}
	return out
}

// endpointName names a stop that is no place of the data: the lodging as the traveller typed it.
func (f *Facts) endpointName(d int, s *planner.Stop) *typev1.LocalizedText {
	switch {
	case s.Kind == planner.Rest:
		return restName(nil)
	case s.Name != "":
		return &typev1.LocalizedText{Ko: s.Name, En: s.Name, Local: s.Name}
	default:
		city := f.cities[f.trip.cities[f.trip.days[d].destination]].City.GetName()
		return text(city.GetKo()+" 숙소", "Lodging in "+city.GetEn())
	}
}

func restName(at *typev1.LocalizedText) *typev1.LocalizedText {
	if at == nil {
		return text("휴식", "Rest")
	}
	return text(at.GetKo()+" 근처에서 휴식", "Rest near "+at.GetEn())
}

var alternativeReasons = map[planner.Purpose]typev1.AlternativeReason{
	planner.ForRain:   typev1.AlternativeReason_ALTERNATIVE_REASON_RAIN,
	planner.ForClosed: typev1.AlternativeReason_ALTERNATIVE_REASON_CLOSED,
}

func (f *Facts) alternative(a planner.Alternative) *typev1.Alternative {
	return &typev1.Alternative{
		Reason: alternativeReasons[a.Purpose], PlaceId: a.Place, Name: f.places[a.Place].GetName(), DistanceMetres: int32(a.Metres),
	}
}

func (f *Facts) parking(place string) []*typev1.ParkingOption {
	var out []*typev1.ParkingOption
	for i := range f.Problem.Places {
		if f.Problem.Places[i].ID != place {
			continue
		}
		for _, p := range f.Problem.Places[i].Parking {
			out = append(out, &typev1.ParkingOption{PlaceId: p.Name, Name: f.places[p.Name].GetName(), WalkMetres: int32(p.WalkMetres)})
		}
	}
	return out
}

var legModes = map[planner.Mode]typev1.LegMode{
	planner.Walk: typev1.LegMode_LEG_MODE_WALK, planner.Transit: typev1.LegMode_LEG_MODE_TRANSIT,
	planner.Car: typev1.LegMode_LEG_MODE_CAR, planner.Taxi: typev1.LegMode_LEG_MODE_TAXI,
}

func legMessage(l planner.Leg, now time.Time) *typev1.Leg {
	out := &typev1.Leg{
		Mode: legModes[l.Mode], Minutes: int32(l.Minutes), Metres: int32(l.Metres),
		Source: &typev1.Source{Provider: "estimate", FetchedAt: timestamppb.New(now)},
	}
	switch l.Mode {
	case planner.Walk:
		out.Kilocalories = int32(math.Round(float64(l.Minutes) * kcalPerMinute))
	case planner.Transit:
		out.Transfers = -1 // an estimate does not know the lines
	}
	return out
}

func pointMessage(p planner.LatLng) *typev1.LatLng {
	return &typev1.LatLng{Latitude: p.Lat, Longitude: p.Lng}
}

func minuteMessage(m int) *typev1.TimeOfDay { return &typev1.TimeOfDay{Minutes: int32(m)} }

func openingMessage(i planner.Interval) *typev1.OpeningInterval {
	out := &typev1.OpeningInterval{Open: minuteMessage(i.Open), Close: minuteMessage(i.Close)}
	if i.LastEntry > 0 {
		out.LastEntry = minuteMessage(i.LastEntry)
	}
	return out
}

func qualityMessage(it *planner.Itinerary) *typev1.Quality {
	q := it.Quality
	out := &typev1.Quality{
		Score: q.Score, TravelShare: q.TravelShare, WalkMetres: int32(q.WalkMetres), MemberFit: q.Fit, Diversity: q.Diversity,
		UpperBound: q.Bound, Gap: q.Gap, HoursKnownShare: q.HoursKnown,
	}
	if q.OutdoorMinutes > 0 {
		out.WeatherExposure = float64(q.ExposedMinutes) / float64(q.OutdoorMinutes)
	}
	return out
}

// dayQuality measures what can be told of a day by itself.
func (f *Facts) dayQuality(it *planner.Itinerary, d int) planner.Quality {
	var q planner.Quality
	plan := &it.Days[d]
	travel, categories, known, counted := 0, map[string]bool{}, 0, 0
	for _, l := range plan.Legs {
		travel += l.Minutes
		if l.Mode == planner.Walk {
			q.WalkMetres += l.Metres
		}
	}
	for _, s := range plan.Stops {
		if s.Kind != planner.Visit && s.Kind != planner.Meal {
			continue
		}
		counted++
		if !s.HoursUnknown {
			known++
		}
		if s.Kind == planner.Visit {
			q.Visits++
			categories[f.places[s.Place].GetCategory().String()] = true
		}
	}
	if n := len(plan.Stops); n > 1 {
		if whole := plan.Stops[n-1].Arrive - plan.Stops[0].Leave; whole > 0 {
			q.TravelShare = float64(travel) / float64(whole)
		}
	}
	if q.Visits > 0 {
		q.Diversity = float64(len(categories)) / float64(q.Visits)
	}
	if counted > 0 {
		q.HoursKnown = float64(known) / float64(counted)
	}
	return q
}

var severities = map[rules.Severity]typev1.Severity{
	rules.Hard: typev1.Severity_SEVERITY_HARD, rules.Soft: typev1.Severity_SEVERITY_SOFT,
}

// Violations tells what the rules found, with the stops of the itinerary that was rendered from the same plan.
func (f *Facts) Violations(rendered *typev1.Itinerary, found []rules.Violation) []*typev1.Violation {
	var out []*typev1.Violation
	for _, v := range found {
		m := &typev1.Violation{
			Rule: v.Rule, Severity: severities[v.Severity], Message: text(v.Message.Ko, v.Message.En), Day: int32(v.Day + 1),
		}
		if v.Stop >= 0 && v.Day >= 0 && v.Stop < len(rendered.GetDays()[v.Day].GetStops()) {
			stop := rendered.GetDays()[v.Day].GetStops()[v.Stop]
			m.StopIds = []string{stop.GetId()}
			if ko, en := stop.GetName().GetKo(), stop.GetName().GetEn(); ko != "" && en != "" { // rules know one name of a place
				m.Message.Ko = strings.Replace(m.Message.Ko, en, ko, 1)
			}
		}
		out = append(out, m)
	}
	return out
}

// Place is a place of the facts.
func (f *Facts) Place(placeID string) (*locationv1.Place, bool) {
	p, ok := f.places[placeID]
	return p, ok
}

// City is a city of the facts; nil where it is not one of the trip's.
func (f *Facts) City(cityID string) *locationv1.City {
	if c, ok := f.cities[cityID]; ok {
		return c.City
	}
	return nil
}

// categoryName is a category as people and files write it: "museum", "food".
func categoryName(c locationv1.PlaceCategory) string {
	return strings.ToLower(strings.TrimPrefix(c.String(), "PLACE_CATEGORY_"))
}
