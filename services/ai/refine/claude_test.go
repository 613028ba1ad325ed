package refine_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/simulator/anthropic"
	"github.com/tripgen/tripgen/services/ai/refine"
)

func claude(t *testing.T, h http.Handler) *refine.Claude {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return refine.NewClaude(refine.Config{Key: "any", BaseURL: server.URL, Model: func() string { return "claude-haiku-4-5" }})
}

func twoDays() refine.Brief {
	places := []refine.Place{{ID: "a", Ko: "가", En: "A"}, {ID: "b", Ko: "나", En: "B"}, {ID: "c", Ko: "다", En: "C"}}
	b := brief("", day(1, "2026-05-04", "a"), day(2, "2026-05-05", "b"))
	b.City.Places = places
	return b
}

func TestDaysComeWhileTheAnswerIsStillStreamed(t *testing.T) {
	t.Parallel()
	const took = 600 * time.Millisecond
	model := claude(t, anthropic.New(anthropic.Config{P50: took, P99: took}).Handler())
	began := time.Now()
	var came []time.Duration
	cost, err := model.Days(t.Context(), twoDays(), func(refine.Answer) { came = append(came, time.Since(began)) })
	if err != nil {
		t.Fatal(err)
	}
	if len(came) != 2 || came[1]-came[0] < took/10 {
		t.Errorf("the days came after %v", came)
	}
	if cost.Calls != 1 || cost.OutputTokens == 0 || cost.MicroUSD == 0 || cost.CacheWriteTokens == 0 {
		t.Errorf("cost is %+v", cost)
	}
	again, err := model.Days(t.Context(), twoDays(), none)
	if err != nil || again.CachedInputTokens != cost.CacheWriteTokens || again.MicroUSD >= cost.MicroUSD {
		t.Errorf("the second call cost %+v, %v: the catalogue was not served from the cache", again, err)
	}
}

func TestErrorsSayWhatToDoAboutThem(t *testing.T) {
	t.Parallel()
	var busy *refine.BusyError
	_, err := claude(t, anthropic.New(anthropic.Config{BusyRate: 1, RetryAfter: 3 * time.Second}).Handler()).Days(t.Context(), twoDays(), none)
	if !errors.As(err, &busy) || busy.RetryAfter != 3*time.Second {
		t.Errorf("busy: %v", err)
	}
	var refused *refine.RefusedError
	denied := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"type":"error","error":{"type":"permission_error","message":"secret details"}}`))
	})
	if _, err := claude(t, denied).Days(t.Context(), twoDays(), none); !errors.As(err, &refused) {
		t.Errorf("refused: %v", err)
	}
	for range 10 { // before and in the middle of the answer
		_, err := claude(t, anthropic.New(anthropic.Config{ErrorRate: 1}).Handler()).Days(t.Context(), twoDays(), none)
		if err == nil || errors.As(err, &busy) || errors.As(err, &refused) {
			t.Errorf("failed: %v", err)
		}
	}
	for name, answer := range map[string]string{"no object": "I cannot do that.", "another object": `{"plan":[]}`, "cut": `{"days":[{"number":1,`} {
		model := claude(t, anthropic.New(anthropic.Config{Answer: func(json.RawMessage) string { return answer }}).Handler())
		if _, err := model.Days(t.Context(), twoDays(), none); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestACancelledCallEndsAtOnce(t *testing.T) {
	t.Parallel()
	simulator := anthropic.New(anthropic.Config{Hang: true})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := claude(t, simulator.Handler()).Days(ctx, twoDays(), none); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
	t.Logf("a deadline of 50 ms took %v", time.Since(began))
}

// Ids that a day was not offered, doubled ones and texts that are not plain never come through.
func TestAnswersAreKeptWithinTheirBrief(t *testing.T) {
	t.Parallel()
	answer := `{"days":[
		{"number":1,"title":{"ko":"제목","en":"Title"},"stops":[
			{"id":"b","why":{"ko":"가","en":"a"},"note":{"ko":"가","en":"a"}},
			{"id":"a","why":{"ko":"좋은\u0000 곳","en":"good"},"note":{"ko":"https://x.example","en":"a"}},
			{"id":"a","why":{"ko":"가","en":"a"},"note":{"ko":"가","en":"a"}}],
		 "notes":[{"ko":"","en":"only one language"},{"ko":"메모","en":"note"}]},
		{"number":3,"title":{"ko":"가","en":"a"},"stops":[],"notes":[]}]}`
	model := claude(t, anthropic.New(anthropic.Config{Answer: func(json.RawMessage) string { return answer }}).Handler())
	var got []refine.Answer
	if _, err := model.Days(t.Context(), twoDays(), func(a refine.Answer) { got = append(got, a) }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || len(got[0].Stops) != 1 {
		t.Fatalf("answers are %+v", got)
	}
	stop := got[0].Stops[0]
	if stop.ID != "a" || stop.Why != (refine.Text{Ko: "좋은 곳", En: "good"}) || stop.Note != (refine.Text{}) {
		t.Errorf("the stop is %+v", stop)
	}
	if len(got[0].Notes) != 1 || got[0].Notes[0].En != "note" {
		t.Errorf("the notes are %+v", got[0].Notes)
	}
}
