package aitest_test

import (
	"context"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/simulator/anthropic"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/services/ai/aitest"
)

// [A6] Redis holds nothing that cannot be rebuilt: with it away the work goes on and those who watch still see the days
// and the end; numbers go on where they were.
func TestWithoutRedisTheWorkGoesOnAndIsStillSeen(t *testing.T) {
	t.Parallel()
	s := aitest.Start(t, aitest.Options{Claude: anthropic.Config{P50: 1200 * time.Millisecond, P99: 1300 * time.Millisecond}})
	s.StopRedis()
	request := aitest.Request("munich", 1)
	s.Begin(t, request)
	seen := make(chan []*aiv1.GenerationEvent, 1)
	go func() { seen <- s.Events(t, request.GetGenerationId(), 0, nil) }()
	s.AwaitMade(t, request.GetGenerationId())
	t.Logf("made after %v", time.Since(request.GetRequestTime().AsTime()))
	if g := s.Generation(t, request.GetGenerationId()); g.GetProgress().GetStage() != aiv1.GenerationStage_GENERATION_STAGE_STORE {
		t.Errorf("polled at %v", g.GetProgress())
	}
	confirm(t, s, request.GetGenerationId())
	events := <-seen
	days, last := 0, int64(0)
	for _, event := range events {
		if event.GetSequence() <= last {
			t.Errorf("%d after %d", event.GetSequence(), last)
		}
		last = event.GetSequence()
		if event.GetDayReady() != nil {
			days++
		}
	}
	if days < 2 || events[len(events)-1].GetFinished().GetItineraryVersion() != 1 {
		t.Errorf("%d days shown, the end is %v", days, events[len(events)-1])
	}
}

// [A6] A log that Redis lost in the middle of the work is written again under the same numbers.
func TestALogThatRedisLostIsWrittenAgain(t *testing.T) {
	t.Parallel()
	s := aitest.Start(t, aitest.Options{Claude: anthropic.Config{P50: 1200 * time.Millisecond, P99: 1300 * time.Millisecond}})
	request := aitest.Request("munich", 1)
	s.Begin(t, request)
	before := s.Events(t, request.GetGenerationId(), 0, func(e *aiv1.GenerationEvent) bool {
		return e.GetProgress().GetStage() == aiv1.GenerationStage_GENERATION_STAGE_REFINE
	})
	s.ForgetRedis()
	s.AwaitMade(t, request.GetGenerationId())
	confirm(t, s, request.GetGenerationId())
	reached := before[len(before)-1].GetSequence()
	after := s.Events(t, request.GetGenerationId(), reached, nil)
	if after[0].GetSequence() != reached+1 {
		t.Errorf("after %d comes %d", reached, after[0].GetSequence())
	}
	for i := range after[1:] {
		if after[i+1].GetSequence() != after[i].GetSequence()+1 {
			t.Errorf("after %d comes %d", after[i].GetSequence(), after[i+1].GetSequence())
		}
	}
	// The intake's first event is gone with the log; what the worker told is there.
	again := s.Events(t, request.GetGenerationId(), 0, nil)
	if first := again[0].GetSequence(); first > 2 || len(again) < len(after)+int(reached)-2 {
		t.Errorf("from the start: %d events from %d on", len(again), first)
	}
}

// The percentage never falls and numbers have no gaps, also where another worker goes on.
func TestWatchingGoesOnWhenAnotherWorkerTakesOver(t *testing.T) {
	t.Parallel()
	s := aitest.Start(t, aitest.Options{NoWorker: true, NoModel: true, Lease: 900 * time.Millisecond})
	request := aitest.Request("munich", 1)
	s.Begin(t, request)
	if _, _, err := s.Store.Claim(t.Context(), request.GetGenerationId(), "worker_dead", 300*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	told := &aiv1.GenerationEvent{Event: &aiv1.GenerationEvent_Progress{Progress: &aiv1.Progress{Percent: 30}}}
	if _, err := s.Log.Append(context.Background(), request.GetGenerationId(), told, 30, 0); err != nil {
		t.Fatal(err)
	}
	s.StartWorker(t)
	s.AwaitMade(t, request.GetGenerationId())
	confirm(t, s, request.GetGenerationId())
	percent := int32(0)
	for i, event := range s.Events(t, request.GetGenerationId(), 0, nil) {
		if event.GetSequence() != int64(i+1) {
			t.Fatalf("event %d has number %d", i+1, event.GetSequence())
		}
		if p := event.GetProgress(); p != nil && p.GetPercent() < percent {
			t.Errorf("%d%% after %d%%", p.GetPercent(), percent)
		} else if p != nil {
			percent = p.GetPercent()
		}
	}
}

func confirm(t *testing.T, s *aitest.Stack, generationID string) {
	t.Helper()
	if _, err := s.Intake.ConfirmStored(t.Context(), &aiv1.ConfirmStoredRequest{GenerationId: generationID, ItineraryVersion: 1}); err != nil {
		t.Fatal(err)
	}
}
