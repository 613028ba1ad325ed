package pipeline

import (
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/simulator/anthropic"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/services/ai/aitest"

	"github.com/tripgen/tripgen/bench/report"
)

const (
	cancellations = 100
	// cancelAfter lies between the model's first calls and cancelling; with it the later half has second calls, too.
	cancelAfter = 700 * time.Millisecond
	cancelGoal  = 500 * time.Millisecond
)

// benchCancel cancels generations whose calls of the model never end, and looks at the model's side when they are gone.
func benchCancel(t *testing.T, r *report.Report) {
	s := aitest.Start(t, aitest.Options{
		Real: true, Log: quiet(), Conns: 16, Partitions: 6, Parallel: 8, Budgets: lifeBudgets(), Claude: anthropic.Config{Hang: true},
	})
	k := startKeeper(t, s)
	warm(t, s, k)
	awaitOpen(t, s, func(open int64) bool { return open == 0 }) // the first one's calls are late answers
	var answered, gone report.Times
	calls := s.Claude.Counts().Calls
	for i := range cancellations {
		q := request(i)
		s.Begin(t, q)
		awaitOpen(t, s, func(open int64) bool { return open > int64(q.GetProfile().GetDestinations()[0].GetNights()) })
		time.Sleep(cancelAfter * time.Duration(i) / cancellations)
		asked := time.Now()
		resp, err := s.Generations.CancelGeneration(t.Context(), &aiv1.CancelGenerationRequest{GenerationId: q.GetGenerationId()})
		answered = append(answered, time.Since(asked))
		if err != nil || resp.GetGeneration().GetState() != aiv1.GenerationState_GENERATION_STATE_CANCELLED {
			t.Fatalf("cancelled: %v, %v", resp, err)
		}
		awaitOpen(t, s, func(open int64) bool { return open == 0 })
		gone = append(gone, time.Since(asked))
	}
	r.Add("## (f) Cancelling\n\n%d generations of four to seven days, cancelled one after the other up to %v after the model was asked; it never answers. %d of its calls were under way then, and are gone once their connections are seen closed at the model's side.\n",
		cancellations, cancelAfter, s.Claude.Counts().Calls-calls)
	r.Add("| | p50 | p99 | longest |\n|---|---|---|---|")
	for _, row := range []struct {
		name  string
		times report.Times
	}{{"CancelGeneration", answered}, {"the model's calls gone", gone}} {
		r.Add("| %s | %.1f ms | %.1f ms | %.1f ms |", row.name, millis(row.times.At(.5)), millis(row.times.At(.99)), millis(row.times.At(1)))
	}
	r.Add("")
	r.Goal("cancelled until the model's calls are gone, longest, ms", millis(gone.At(1)), "<=", millis(cancelGoal))
}

// awaitOpen waits until the number of calls that the model has not ended is as wanted.
func awaitOpen(t *testing.T, s *aitest.Stack, want func(open int64) bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		n := s.Claude.Counts()
		open := n.Calls - n.Answered - n.Failed - n.Busy - n.Abandoned
		if want(open) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after a minute %d calls of the model are open", open)
		}
	}
}
