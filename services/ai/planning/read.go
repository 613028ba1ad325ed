package planning

import (
	"github.com/tripgen/tripgen/internal/errs"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/planner"
)

var plannerKinds = map[typev1.StopKind]planner.StopKind{
	typev1.StopKind_STOP_KIND_VISIT: planner.Visit, typev1.StopKind_STOP_KIND_MEAL: planner.Meal,
	typev1.StopKind_STOP_KIND_REST: planner.Rest, typev1.StopKind_STOP_KIND_LODGING: planner.AtLodging,
	typev1.StopKind_STOP_KIND_ARRIVAL: planner.Arrival, typev1.StopKind_STOP_KIND_DEPARTURE: planner.Departure,
}

var plannerModes = map[typev1.LegMode]planner.Mode{
	typev1.LegMode_LEG_MODE_WALK: planner.Walk, typev1.LegMode_LEG_MODE_TRANSIT: planner.Transit,
	typev1.LegMode_LEG_MODE_CAR: planner.Car, typev1.LegMode_LEG_MODE_TAXI: planner.Taxi,
}

// ErrDays refuses an itinerary that does not have the trip's days.
var ErrDays = errs.Invalid(errs.Field("itinerary.days", "여행 날짜와 일정의 날짜가 다릅니다.", "The itinerary does not have the trip's days."))

// Read takes an itinerary of the contract back into the planner's terms. ErrDays where it has not the trip's days.
func (f *Facts) Read(m *typev1.Itinerary) (*planner.Itinerary, error) {
	if len(m.GetDays()) != f.trip.Len() {
		return nil, ErrDays
	}
	it := &planner.Itinerary{}
	for d, day := range m.GetDays() {
		plan := planner.DayPlan{Date: f.trip.days[d].date, City: f.Problem.Days[d].City}
		for _, s := range day.GetStops() {
			plan.Stops = append(plan.Stops, readStop(s))
		}
		for _, l := range day.GetLegs() {
			plan.Legs = append(plan.Legs, planner.Leg{
				Mode: plannerModes[l.GetMode()], Minutes: int(l.GetMinutes()), Metres: int(l.GetMetres()), Source: planner.SourceEstimated,
			})
		}
		it.Days = append(it.Days, plan)
	}
	return it, nil
}

func readStop(s *typev1.Stop) planner.Stop {
	out := planner.Stop{
		ID: s.GetId(), Kind: plannerKinds[s.GetKind()], Place: s.GetPlaceId(), Name: s.GetName().GetEn(), At: pointOf(s.GetLocation()),
		Arrive: int(s.GetArrive().GetMinutes()), Leave: int(s.GetLeave().GetMinutes()), Locked: s.GetLocked(),
		HoursUnknown: s.GetOpening() == nil, SlackClosing: -1,
	}
	if o := s.GetOpening(); o != nil {
		out.Opening = planner.Interval{
			Open: int(o.GetOpen().GetMinutes()), Close: int(o.GetClose().GetMinutes()), LastEntry: int(o.GetLastEntry().GetMinutes()),
		}
		out.SlackClosing = int(s.GetSlack().GetBeforeClosingMinutes())
		out.SlackNext = int(s.GetSlack().GetBeforeNextMinutes())
	}
	return out
}
