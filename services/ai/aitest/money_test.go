package aitest_test

import (
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/rpc"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/aitest"
)

// [A7] Equal requests share a plan and the model's answers; who asks again gets another plan.
func TestEqualRequestsShareWhatTheModelAnswered(t *testing.T) {
	t.Parallel()
	budgets := aitest.PatientBudgets()
	budgets.Plan = time.Minute // only whole searches are shared
	s := aitest.Start(t, aitest.Options{Share: true, Budgets: budgets})
	first := aitest.Request("munich", 2)
	s.Begin(t, first)
	a := s.AwaitMade(t, first.GetGenerationId())
	other := aitest.Request("munich", 2)
	s.Begin(t, other)
	b := s.AwaitMade(t, other.GetGenerationId())
	if len(b.GetGeneration().GetDaysRefined()) != 3 || b.GetGeneration().GetCost().GetModelCalls() != 0 || b.GetGeneration().GetCost().GetAmount().GetMicros() != 0 {
		t.Errorf("the second of equal requests: refined %v at %v", b.GetGeneration().GetDaysRefined(), b.GetGeneration().GetCost())
	}
	if s.Claude.Counts().Calls != 3 || places(a.GetItinerary()) != places(b.GetItinerary()) {
		t.Errorf("%d calls; %s and %s", s.Claude.Counts().Calls, places(a.GetItinerary()), places(b.GetItinerary()))
	}
	again := aitest.Request("munich", 2)
	again.TripId = first.GetTripId()
	s.Begin(t, again)
	if c := s.AwaitMade(t, again.GetGenerationId()); places(c.GetItinerary()) == places(a.GetItinerary()) {
		t.Error("who asks again gets the same plan")
	}
}

func places(it *typev1.Itinerary) string {
	all := ""
	for _, day := range it.GetDays() {
		for _, stop := range day.GetStops() {
			all += stop.GetPlaceId() + " "
		}
	}
	return all
}

// [A7] With the day's budget spent itineraries are planned and not refined; with the client's they are refused until
// tomorrow.
func TestBudgetsCapWhatIsSpent(t *testing.T) {
	t.Parallel()
	day := aitest.Start(t, aitest.Options{DayUSD: 0.000001})
	client := aitest.Start(t, aitest.Options{ClientUSD: 0.000001})
	for _, s := range []*aitest.Stack{day, client} {
		request := aitest.Request("munich", 1)
		s.Begin(t, request)
		if made := s.AwaitMade(t, request.GetGenerationId()); len(made.GetGeneration().GetDaysRefined()) != 2 {
			t.Errorf("before anything is spent, refined are %v", made.GetGeneration().GetDaysRefined())
		}
	}
	aitest.Await(t, func() bool { // what was spent is counted every few seconds
		request := aitest.Request("munich", 1)
		day.Begin(t, request)
		return len(day.AwaitMade(t, request.GetGenerationId()).GetGeneration().GetDaysRefined()) == 0
	})
	aitest.Await(t, func() bool {
		request := aitest.Request("munich", 1)
		_, err := client.Intake.StartGeneration(t.Context(), request)
		if err == nil {
			return false
		}
		wantReason(t, err, errs.ReasonBudgetSpent)
		if e, ok := errs.Of(rpc.Error(err)); !ok || e.RetryAfter <= 0 || e.RetryAfter > 24*time.Hour {
			t.Errorf("refused with %v", err)
		}
		return true
	})
}
