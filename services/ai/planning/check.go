package planning

import (
	"fmt"
	"slices"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/planner"
)

// Check matches a plan from elsewhere to places, says what it breaks, and repairs it with as little change as can be.
func (f *Facts) Check(days []*aiv1.CheckDay, b planner.Budget, ids id.Source, now time.Time) (*aiv1.CheckItineraryResponse, error) {
	it, resp, err := f.understand(days)
	if err != nil {
		return nil, err
	}
	Name(it, ids)
	resp.Understood = f.Render(it, now)
	resp.Violations = append(resp.GetViolations(), resp.GetUnderstood().GetViolations()...)
	repaired, err := planner.LeastChange(f.Problem, it, planner.Closeness{}, b)
	if err != nil {
		return nil, invalid(err)
	}
	Name(repaired, ids)
	resp.Repaired = f.Render(repaired, now)
	return resp, nil
}

// understand reads the plan: each stop matched to a place, at its time where it has one.
func (f *Facts) understand(days []*aiv1.CheckDay) (*planner.Itinerary, *aiv1.CheckItineraryResponse, error) {
	it, resp := f.empty(), &aiv1.CheckItineraryResponse{}
	for i, day := range days {
		d := slices.IndexFunc(f.trip.days, func(s stay) bool { return s.date == dateOf(day.GetDate()) })
		if d < 0 {
			field := fmt.Sprintf("days[%d].date", i)
			return nil, nil, errs.Invalid(errs.Field(field, "여행 기간 밖의 날짜입니다.", "The date is not one of the trip's."))
		}
		f.readDay(it, d, i, day, resp)
	}
	timed, err := planner.Retime(f.Problem, it)
	if err != nil {
		return nil, nil, invalid(err)
	}
	for d := range timed.Days {
		for k := range timed.Days[d].Stops {
			timed.Days[d].Stops[k].Locked = false // times were held for the retiming; the rules judge them like any other
		}
	}
	return timed, resp, nil
}

// empty is an itinerary of the trip's days with nothing between their start and end points.
func (f *Facts) empty() *planner.Itinerary {
	it := &planner.Itinerary{}
	for d := range f.Problem.Days {
		day := &f.Problem.Days[d]
		it.Days = append(it.Days, planner.DayPlan{Date: day.Date, City: day.City})
	}
	return it
}

// readDay puts the stops of day i of the plan on day d of the itinerary.
func (f *Facts) readDay(it *planner.Itinerary, d, i int, day *aiv1.CheckDay, resp *aiv1.CheckItineraryResponse) {
	index := f.index()
	meals := 0
	for k, stop := range day.GetStops() {
		match := &aiv1.CheckMatch{DayIndex: int32(i), StopIndex: int32(k)}
		resp.Matches = append(resp.Matches, match)
		placeID, confidence := stop.GetPlaceId(), 1.0
		if stop.GetName() != "" {
			placeID, confidence = f.Match(stop.GetName(), f.Problem.Days[d].City)
		}
		at, known := index[placeID]
		if !known || f.gone[placeID] {
			resp.Violations = append(resp.Violations, unknownStop(d, stop))
			continue
		}
		p := f.places[placeID]
		match.PlaceId, match.Confidence, match.Name = placeID, confidence, p.GetName()
		s := planner.Stop{Kind: planner.Visit, Place: placeID, Name: f.Problem.Places[at].Name, At: f.Problem.Places[at].At}
		stay := int(stop.GetStayMinutes())
		if stay == 0 {
			stay = f.Problem.Places[at].StayMinutes
		}
		if p.GetCategory() == locationv1.PlaceCategory_PLACE_CATEGORY_FOOD && meals < 2 {
			s.Kind, s.Arrive = planner.Meal, f.Problem.Days[d].Lunch.From
			if meals > 0 {
				s.Arrive = f.Problem.Days[d].Dinner.From
			}
			meals++
		}
		if stop.GetArrive() != nil {
			s.Arrive, s.Locked = int(stop.GetArrive().GetMinutes()), true
		}
		s.Leave = s.Arrive + stay
		it.Days[d].Stops = append(it.Days[d].Stops, s)
	}
}

// unknownStop tells a stop that is no place of the data.
func unknownStop(d int, stop *aiv1.CheckStop) *typev1.Violation {
	name := stop.GetName() + stop.GetPlaceId()
	return &typev1.Violation{
		Rule: "place_exists", Severity: typev1.Severity_SEVERITY_HARD, Day: int32(d + 1),
		Message: text(name+": 확인되지 않는 장소입니다.", name+" is not a known place."),
	}
}
