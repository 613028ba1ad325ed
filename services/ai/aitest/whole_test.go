package aitest_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/internal/simulator/anthropic"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/aitest"
)

// [A1] [T6] The whole path on real servers: accepted, queued, planned, refined, made, confirmed, watched to its end.
func TestAGenerationGoesItsWholeWay(t *testing.T) {
	s := aitest.Start(t, aitest.Options{Real: true, Claude: anthropic.Config{P50: 20 * time.Millisecond, P99: 60 * time.Millisecond}})
	request := aitest.Request("munich", 3)
	if g := s.Begin(t, request); g.GetState() != aiv1.GenerationState_GENERATION_STATE_QUEUED || g.GetPriorityClass() != aiv1.PriorityClass_PRIORITY_CLASS_EXPRESS {
		t.Errorf("accepted as %v, %v", g.GetState(), g.GetPriorityClass())
	}
	result := s.AwaitMade(t, request.GetGenerationId())
	// Told, not asserted: the workers of an earlier test may still have to leave the group.
	t.Logf("made after %v", time.Since(request.GetRequestTime().AsTime()))
	checkItinerary(t, result.GetItinerary(), 4)
	if g := s.Generation(t, request.GetGenerationId()); g.GetState() != aiv1.GenerationState_GENERATION_STATE_RUNNING || g.GetProgress().GetStage() != aiv1.GenerationStage_GENERATION_STAGE_STORE {
		t.Errorf("made and not stored is %v at %v", g.GetState(), g.GetProgress().GetStage())
	}
	for range 2 { // the second time changes nothing
		confirmed, err := s.Intake.ConfirmStored(t.Context(), &aiv1.ConfirmStoredRequest{GenerationId: request.GetGenerationId(), ItineraryVersion: 1})
		if err != nil {
			t.Fatal(err)
		}
		if g := confirmed.GetGeneration(); g.GetState() != aiv1.GenerationState_GENERATION_STATE_READY || g.GetItineraryVersion() != 1 {
			t.Fatalf("confirmed is %v", g)
		}
	}
	_, err := s.Intake.ConfirmStored(t.Context(), &aiv1.ConfirmStoredRequest{GenerationId: request.GetGenerationId(), ItineraryVersion: 2})
	if !errs.HasReason(rpc.Error(err), errs.ReasonGenerationEnded) {
		t.Errorf("confirming another version: %v", err)
	}
	checkEvents(t, s, request.GetGenerationId(), 4)
	g := s.Generation(t, request.GetGenerationId())
	if len(g.GetDaysRefined()) != 4 || g.GetCost().GetModelCalls() != 4 || g.GetCost().GetAmount().GetMicros() == 0 || g.GetCost().GetOutputTokens() == 0 {
		t.Errorf("refined %v at a cost of %v", g.GetDaysRefined(), g.GetCost())
	}
	if g.GetPollAfter() != nil || g.GetProgress().GetPercent() != 100 {
		t.Errorf("ended, and poll after %v at %d%%", g.GetPollAfter(), g.GetProgress().GetPercent())
	}
}

// checkItinerary checks what every itinerary is, refined by the model.
func checkItinerary(t *testing.T, it *typev1.Itinerary, days int) {
	t.Helper()
	if len(it.GetDays()) != days {
		t.Fatalf("%d days, want %d", len(it.GetDays()), days)
	}
	for _, v := range it.GetViolations() {
		if v.GetSeverity() == typev1.Severity_SEVERITY_HARD {
			t.Errorf("breaks %s: %s", v.GetRule(), v.GetMessage().GetEn())
		}
	}
	for _, day := range it.GetDays() {
		if day.GetTitle().GetKo() == "" || day.GetTitle().GetEn() == "" || day.GetCity().GetKo() == "" || len(day.GetLegs()) != len(day.GetStops())-1 {
			t.Errorf("day %d: title %v, city %v, %d stops, %d legs", day.GetNumber(), day.GetTitle(), day.GetCity(), len(day.GetStops()), len(day.GetLegs()))
		}
		visits := 0
		for _, stop := range day.GetStops() {
			if stop.GetId() == "" || stop.GetName().GetKo() == "" || stop.GetName().GetEn() == "" {
				t.Errorf("day %d: a stop without id or name: %v", day.GetNumber(), stop)
			}
			if stop.GetKind() == typev1.StopKind_STOP_KIND_VISIT {
				visits++
				if stop.GetWhy().GetKo() == "" || stop.GetWhy().GetEn() == "" {
					t.Errorf("day %d: nothing says why %s", day.GetNumber(), stop.GetPlaceId())
				}
			}
		}
		if visits == 0 {
			t.Errorf("day %d has no visit", day.GetNumber())
		}
	}
}

// checkEvents checks the log of a generation that is over: numbered without gaps, percent and stage never falling, with
// the time left while it is worked on, every day shown planned first and refined later, and the same again from any
// point on.
func checkEvents(t *testing.T, s *aitest.Stack, generationID string, days int) {
	t.Helper()
	events := s.Events(t, generationID, 0, nil)
	percent, planned, refined := int32(0), map[int32]bool{}, map[int32]bool{}
	stage := aiv1.GenerationStage_GENERATION_STAGE_UNSPECIFIED
	for i, event := range events {
		if event.GetSequence() != int64(i+1) {
			t.Fatalf("event %d has number %d", i+1, event.GetSequence())
		}
		if p := event.GetProgress(); p != nil {
			if p.GetPercent() < percent || p.GetMessage().GetKo() == "" || p.GetMessage().GetEn() == "" {
				t.Errorf("progress %v after %d%%", p, percent)
			}
			percent = p.GetPercent()
			if p.GetStage() < stage {
				t.Errorf("%v follows %v", p.GetStage(), stage)
			}
			stage = p.GetStage()
			if stage > aiv1.GenerationStage_GENERATION_STAGE_QUEUED && stage < aiv1.GenerationStage_GENERATION_STAGE_CHECK && p.GetEtaSeconds() <= 0 {
				t.Errorf("%v tells no time left: %v", stage, p)
			}
		}
		if day := event.GetDayReady().GetDay(); day != nil {
			if day.GetRefinement() == typev1.Refinement_REFINEMENT_REFINED {
				refined[day.GetNumber()] = true
			} else {
				planned[day.GetNumber()] = true
			}
		}
	}
	if len(planned) != days || len(refined) != days {
		t.Errorf("shown planned %v, refined %v", planned, refined)
	}
	if end := events[len(events)-1].GetFinished(); end.GetState() != aiv1.GenerationState_GENERATION_STATE_READY || end.GetItineraryVersion() != 1 {
		t.Errorf("the end is %v", events[len(events)-1])
	}
	half := events[len(events)/2].GetSequence()
	again := s.Events(t, generationID, half, nil)
	if len(again) != len(events)-int(half) || !proto.Equal(again[0], events[half]) {
		t.Errorf("%d events after %d", len(again), half)
	}
}

// [A1] Whatever Claude does, the itinerary is there in time, planned and marked so; what comes later is offered.
func TestAModelThatIsLateLeavesThePlannersDaysAndOffersItsOwn(t *testing.T) {
	t.Parallel()
	budgets := shortBudgets()
	s := aitest.Start(t, aitest.Options{Budgets: &budgets, Claude: anthropic.Config{P50: 1500 * time.Millisecond, P99: 1500 * time.Millisecond}})
	request := aitest.Request("munich", 1)
	s.Begin(t, request)
	result := s.AwaitMade(t, request.GetGenerationId())
	for _, day := range result.GetItinerary().GetDays() {
		if day.GetRefinement() != typev1.Refinement_REFINEMENT_PLANNED {
			t.Errorf("day %d is %v", day.GetNumber(), day.GetRefinement())
		}
	}
	aitest.Await(t, func() bool {
		result = s.AwaitMade(t, request.GetGenerationId())
		return len(result.GetImprovements()) == 2
	})
	if got := result.GetGeneration().GetDaysImprovedLate(); len(got) != 2 {
		t.Errorf("improved late: %v", got)
	}
	for _, day := range result.GetImprovements() {
		if day.GetRefinement() != typev1.Refinement_REFINEMENT_REFINED {
			t.Errorf("day %d is offered %v", day.GetNumber(), day.GetRefinement())
		}
	}
	events := s.Events(t, request.GetGenerationId(), 0, func(e *aiv1.GenerationEvent) bool { return e.GetImprovementOffered() != nil })
	if events[len(events)-1].GetImprovementOffered().GetDay() == nil {
		t.Error("no improvement is told")
	}
	aitest.Await(t, func() bool {
		return s.Generation(t, request.GetGenerationId()).GetCost().GetModelCalls() == 2
	})
}

// [T6] Cancelling stops the work and the model's calls within 500 ms, and is told; cancelling twice changes nothing.
func TestCancellingStopsTheWorkAndTheModel(t *testing.T) {
	t.Parallel()
	s := aitest.Start(t, aitest.Options{Claude: anthropic.Config{Hang: true}})
	request := aitest.Request("munich", 2)
	s.Begin(t, request)
	s.Events(t, request.GetGenerationId(), 0, func(e *aiv1.GenerationEvent) bool { return e.GetDayReady() != nil })
	aitest.Await(t, func() bool { return s.Claude.Counts().Calls == 3 })
	began := time.Now()
	for range 2 {
		resp, err := s.Generations.CancelGeneration(t.Context(), &aiv1.CancelGenerationRequest{GenerationId: request.GetGenerationId()})
		if err != nil {
			t.Fatal(err)
		}
		if state := resp.GetGeneration().GetState(); state != aiv1.GenerationState_GENERATION_STATE_CANCELLED {
			t.Fatalf("cancelled is %v", state)
		}
	}
	aitest.Await(t, func() bool { return s.Claude.Counts().Abandoned == 3 })
	t.Logf("the model's calls ended after %v", time.Since(began))
	events := s.Events(t, request.GetGenerationId(), 0, nil)
	if end := events[len(events)-1].GetFinished(); end.GetState() != aiv1.GenerationState_GENERATION_STATE_CANCELLED {
		t.Errorf("the end is %v", end)
	}
	result, err := s.Intake.GetGenerationResult(t.Context(), &aiv1.GetGenerationResultRequest{GenerationId: request.GetGenerationId()})
	if err != nil {
		t.Fatalf("the trip service asks how it ended: %v", err)
	}
	if state := result.GetGeneration().GetState(); state != aiv1.GenerationState_GENERATION_STATE_CANCELLED || result.GetItinerary() != nil {
		t.Errorf("what it made is %v", result)
	}
}
