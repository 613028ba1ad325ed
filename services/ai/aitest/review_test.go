package aitest_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/rpc"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/aitest"
)

// made gives a stack with an itinerary of three days.
func made(t *testing.T) (*aitest.Stack, *aiv1.StartGenerationRequest, *typev1.Itinerary) {
	t.Helper()
	s := aitest.Start(t, aitest.Options{})
	request := aitest.Request("munich", 2)
	s.Begin(t, request)
	return s, request, s.AwaitMade(t, request.GetGenerationId()).GetItinerary()
}

// [T7] An edit makes times, legs and warnings of the touched days anew at once and leaves the others as they are.
func TestEditsMakeTheTouchedDaysAnew(t *testing.T) {
	t.Parallel()
	s, request, before := made(t)
	first, second := visitsOf(before.GetDays()[0]), visitsOf(before.GetDays()[1])
	added := id.Random{}.New(id.Stop)
	unused := unusedPlace(t, s, before)
	for name, c := range map[string]struct {
		edit    *aiv1.ItineraryEdit
		changed []int32
		check   func(t *testing.T, after *typev1.Itinerary)
	}{
		"remove": {
			&aiv1.ItineraryEdit{Edit: &aiv1.ItineraryEdit_Remove{Remove: &aiv1.RemoveStopEdit{StopId: first[0].GetId()}}},
			[]int32{1},
			func(t *testing.T, after *typev1.Itinerary) {
				t.Helper()
				if find(after, first[0].GetId()) != nil {
					t.Error("it is still there")
				}
				if s := find(after, first[1].GetId()); s == nil || !proto.Equal(s.GetWhy(), first[1].GetWhy()) {
					t.Error("the stop after it has lost its text")
				}
			},
		},
		"move to another day": {
			&aiv1.ItineraryEdit{Edit: &aiv1.ItineraryEdit_Move{Move: &aiv1.MoveStopEdit{StopId: first[0].GetId(), ToDay: 2, Position: 0}}},
			[]int32{1, 2},
			func(t *testing.T, after *typev1.Itinerary) {
				t.Helper()
				if got := visitsOf(after.GetDays()[1])[0]; got.GetId() != first[0].GetId() || !proto.Equal(got.GetWhy(), first[0].GetWhy()) {
					t.Errorf("first on day 2 is %v", got)
				}
			},
		},
		"add": {
			&aiv1.ItineraryEdit{Edit: &aiv1.ItineraryEdit_Add{Add: &aiv1.AddStopEdit{StopId: added, PlaceId: unused, Day: 2, StayMinutes: 25}}},
			[]int32{2},
			func(t *testing.T, after *typev1.Itinerary) {
				t.Helper()
				if s := find(after, added); s.GetPlaceId() != unused || s.GetLeave().GetMinutes()-s.GetArrive().GetMinutes() != 25 || s.GetWhy().GetKo() == "" {
					t.Errorf("added is %v", s)
				}
			},
		},
		"lock at a time that breaks the order": {
			&aiv1.ItineraryEdit{Edit: &aiv1.ItineraryEdit_Lock{Lock: &aiv1.LockStopEdit{
				StopId: second[len(second)-1].GetId(), Locked: true, Arrive: &typev1.TimeOfDay{Minutes: 9*60 + 5},
			}}},
			[]int32{2},
			func(t *testing.T, after *typev1.Itinerary) {
				t.Helper()
				if s := find(after, second[len(second)-1].GetId()); !s.GetLocked() || s.GetArrive().GetMinutes() != 9*60+5 {
					t.Errorf("locked is %v", s)
				}
				if len(hardOf(after)) == 0 {
					t.Error("nothing says that the order is broken")
				}
			},
		},
		"stay": {
			&aiv1.ItineraryEdit{Edit: &aiv1.ItineraryEdit_SetStay{SetStay: &aiv1.SetStayEdit{StopId: second[0].GetId(), StayMinutes: 17}}},
			[]int32{2},
			func(t *testing.T, after *typev1.Itinerary) {
				t.Helper()
				if s := find(after, second[0].GetId()); s.GetLeave().GetMinutes()-s.GetArrive().GetMinutes() != 17 {
					t.Errorf("stays %v", s)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			resp, err := s.Planner.Replan(t.Context(), &aiv1.ReplanRequest{Profile: request.GetProfile(), Itinerary: before, Edit: c.edit})
			if err != nil {
				t.Fatal(err)
			}
			if got := resp.GetDaysChanged(); len(got) != len(c.changed) || got[0] != c.changed[0] || got[len(got)-1] != c.changed[len(got)-1] {
				t.Errorf("changed are %v, want %v", got, c.changed)
			}
			for d, day := range resp.GetItinerary().GetDays() {
				touched := false
				for _, n := range c.changed {
					touched = touched || int(n) == d+1
				}
				switch {
				case !touched && !proto.Equal(day, before.GetDays()[d]):
					t.Errorf("day %d was not touched and has changed", d+1)
				case touched && (day.GetRefinement() != typev1.Refinement_REFINEMENT_EDITED || !proto.Equal(day.GetTitle(), before.GetDays()[d].GetTitle())):
					t.Errorf("day %d is %v, title %v", d+1, day.GetRefinement(), day.GetTitle())
				}
			}
			c.check(t, resp.GetItinerary())
		})
	}
}

// [T7] What an edit names has to be there.
func TestEditsOfWhatIsNotThereAreRefused(t *testing.T) {
	t.Parallel()
	s, request, it := made(t)
	stop := visitsOf(it.GetDays()[0])[0].GetId()
	for name, c := range map[string]struct {
		edit   *aiv1.ItineraryEdit
		reason string
	}{
		"stop":  {&aiv1.ItineraryEdit{Edit: &aiv1.ItineraryEdit_Remove{Remove: &aiv1.RemoveStopEdit{StopId: "stop_x"}}}, errs.ReasonInvalidArgument},
		"place": {&aiv1.ItineraryEdit{Edit: &aiv1.ItineraryEdit_Replace{Replace: &aiv1.ReplaceStopEdit{StopId: stop, PlaceId: "builtin:nowhere"}}}, errs.ReasonPlaceGone},
		"day":   {&aiv1.ItineraryEdit{Edit: &aiv1.ItineraryEdit_Move{Move: &aiv1.MoveStopEdit{StopId: stop, ToDay: 9}}}, errs.ReasonInvalidArgument},
	} {
		_, err := s.Planner.Replan(t.Context(), &aiv1.ReplanRequest{Profile: request.GetProfile(), Itinerary: it, Edit: c.edit})
		t.Log(name, err)
		wantReason(t, err, c.reason)
	}
}

// [T7] What is no itinerary of the trip is refused by the field that is wrong.
func TestEditsOfWhatIsNoItineraryAreRefused(t *testing.T) {
	t.Parallel()
	s, request, it := made(t)
	lock := &aiv1.ItineraryEdit{Edit: &aiv1.ItineraryEdit_Lock{Lock: &aiv1.LockStopEdit{StopId: visitsOf(it.GetDays()[0])[0].GetId(), Locked: true}}}
	fewer, backwards := proto.CloneOf(it), proto.CloneOf(it)
	fewer.Days = fewer.GetDays()[1:]
	backwards.Days[0].Stops[1].Leave = &typev1.TimeOfDay{Minutes: backwards.GetDays()[0].GetStops()[1].GetArrive().GetMinutes() - 1}
	for field, m := range map[string]*typev1.Itinerary{"itinerary.days": fewer, "itinerary.days[0].stops[1].arrive": backwards} {
		_, err := s.Planner.Replan(t.Context(), &aiv1.ReplanRequest{Profile: request.GetProfile(), Itinerary: m, Edit: lock})
		wantReason(t, err, errs.ReasonInvalidArgument)
		if e, ok := errs.Of(rpc.Error(err)); !ok || len(e.Fields) != 1 || e.Fields[0].Field != field {
			t.Errorf("%v, want field %s", err, field)
		}
	}
	if _, err := s.Planner.Replan(t.Context(), &aiv1.ReplanRequest{Profile: request.GetProfile(), Edit: lock}); !errs.HasReason(rpc.Error(err), errs.ReasonInvalidArgument) {
		t.Errorf("without an itinerary: %v", err)
	}
}

// [T9] A place that the data has no more stays in the itinerary, with a warning.
func TestAPlaceThatIsGoneIsToldAndNotDropped(t *testing.T) {
	t.Parallel()
	s, request, it := made(t)
	stop := visitsOf(it.GetDays()[0])[0]
	stop.PlaceId = "osm:node-404"
	resp, err := s.Planner.Replan(t.Context(), &aiv1.ReplanRequest{
		Profile: request.GetProfile(), Itinerary: it,
		Edit: &aiv1.ItineraryEdit{Edit: &aiv1.ItineraryEdit_Remove{Remove: &aiv1.RemoveStopEdit{StopId: visitsOf(it.GetDays()[0])[1].GetId()}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := find(resp.GetItinerary(), stop.GetId()); got.GetPlaceId() != stop.GetPlaceId() {
		t.Errorf("the stop became %v", got)
	}
	told := false
	for _, v := range resp.GetItinerary().GetViolations() {
		told = told || v.GetRule() == "place_exists" && len(v.GetStopIds()) == 1 && v.GetStopIds()[0] == stop.GetId()
	}
	if !told {
		t.Errorf("nothing tells of it: %v", resp.GetItinerary().GetViolations())
	}
}

// [A10] A plan from anywhere is matched to places, its violations are told, and a repaired plan keeps every rule.
func TestAPlanFromAnywhereIsCheckedAndRepaired(t *testing.T) {
	t.Parallel()
	s := aitest.Start(t, aitest.Options{NoWorker: true})
	at := func(h, m int32) *typev1.TimeOfDay { return &typev1.TimeOfDay{Minutes: 60*h + m} }
	named := func(name string, arrive *typev1.TimeOfDay) *aiv1.CheckStop {
		return &aiv1.CheckStop{Place: &aiv1.CheckStop_Name{Name: name}, Arrive: arrive}
	}
	profile := aitest.Request("munich", 1).GetProfile()
	resp, err := s.Check.CheckItinerary(t.Context(), &aiv1.CheckItineraryRequest{Profile: profile, Days: []*aiv1.CheckDay{{
		Date: profile.GetDestinations()[0].GetStartDate(), City: "Munich",
		Stops: []*aiv1.CheckStop{
			named("marienplatz", at(10, 0)), named("Deutches Museum", at(22, 0)), named("마리엔 광장", at(12, 0)), named("Castle of Nowhere", nil),
		},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	matches := resp.GetMatches()
	if matches[0].GetPlaceId() != "builtin:munich-marienplatz" || matches[0].GetConfidence() != 1 || matches[2].GetPlaceId() != matches[0].GetPlaceId() {
		t.Errorf("matched %v and %v", matches[0], matches[2])
	}
	if m := matches[1]; !strings.Contains(m.GetPlaceId(), "deutsches-museum") || m.GetConfidence() >= 1 {
		t.Errorf("a misspelt name is %v", m)
	}
	if matches[3].GetPlaceId() != "" || matches[3].GetConfidence() != 0 {
		t.Errorf("a place that does not exist is %v", matches[3])
	}
	broken := map[string]bool{}
	for _, v := range resp.GetViolations() {
		broken[v.GetRule()] = true
	}
	for _, rule := range []string{"open_throughout", "no_place_twice", "times_in_order", "place_exists"} {
		if !broken[rule] {
			t.Errorf("%s is not told; told are %v", rule, broken)
		}
	}
	if hard := hardOf(resp.GetRepaired()); len(hard) > 0 || len(resp.GetRepaired().GetDays()) != 2 {
		t.Errorf("the repaired plan of %d days breaks %v", len(resp.GetRepaired().GetDays()), hard)
	}
	kept := false
	for _, stop := range visitsOf(resp.GetRepaired().GetDays()[0]) {
		kept = kept || stop.GetPlaceId() == "builtin:munich-marienplatz"
	}
	if !kept {
		t.Error("what could stay has not stayed")
	}
	_, err = s.Check.CheckItinerary(t.Context(), &aiv1.CheckItineraryRequest{Profile: profile, Days: []*aiv1.CheckDay{{
		Date: &typev1.Date{Year: 2020, Month: 1, Day: 1}, City: "munich",
	}}})
	wantReason(t, err, errs.ReasonInvalidArgument)
}

func hardOf(it *typev1.Itinerary) (rules []string) {
	for _, v := range it.GetViolations() {
		if v.GetSeverity() == typev1.Severity_SEVERITY_HARD {
			rules = append(rules, v.GetRule())
		}
	}
	return rules
}

func find(it *typev1.Itinerary, stopID string) *typev1.Stop {
	for _, day := range it.GetDays() {
		for _, stop := range day.GetStops() {
			if stop.GetId() == stopID {
				return stop
			}
		}
	}
	return nil
}

// unusedPlace is a sight of the city that an itinerary does not use.
func unusedPlace(t *testing.T, s *aitest.Stack, it *typev1.Itinerary) string {
	t.Helper()
	found, err := s.Places.Candidates(t.Context(), "munich", nil)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, day := range it.GetDays() {
		for _, stop := range day.GetStops() {
			used[stop.GetPlaceId()] = true
		}
	}
	for _, c := range found.GetCandidates() {
		if c.GetPlace().GetCategory().String() == "PLACE_CATEGORY_SIGHT" && !used[c.GetPlace().GetId()] {
			return c.GetPlace().GetId()
		}
	}
	t.Fatal("every sight is used")
	return ""
}
