package planning

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/planner"
	"github.com/tripgen/tripgen/services/ai/rules"
)

// Edit applies a person's change: times, legs and warnings of the days that it touches are made anew, the others stay
// word for word. What the change breaks is told as violations and never dropped. A nil edit only checks. It gives the
// numbers of the days that changed.
func (f *Facts) Edit(m *typev1.Itinerary, edit *aiv1.ItineraryEdit, ids id.Source, now time.Time) (*typev1.Itinerary, []int32, error) {
	it, err := f.Read(m)
	if err != nil {
		return nil, nil, err
	}
	var touched []int
	if edit != nil {
		change, err := f.editOf(it, edit)
		if err != nil {
			return nil, nil, err
		}
		if it, touched, err = planner.Apply(f.Problem, it, change); err != nil {
			return nil, nil, invalid(err)
		}
	}
	Name(it, ids)
	out := proto.CloneOf(m)
	var numbers []int32
	for _, d := range touched {
		out.Days[d] = inherit(m.GetDays()[d], f.RenderDay(it, d, now))
		numbers = append(numbers, int32(d+1))
	}
	if len(touched) > 0 {
		inheritTexts(m, out)
	}
	slices.Sort(numbers)
	out.Quality = qualityMessage(it)
	out.Violations = append(f.Violations(out, rules.Check(it, f.Problem)), f.goneOf(out)...)
	return out, numbers, nil
}

// invalid tells a problem of the planner's as one of the request's.
func invalid(err error) error {
	problem, ok := errors.AsType[*planner.ProblemError](err)
	if !ok {
		return errs.Internal(err)
	}
	return errs.Invalid(errs.Field(problem.Field, "이 변경은 할 수 없습니다.", problem.Field+" "+problem.Reason))
}

// goneOf tells the stops whose place the data has no more.
func (f *Facts) goneOf(m *typev1.Itinerary) []*typev1.Violation {
	var out []*typev1.Violation
	for _, day := range m.GetDays() {
		for _, s := range day.GetStops() {
			if f.gone[s.GetPlaceId()] {
				out = append(out, &typev1.Violation{
					Rule: "place_exists", Severity: typev1.Severity_SEVERITY_HARD, Day: day.GetNumber(), StopIds: []string{s.GetId()},
					Message: text(s.GetName().GetKo()+": 더 이상 장소 데이터에 없습니다.", s.GetName().GetEn()+" is not in the place data any more."),
				})
			}
		}
	}
	return out
}

// inherit gives a day that was made anew what stays of the old one.
func inherit(old, made *typev1.Day) *typev1.Day {
	made.Title, made.Notes, made.Refinement = old.GetTitle(), old.GetNotes(), typev1.Refinement_REFINEMENT_EDITED
	if made.GetWeather() == nil {
		made.Weather = old.GetWeather()
	}
	return made
}

// inheritTexts gives stops that were there before, on whatever day, their texts back.
func inheritTexts(old, made *typev1.Itinerary) {
	before := map[string]*typev1.Stop{}
	for _, day := range old.GetDays() {
		for _, s := range day.GetStops() {
			before[s.GetId()] = s
		}
	}
	for _, day := range made.GetDays() {
		for _, s := range day.GetStops() {
			if b, ok := before[s.GetId()]; ok && b.GetPlaceId() == s.GetPlaceId() && b.GetKind() == s.GetKind() {
				s.Why, s.Note = b.GetWhy(), b.GetNote()
			}
		}
	}
}

// editOf takes an edit into the planner's terms, in which stops are told by their place in the plan.
func (f *Facts) editOf(it *planner.Itinerary, m *aiv1.ItineraryEdit) (planner.Edit, error) {
	at := func(field, stopID string) (planner.Edit, error) {
		for d := range it.Days {
			for k, s := range it.Days[d].Stops {
				if s.ID == stopID {
					return planner.Edit{Day: d, Stop: k, Arrive: -1, Position: -1}, nil
				}
			}
		}
		return planner.Edit{}, errs.Invalid(errs.Field(field, "일정에 없는 장소입니다.", "The itinerary has no such stop."))
	}
	var e planner.Edit
	var err error
	switch x := m.GetEdit().(type) {
	case *aiv1.ItineraryEdit_Move:
		e, err = at("edit.move.stop_id", x.Move.GetStopId())
		e.Kind, e.ToDay, e.Position = planner.EditMove, int(x.Move.GetToDay())-1, int(x.Move.GetPosition())
	case *aiv1.ItineraryEdit_Add:
		e = planner.Edit{
			Kind: planner.EditAdd, ID: x.Add.GetStopId(), Place: x.Add.GetPlaceId(), ToDay: int(x.Add.GetDay()) - 1, Position: -1,
			Minutes: int(x.Add.GetStayMinutes()), Arrive: -1,
		}
		if x.Add.Position != nil {
			e.Position = int(x.Add.GetPosition())
		}
		err = f.there(x.Add.GetPlaceId())
	case *aiv1.ItineraryEdit_Remove:
		e, err = at("edit.remove.stop_id", x.Remove.GetStopId())
		e.Kind = planner.EditRemove
	case *aiv1.ItineraryEdit_Replace:
		e, err = at("edit.replace.stop_id", x.Replace.GetStopId())
		e.Kind, e.Place = planner.EditReplace, x.Replace.GetPlaceId()
		if err == nil {
			err = f.there(x.Replace.GetPlaceId())
		}
	case *aiv1.ItineraryEdit_Lock:
		e, err = at("edit.lock.stop_id", x.Lock.GetStopId())
		e.Kind = planner.EditUnlock
		if x.Lock.GetLocked() {
			e.Kind = planner.EditLock
			if x.Lock.GetArrive() != nil {
				e.Arrive = int(x.Lock.GetArrive().GetMinutes())
			}
		}
	case *aiv1.ItineraryEdit_SetStay:
		e, err = at("edit.set_stay.stop_id", x.SetStay.GetStopId())
		e.Kind, e.Minutes = planner.EditStay, int(x.SetStay.GetStayMinutes())
	default:
		err = errs.Invalid(errs.Field("edit", "변경할 내용이 없습니다.", fmt.Sprintf("the edit %T is not known", x)))
	}
	return e, err
}

// errPlaceGone refuses places that are not in the data.
var errPlaceGone = errs.NotFound(errs.ReasonPlaceGone, "장소를 찾을 수 없습니다.", "This place is not in the data.")

func (f *Facts) there(placeID string) error {
	if _, ok := f.places[placeID]; !ok || f.gone[placeID] {
		return errPlaceGone
	}
	return nil
}

// Wanted is the place that an edit brings in, if any.
func Wanted(m *aiv1.ItineraryEdit) []string {
	switch {
	case m.GetAdd() != nil:
		return []string{m.GetAdd().GetPlaceId()}
	case m.GetReplace() != nil:
		return []string{m.GetReplace().GetPlaceId()}
	default:
		return nil
	}
}
