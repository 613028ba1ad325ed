package aitest_test

import (
	"os"
	"sync"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/simulator/anthropic"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/aitest"
)

func TestMain(m *testing.M) {
	aitest.WorkerMain()
	os.Exit(m.Run())
}

// [A6] A worker is killed (-9) in the middle of the work, on real servers: another takes its generations over before
// Kafka would give their messages to anybody, each has one result, and those who watch see it to the end.
func TestGenerationsOfAKilledWorkerAreTakenOver(t *testing.T) {
	s := aitest.Start(t, aitest.Options{
		Real: true, NoWorker: true, Session: 6 * time.Second, Lease: 2 * time.Second,
		Claude: anthropic.Config{Hang: true}, // nothing is over before the kill
	})
	first := s.StartProcess(t)
	const n = 6
	var requests []*aiv1.StartGenerationRequest
	for range n {
		request := aitest.Request("munich", 1)
		s.Begin(t, request)
		requests = append(requests, request)
	}
	for _, request := range requests { // all are under way
		s.Events(t, request.GetGenerationId(), 0, func(e *aiv1.GenerationEvent) bool { return e.GetDayReady() != nil })
	}
	s.StartProcess(t)
	if err := first.Kill(); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	s.Claude.Configure(anthropic.Config{P50: 500 * time.Millisecond, P99: 500 * time.Millisecond})
	var waiting sync.WaitGroup
	for _, request := range requests {
		waiting.Go(func() {
			aitest.Await(t, func() bool { return s.State(t, request.GetGenerationId()) == ai.Made })
			g, err := s.Store.Get(t.Context(), request.GetGenerationId())
			if err != nil {
				t.Error(err)
				return
			}
			// The start is the first worker's; that the second had it shows in the attempts.
			if g.Attempts != 2 || len(g.DaysReady) != 2 {
				t.Errorf("%d attempts, ready %v", g.Attempts, g.DaysReady)
			}
			confirm(t, s, g.ID)
			percent := int32(0)
			for i, event := range s.Events(t, g.ID, 0, nil) {
				if event.GetSequence() != int64(i+1) || event.GetProgress() != nil && event.GetProgress().GetPercent() < percent {
					t.Errorf("event %d is %v", i+1, event)
				}
				percent = max(percent, event.GetProgress().GetPercent())
			}
		})
	}
	waiting.Wait()
	t.Logf("all taken over and made %.1f s after the kill", time.Since(killed).Seconds())
}
