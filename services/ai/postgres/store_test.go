package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/internal/seal/sealtest"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/events"
	aipostgres "github.com/tripgen/tripgen/services/ai/postgres"
)

// told counts the events that a store tells, by topic.
type told struct {
	mu     sync.Mutex
	events map[kafka.Topic]int
}

func (t *told) kick(e events.Entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.events[e.Event.Topic]++
}

func (t *told) count(topic kafka.Topic) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.events[topic]
}

func open(t *testing.T) (*aipostgres.Store, *told) {
	t.Helper()
	sealer, _ := sealtest.New(t)
	kicked := &told{events: map[kafka.Topic]int{}}
	return aipostgres.New(aipostgres.Deps{
		Pool: postgrestest.New(t, aipostgres.Migrations()), Seal: sealer, Clock: clock.System{}, IDs: id.Random{}, Kick: kicked.kick,
	}), kicked
}

func accept(t testing.TB, s *aipostgres.Store) ai.Generation {
	t.Helper()
	r := ai.Request{
		ID: id.Random{}.New(id.Generation), TripID: "trip_1", Owner: "user_1", ClientID: "app", RequestTime: time.Now(),
		Fingerprint: []byte("f"), Body: []byte("the body with a health level"),
	}
	g, accepted, err := s.Accept(context.Background(), r, 9, ai.Express)
	if err != nil || !accepted {
		t.Fatalf("accepted %v, %v", accepted, err)
	}
	return g
}

// [A6] Of many workers that claim at once, one gets the generation.
func TestOneOfManyClaimsSucceeds(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	g := accept(t, s)
	var won atomic.Int64
	var claiming sync.WaitGroup
	for i := range 20 {
		claiming.Go(func() {
			_, body, err := s.Claim(t.Context(), g.ID, fmt.Sprint("worker ", i), time.Minute)
			switch {
			case err == nil && string(body) == "the body with a health level":
				won.Add(1)
			case !errors.Is(err, ai.ErrHeld):
				t.Errorf("claim: %v, body %q", err, body)
			}
		})
	}
	claiming.Wait()
	if won.Load() != 1 {
		t.Errorf("%d workers got it", won.Load())
	}
}

// [A6] Whoever comes first, worker, canceller or confirmer: a generation ends once, and the end is told once.
func TestAGenerationEndsOnceWhateverHappensAtOnce(t *testing.T) {
	t.Parallel()
	s, kicked := open(t)
	const rounds = 25
	ends := map[ai.State]int{}
	for range rounds {
		g := accept(t, s)
		claimed, _, err := s.Claim(t.Context(), g.ID, "worker", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		var racing sync.WaitGroup
		racing.Go(func() { _ = s.Made(t.Context(), claimed, ai.Result{Itinerary: []byte("i")}) })
		racing.Go(func() { _, _, _ = s.Cancel(t.Context(), g.ID) })
		racing.Go(func() { _, _ = s.Fail(t.Context(), claimed, "INTERNAL", ai.Trouble{}, ai.Cost{}) })
		racing.Go(func() { _, _ = s.Confirm(t.Context(), g.ID, 1) })
		racing.Wait()
		after, err := s.Get(t.Context(), g.ID)
		if err != nil {
			t.Fatal(err)
		}
		ends[after.State]++
	}
	if sum := ends[ai.Made] + ends[ai.Ready] + ends[ai.Failed] + ends[ai.Cancelled]; sum != rounds {
		t.Errorf("ends are %v", ends)
	}
	if n := kicked.count(kafka.GenerationFinished); n != rounds {
		t.Errorf("%d ends of %d are told", n, rounds)
	}
}

// [A6] Any sequence of what can happen to a generation keeps to the states of the package's documentation.
func TestStatesChangeOnlyAsDocumented(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		g := accept(t, s)
		held, state := ai.Generation{}, ai.Queued
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			before := state
			next := state
			var err error
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0:
				var claimed ai.Generation
				if claimed, _, err = s.Claim(ctx, g.ID, "w", time.Minute); err == nil {
					held, next = claimed, ai.Running
				}
			case 1:
				if err = s.Made(ctx, held, ai.Result{Itinerary: []byte("i")}); err == nil {
					next = ai.Made
				}
			case 2:
				if _, err = s.Fail(ctx, held, "INTERNAL", ai.Trouble{}, ai.Cost{}); err == nil {
					next = ai.Failed
				}
			case 3:
				if err = s.Retry(ctx, held, time.Now(), ai.Trouble{Error: "x"}, ai.Cost{}); err == nil {
					next = ai.Queued
				}
			case 4:
				var cancelled bool
				if _, cancelled, err = s.Cancel(ctx, g.ID); cancelled {
					next = ai.Cancelled
				}
			case 5:
				if _, err = s.Confirm(ctx, g.ID, 1); err == nil {
					next = ai.Ready
				}
			}
			after, getErr := s.Get(ctx, g.ID)
			if getErr != nil {
				rt.Fatal(getErr)
			}
			state = after.State
			if state != next {
				rt.Fatalf("from %s it became %s, want %s (%v)", before, state, next, err)
			}
			allowed := state == before
			for _, from := range state.Before() {
				allowed = allowed || from == before
			}
			if !allowed {
				rt.Fatalf("from %s it became %s", before, state)
			}
		}
	})
}

// Those who watch are told of what nobody works on: what waits and what has ended, and nothing that was not asked about.
func TestIdleAreThoseThatWaitOrHaveEnded(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx := t.Context()
	claimed := func() ai.Generation {
		g, _, err := s.Claim(ctx, accept(t, s).ID, "w", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	queued, other, running, made, failed, cancelled := accept(t, s), accept(t, s), claimed(), claimed(), claimed(), accept(t, s)
	if err := s.Made(ctx, made, ai.Result{Itinerary: []byte("i")}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Fail(ctx, failed, "INTERNAL", ai.Trouble{}, ai.Cost{}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Cancel(ctx, cancelled.ID); err != nil {
		t.Fatal(err)
	}
	found, err := s.Idle(ctx, []string{queued.ID, running.ID, made.ID, failed.ID, cancelled.ID, "gen_unknown"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]ai.State{}
	for _, g := range found {
		got[g.ID] = g.State
	}
	want := map[string]ai.State{queued.ID: ai.Queued, failed.ID: ai.Failed, cancelled.ID: ai.Cancelled}
	if !maps.Equal(got, want) {
		t.Errorf("idle are %v, want %v without %s", got, want, other.ID)
	}
}

// [U5] What was asked for and what was made are sealed in the database.
func TestRequestsAndResultsAreSealed(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	g := accept(t, s)
	claimed, _, err := s.Claim(t.Context(), g.ID, "w", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Made(t.Context(), claimed, ai.Result{Itinerary: []byte("a wish in plain words")}); err != nil {
		t.Fatal(err)
	}
	if err := s.Improve(t.Context(), g.ID, 2, []byte("a better day in plain words")); err != nil {
		t.Fatal(err)
	}
	for table, column := range map[string]string{"generation_request": "body", "generation_result": "itinerary", "improvement": "body"} {
		var plain bool
		sql := fmt.Sprintf("SELECT position('plain words'::bytea IN %[1]s) > 0 OR position('health'::bytea IN %[1]s) > 0 FROM %[2]s", column, table)
		if err := s.Pool.QueryRow(t.Context(), sql).Scan(&plain); err != nil {
			t.Fatal(err)
		}
		if plain {
			t.Errorf("%s is readable", table)
		}
	}
	itinerary, better, err := s.Result(t.Context(), g.ID)
	if err != nil || string(itinerary) != "a wish in plain words" || len(better) != 1 || string(better[0]) != "a better day in plain words" {
		t.Errorf("read back %q, %q, %v", itinerary, better, err)
	}
}

// The outbox is swept by several at once: each event is in the hands of one of them, and what fails stays.
func TestSweepersShareTheOutboxAndLoseNothing(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	const n = 60
	for range n {
		accept(t, s)
	}
	var mu sync.Mutex
	sent := map[int64]int{}
	var sweeping sync.WaitGroup
	for i := range 3 {
		sweeping.Go(func() {
			for {
				swept, err := s.Sweep(t.Context(), 0, 10, func(entries []events.Entry) ([]int64, error) {
					var ids []int64
					mu.Lock()
					defer mu.Unlock()
					for k, e := range entries {
						if i == 0 && k%2 == 0 {
							continue // this one does not get through
						}
						sent[e.ID]++
						ids = append(ids, e.ID)
					}
					return ids, nil
				})
				if err != nil {
					t.Error(err)
				}
				if swept == 0 {
					return
				}
			}
		})
	}
	sweeping.Wait()
	for entry, times := range sent {
		if times != 1 {
			t.Errorf("event %d was sent %d times", entry, times)
		}
	}
	var left int
	if err := s.Pool.QueryRow(t.Context(), "SELECT count(*) FROM outbox").Scan(&left); err != nil || left+len(sent) != n {
		t.Errorf("%d sent, %d left of %d, %v", len(sent), left, n, err)
	}
}

// The generations ahead are those that the order of work puts first.
func TestTheQueueIsReadInTheOrderOfWork(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	start := time.Now().Add(-time.Hour).Truncate(time.Microsecond)
	var bulk ai.Generation
	for i, c := range []struct {
		class ai.Class
		after time.Duration
	}{{ai.Bulk, 0}, {ai.Express, ai.Express.Credit() - time.Second}, {ai.Express, ai.Express.Credit() + time.Second}, {ai.Standard, 5 * time.Second}, {ai.Bulk, -time.Second}} {
		g, _, err := s.Accept(t.Context(), ai.Request{
			ID: id.Random{}.New(id.Generation), TripID: "t", Owner: "o", RequestTime: start.Add(c.after), Fingerprint: []byte("f"),
		}, 1, c.class)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			bulk = g
		}
	}
	q := ai.NewQueue(s, clock.System{})
	ahead, eta, err := q.Estimate(t.Context(), bulk)
	if ahead != 3 || eta < 4*time.Second || err != nil {
		t.Errorf("%d ahead, %v, %v", ahead, eta, err)
	}
	if keys, err := s.Queued(t.Context()); err != nil || len(keys) != 5 || !keys[3].Equal(bulk.OrderKey()) {
		t.Errorf("keys are %v, %v", keys, err)
	}
}

// [A6] What is tried again waits in the store until it is due: nobody is told before, and a claim that comes too early
// is told again in time.
func TestARetryIsNeitherSentNorClaimedBeforeItIsDue(t *testing.T) {
	t.Parallel()
	s, kicked := open(t)
	g := accept(t, s)
	held, _, err := s.Claim(t.Context(), g.ID, "w", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Retry(t.Context(), held, time.Now().Add(time.Hour), ai.Trouble{Error: "x"}, ai.Cost{}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Claim(t.Context(), g.ID, "w", time.Minute); !errors.Is(err, ai.ErrEarly) {
		t.Errorf("claimed an hour too early: %v", err)
	}
	if err := s.Postpone(t.Context(), g.ID); err != nil {
		t.Fatal(err)
	}
	swept := func() (topics []kafka.Topic) {
		t.Helper()
		if _, err := s.Sweep(t.Context(), 0, 10, func(entries []events.Entry) (ids []int64, _ error) {
			for _, e := range entries {
				topics, ids = append(topics, e.Event.Topic), append(ids, e.ID)
			}
			return ids, nil
		}); err != nil {
			t.Fatal(err)
		}
		return topics
	}
	if got := swept(); len(got) != 1 || got[0] != kafka.GenerationExpress {
		t.Errorf("sent before it is due: %v", got)
	}
	for _, sql := range []string{"UPDATE outbox SET due_time = due_time - interval '1 hour'", "UPDATE generation SET queued_until = queued_until - interval '1 hour'"} {
		if _, err := s.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if got := swept(); len(got) != 2 || got[0] != kafka.GenerationRetry || got[1] != kafka.GenerationRetry {
		t.Errorf("sent when it is due: %v", got)
	}
	if _, _, err := s.Claim(t.Context(), g.ID, "w", time.Minute); err != nil {
		t.Errorf("claimed when it is due: %v", err)
	}
	told := kicked.count(kafka.GenerationRetry)
	if err := s.Postpone(t.Context(), g.ID); err != nil || kicked.count(kafka.GenerationRetry) != told {
		t.Errorf("one that is under way is told again, %v", err)
	}
}
