package aitest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/aitest"
	"github.com/tripgen/tripgen/services/ai/postgres"
)

// [U4] A deleted account's generations go, with what was asked, made and told; other people's stay.
func TestADeletedAccountsGenerationsGo(t *testing.T) {
	t.Parallel()
	s := aitest.Start(t, aitest.Options{NoModel: true})
	request := aitest.Request("munich", 1)
	s.Begin(t, request)
	s.AwaitMade(t, request.GetGenerationId())
	forgetful := postgres.NewPersonal(s.Store, s.Log.Forget)
	if removed, _, err := forgetful.Forget(t.Context(), "del_1", id.Random{}.New(id.User)); err != nil || len(removed) != 0 {
		t.Errorf("of somebody without generations %v were removed, %v", removed, err)
	}
	if _, err := s.Store.Get(t.Context(), request.GetGenerationId()); err != nil {
		t.Fatal(err)
	}
	removed, _, err := forgetful.Forget(t.Context(), "del_2", aitest.Owner)
	if err != nil || removed["generations"] != 1 || removed["requests"] != 1 || removed["results"] != 1 {
		t.Errorf("removed were %v, %v", removed, err)
	}
	if _, err := s.Store.Get(t.Context(), request.GetGenerationId()); !errors.Is(err, ai.ErrNoGeneration) {
		t.Errorf("the generation is not gone: %v", err)
	}
	aitest.Await(t, func() bool {
		left, err := s.Log.Read(t.Context(), request.GetGenerationId(), 0)
		return err == nil && len(left) == 0
	})
	var rows int
	err = s.Pool.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM generation_request) + (SELECT count(*) FROM generation_result)").Scan(&rows)
	if err != nil || rows != 0 {
		t.Errorf("%d rows are left, %v", rows, err)
	}
}

// [U5] What is personal is kept no longer than it is needed, and what is under way is left alone.
func TestWhatIsKeptNoLongerIsRemoved(t *testing.T) {
	t.Parallel()
	s := aitest.Start(t, aitest.Options{NoModel: true, Attempts: 50}) // tried for long enough
	ended, queued := aitest.Request("munich", 1), aitest.Request("munich", 1)
	s.Begin(t, ended)
	s.AwaitMade(t, ended.GetGenerationId())
	confirm(t, s, ended.GetGenerationId())
	s.Places.Down.Store(true)
	s.Begin(t, queued)
	rows := func() (requests, results, generations int) {
		t.Helper()
		err := s.Pool.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM generation_request), (SELECT count(*) FROM generation_result), (SELECT count(*) FROM generation)").Scan(&requests, &results, &generations)
		if err != nil {
			t.Fatal(err)
		}
		return requests, results, generations
	}
	past, future := time.Now().Add(-time.Hour), time.Now().Add(time.Minute)
	for _, step := range []struct {
		requests, results, generations time.Time
		want                           [3]int
	}{{past, past, past, [3]int{2, 1, 2}}, {future, past, past, [3]int{1, 1, 2}}, {future, future, past, [3]int{1, 0, 2}}, {future, future, future, [3]int{1, 0, 1}}} {
		if _, err := s.Store.Purge(t.Context(), step.requests, step.results, step.generations); err != nil {
			t.Fatal(err)
		}
		requests, results, generations := rows()
		if got := [3]int{requests, results, generations}; got != step.want {
			t.Errorf("left are %v, want %v", got, step.want)
		}
	}
	if _, err := s.Store.Get(t.Context(), queued.GetGenerationId()); err != nil {
		t.Errorf("what is under way is gone: %v", err)
	}
}
