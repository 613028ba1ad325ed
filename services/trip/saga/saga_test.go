package saga_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/durable"
	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/internal/seal"
	"github.com/tripgen/tripgen/internal/seal/sealtest"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/peers"
	"github.com/tripgen/tripgen/services/trip/postgres"
	"github.com/tripgen/tripgen/services/trip/saga"
	"github.com/tripgen/tripgen/services/trip/triptest"
	"github.com/tripgen/tripgen/services/trip/wake"
	"github.com/tripgen/tripgen/services/trip/zones"
)

const (
	ready     = aiv1.GenerationState_GENERATION_STATE_READY
	failed    = aiv1.GenerationState_GENERATION_STATE_FAILED
	cancelled = aiv1.GenerationState_GENERATION_STATE_CANCELLED
)

// world is a trip service with its sagas on a real database, beside a fake AI service.
type world struct {
	*testing.T
	pool    *pgxpool.Pool
	seal    *seal.Sealer
	ai      *triptest.AI
	store   *postgres.Store
	runner  *saga.Runner
	service *trip.Service
	// deaf keeps the events about finished generations from the sagas.
	deaf  bool
	times saga.Times
	// steps are what the sagas of a process do instead of the service's own; nil for those.
	steps func(saga.Steps) saga.Steps
}

func quick() saga.Times {
	return saga.Times{
		Times: durable.Times{Beat: 50 * time.Millisecond, FirstRetry: 10 * time.Millisecond, LastRetry: 50 * time.Millisecond},
		Look:  300 * time.Millisecond, GiveUp: 20 * time.Second, Orphan: 200 * time.Millisecond,
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	sealer, _ := sealtest.New(t)
	w := &world{T: t, pool: postgrestest.New(t, postgres.Migrations()), seal: sealer, times: quick()}
	w.ai = triptest.NewAI(func(id string, state aiv1.GenerationState, reason string) {
		if !w.deaf {
			w.tell(id, state, reason)
		}
	})
	return w
}

// tell does what the consumer of Kafka's events does.
func (w *world) tell(id string, state aiv1.GenerationState, reason string) {
	states := map[aiv1.GenerationState]trip.GenerationState{
		ready: trip.GenerationReady, failed: trip.GenerationFailed, cancelled: trip.GenerationCancelled,
	}
	if err := w.runner.Finished(context.Background(), "evt_"+id, id, states[state], reason); err != nil {
		w.Error(err)
	}
}

// start starts a process; it stops when the test ends, if it has not before.
func (w *world) start(executor string) (stop func()) {
	w.Helper()
	quiet := slog.New(slog.DiscardHandler)
	pool, err := pgxpool.NewWithConfig(context.Background(), w.pool.Config())
	if err != nil {
		w.Fatal(err)
	}
	w.store = postgres.New(postgres.Deps{
		Pool: w.pool, Seal: w.seal, Clock: clock.System{}, IDs: id.Random{}, Waker: wake.NewHub(nil, quiet),
	})
	w.runner = saga.New(saga.Deps{
		Pool: pool, Leases: w.pool, Executor: executor, Generations: w.store, Times: w.times, Clock: clock.System{}, Log: quiet,
	})
	ai := peers.AI{Intake: w.ai, Planner: w.ai}
	w.service = trip.New(trip.Deps{
		Trips: w.store, Itineraries: w.store, Generations: w.store, Feed: w.store, Keys: w.store, Shares: w.store, Alerts: w.store,
		Cities: new(triptest.Cities), Zones: zones.New(), Sagas: w.runner, Intake: ai, Planner: ai, Documents: peers.Documents{}, Log: quiet,
		Clock: clock.System{}, IDs: id.Random{}, HandOverWait: 5 * time.Second,
	})
	steps := saga.Steps(w.service)
	if w.steps != nil {
		steps = w.steps(steps)
	}
	if err := w.runner.Launch(w.Context(), steps); err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	runner := w.runner
	go func() { done <- runner.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			w.Error(err)
		}
		if err := runner.Stop(context.Background()); err != nil {
			w.Error(err)
		}
		pool.Close()
	}
	w.Cleanup(stop)
	return stop
}

var caller = trip.Caller{Owner: triptest.Owner, ClientID: "app"}

func (w *world) trip() trip.Trip {
	w.Helper()
	draft := triptest.Sample(id.Random{}, time.Now())
	draft.Start = trip.DateOf(time.Now(), time.UTC).AddDays(7)
	t, err := w.service.Create(w.Context(), caller, draft)
	if err != nil {
		w.Fatal(err)
	}
	return t
}

func (w *world) generate(t trip.Trip, wish trip.Wish) trip.Generation {
	w.Helper()
	wish.Revision = t.Revision
	g, err := w.service.Generate(w.Context(), caller, t.ID, wish)
	if err != nil {
		w.Fatal(err)
	}
	return g
}

// await waits until a generation is in a state.
func (w *world) await(id string, want trip.GenerationState) trip.Generation {
	w.Helper()
	var g trip.Generation
	until(w.T, func() error {
		var err error
		if g, err = w.store.Generation(w.Context(), id); err != nil {
			return err
		}
		if g.State != want {
			return fmt.Errorf("the generation is %s (%s), want %s", g.State, g.Reason, want)
		}
		return nil
	})
	return g
}

// until tries again and again until there is no error.
func until(t *testing.T, try func() error) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(20 * time.Second)
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-deadline:
			t.Fatal(err)
		case <-ticker.C:
		}
	}
}

func (w *world) get(id string) trip.Trip {
	w.Helper()
	t, err := w.service.Get(w.Context(), caller, id)
	if err != nil {
		w.Fatal(err)
	}
	return t
}

// [T6] [T8] A generation goes its whole way: handed over, stored as a version, confirmed, and the trip is free again.
func TestGenerationBecomesReady(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start("a")
	tr := w.trip()
	g := w.generate(tr, trip.Wish{Special: "no stairs"})
	if len(g.Receipt) == 0 {
		t.Error("the AI service's receipt did not reach the caller")
	}
	w.await(g.ID, trip.GenerationReady)
	after := w.get(tr.ID)
	if after.Itinerary != 1 || after.Running != "" || after.Revision != tr.Revision || after.Regenerations.Used != 0 {
		t.Errorf("the trip is %+v", after)
	}
	until(t, func() error { // the last step comes after the trip is free
		if v := w.ai.Confirmed(g.ID); v != 1 {
			return fmt.Errorf("confirmed as version %d", v)
		}
		return nil
	})
	it, _, err := w.service.Itinerary(t.Context(), caller, tr.ID, 0)
	if err != nil || len(it.Plan.Outline) != after.Days() || it.Generation != g.ID {
		t.Errorf("the itinerary is %+v, %v", it, err)
	}
	request := w.ai.Request(g.ID)
	if request.GetSpecialRequest() != "no stairs" || request.GetProfile().GetMembers()[0].GetAge() != 38 ||
		request.GetProfile().GetDestinations()[0].GetCityId() != "munich" || request.GetDayStart().GetMinutes() != 540 {
		t.Errorf("handed over: %v", request)
	}
}

// [T8] A regenerated day is a new version and counts; at most five a day.
func TestRegenerationsAreCountedAndLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start("a")
	tr := w.trip()
	w.await(w.generate(tr, trip.Wish{}).ID, trip.GenerationReady)
	for i := range trip.RegenerationsPerDay {
		w.await(w.generate(tr, trip.Wish{Day: 2}).ID, trip.GenerationReady)
		if left := w.get(tr.ID).Regenerations.Left(tr.Today(time.Now())); left != trip.RegenerationsPerDay-1-i {
			t.Fatalf("%d left after %d", left, i+1)
		}
	}
	_, err := w.service.Generate(t.Context(), caller, tr.ID, trip.Wish{Revision: tr.Revision, Day: 2})
	if !errs.HasReason(err, errs.ReasonRegenerationLimit) {
		t.Fatalf("got %v, want REGENERATION_LIMIT", err)
	}
	versions, err := w.service.Versions(t.Context(), caller, tr.ID)
	if err != nil || len(versions) != 3 || versions[0].Version != 6 || versions[0].Origin != trip.FromDayRegeneration {
		t.Fatalf("versions %+v, %v", versions, err)
	}
}

// [T8] A failed or cancelled regeneration leaves the itinerary untouched and gives the count back.
func TestFailureGivesTheRegenerationBack(t *testing.T) {
	t.Parallel()
	for state, want := range map[aiv1.GenerationState]trip.GenerationState{
		failed: trip.GenerationFailed, cancelled: trip.GenerationCancelled,
	} {
		t.Run(string(want), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.start("a")
			tr := w.trip()
			w.await(w.generate(tr, trip.Wish{}).ID, trip.GenerationReady)
			w.ai.Hold(true)
			g := w.generate(tr, trip.Wish{})
			if during := w.get(tr.ID); during.Running != g.ID || during.Regenerations.Used != 1 {
				t.Fatalf("during: %+v", during)
			}
			if _, err := w.service.Generate(t.Context(), caller, tr.ID, trip.Wish{Revision: tr.Revision}); !errs.HasReason(err, errs.ReasonGenerationRunning) {
				t.Fatalf("got %v, want GENERATION_RUNNING", err)
			}
			w.ai.Finish(g.ID, state, "PLAN_INFEASIBLE")
			if end := w.await(g.ID, want); end.Reason != "PLAN_INFEASIBLE" {
				t.Errorf("reason %q", end.Reason)
			}
			after := w.get(tr.ID)
			if after.Itinerary != 1 || after.Running != "" || after.Regenerations.Used != 0 {
				t.Errorf("after: %+v", after)
			}
		})
	}
}

// [A5] A full queue reaches the caller at once, nothing is used up, and the same request can be made again.
func TestRefusalReachesTheCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start("a")
	tr := w.trip()
	w.ai.Refuse(errs.ResourceExhausted(errs.ReasonQueueFull, "많습니다.", "Full.").Retry(7 * time.Second))
	again := caller
	again.Once = trip.Once{Key: "k", Fingerprint: []byte("f")}
	_, err := w.service.Generate(t.Context(), again, tr.ID, trip.Wish{Revision: tr.Revision})
	if e, ok := errs.Of(err); !ok || e.Reason != errs.ReasonQueueFull || e.RetryAfter != 7*time.Second {
		t.Fatalf("got %v, want QUEUE_FULL with its time", err)
	}
	if after := w.get(tr.ID); after.Running != "" {
		t.Fatalf("the trip is not free: %+v", after)
	}
	w.ai.Refuse(nil)
	g, err := w.service.Generate(t.Context(), again, tr.ID, trip.Wish{Revision: tr.Revision})
	if err != nil {
		t.Fatal(err)
	}
	w.await(g.ID, trip.GenerationReady)
	same, err := w.service.Generate(t.Context(), again, tr.ID, trip.Wish{Revision: tr.Revision})
	if err != nil || same.ID != g.ID || w.ai.Started() != 1 {
		t.Fatalf("the repeated request gave %s and %v, %d started", same.ID, err, w.ai.Started())
	}
}

// [A6] While the AI service is away a generation is accepted all the same, and handed over when it is back.
func TestHandOverWaitsForTheAIService(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start("a")
	tr := w.trip()
	w.ai.Away(true)
	w.service.HandOverWait = 50 * time.Millisecond
	g := w.generate(tr, trip.Wish{})
	if g.State != trip.GenerationAccepted || len(g.Receipt) != 0 {
		t.Fatalf("got %+v", g)
	}
	w.ai.Away(false)
	w.await(g.ID, trip.GenerationReady)
}

// [A6] An event that never comes delays a generation and does not lose it.
func TestSagaLooksItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deaf = true
	w.start("a")
	w.await(w.generate(w.trip(), trip.Wish{}).ID, trip.GenerationReady)
}

// [A6] Neither does the event of one that ended otherwise: its trip is free, and its count back, long before the wait is
// given up.
func TestSagaLooksItselfHowAGenerationEnded(t *testing.T) {
	t.Parallel()
	for state, want := range map[aiv1.GenerationState]trip.GenerationState{
		failed: trip.GenerationFailed, cancelled: trip.GenerationCancelled,
	} {
		t.Run(string(want), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.deaf, w.times.GiveUp = true, 30*time.Minute
			w.start("a")
			w.ai.Hold(true)
			tr := w.trip()
			g := w.generate(tr, trip.Wish{})
			w.ai.Finish(g.ID, state, errs.ReasonPlanInfeasible)
			end := w.await(g.ID, want)
			if state == failed && end.Reason != errs.ReasonPlanInfeasible {
				t.Errorf("reason %q", end.Reason)
			}
			if after := w.get(tr.ID); after.Running != "" || after.Regenerations.Used != 0 {
				t.Errorf("after: %+v", after)
			}
		})
	}
}

// What never finishes is given up, and the trip is free again.
func TestSagaGivesUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.times.Look, w.times.GiveUp = 50*time.Millisecond, 200*time.Millisecond
	w.start("a")
	w.ai.Hold(true)
	tr := w.trip()
	g := w.generate(tr, trip.Wish{})
	if end := w.await(g.ID, trip.GenerationFailed); end.Reason != errs.ReasonDeadlineExceeded {
		t.Errorf("reason %q", end.Reason)
	}
	if after := w.get(tr.ID); after.Running != "" {
		t.Errorf("the trip is %+v", after)
	}
}

// [A6] Sagas go on in another process after theirs was stopped, and one that was never started is found.
func TestAnotherProcessGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ai.Hold(true)
	stop := w.start("a")
	waiting := w.generate(w.trip(), trip.Wish{})
	stop()

	tr := triptest.Sample(id.Random{}, time.Now())
	tr.Start = trip.DateOf(time.Now(), time.UTC).AddDays(7)
	if err := w.store.Create(t.Context(), tr, trip.Once{}); err != nil {
		t.Fatal(err)
	}
	orphan, err := w.store.Begin(t.Context(), tr.Owner, tr.ID, trip.Once{}, func(tr *trip.Trip) (trip.Generation, error) {
		g := trip.Generation{
			ID: id.Random{}.New(id.Generation), TripID: tr.ID, Owner: tr.Owner, State: trip.GenerationAccepted,
			Created: time.Now().UTC().Truncate(time.Microsecond), Request: trip.Request{Profile: tr.Profile(), DayStart: 540, Asked: time.Now()},
		}
		tr.Running = g.ID
		return g, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.ai.Hold(false)
	w.start("b")
	w.await(orphan.ID, trip.GenerationReady)
	w.ai.Finish(waiting.ID, ready, "")
	w.await(waiting.ID, trip.GenerationReady)
	if n := w.ai.Started(); n != 2 {
		t.Errorf("%d generations were started, want 2", n)
	}
}
