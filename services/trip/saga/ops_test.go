package saga_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tripgen/tripgen/internal/durable"
	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/saga"
)

// ops looks at the world's sagas from outside.
func (w *world) ops() *durable.Ops {
	w.Helper()
	o, err := durable.OpenOps(w.Context(), saga.App, w.otherPool(), slog.New(slog.DiscardHandler))
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() {
		if err := o.Close(); err != nil {
			w.Error(err)
		}
	})
	return o
}

func (w *world) otherPool() *pgxpool.Pool {
	w.Helper()
	pool, err := pgxpool.NewWithConfig(context.Background(), w.pool.Config())
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(pool.Close)
	return pool
}

func (w *world) saga(o *durable.Ops, id string, want durable.State) durable.Status {
	w.Helper()
	var s durable.Status
	until(w.T, func() error {
		var err error
		if s, err = o.Get(id); err != nil {
			return err
		}
		if s.State != want {
			return fmt.Errorf("the saga is %s, want %s", s.State, want)
		}
		return nil
	})
	return s
}

func names(steps []durable.Step) []string {
	var all []string
	for _, s := range steps {
		if s.Name != "DBOS.recv" && s.Name != "DBOS.sleep" { // the wait, as often as it looks
			all = append(all, s.Name)
		}
	}
	return all
}

// scrape gives the values of the sagas' metrics by state, with that of the oldest under "oldest".
func (w *world) scrape() map[string]float64 {
	w.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(w.runner.Meter())
	families, err := registry.Gather()
	if err != nil {
		w.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := "oldest"
			for _, l := range m.GetLabel() {
				if l.GetName() == "state" {
					name = l.GetValue()
				}
			}
			values[name] = m.GetGauge().GetValue()
		}
	}
	return values
}

// Ops see where each saga stands, what came of it and which steps it took.
func TestOpsSeeSagas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.times.Look = 10 * time.Second // it is told, and need not look
	w.start("a")
	o := w.ops()
	w.ai.Hold(true)
	goesWell, goesWrong := w.generate(w.trip(), trip.Wish{}), w.generate(w.trip(), trip.Wish{})

	running, err := o.List(10, durable.Running)
	if err != nil || len(running) != 2 || running[0].ID != goesWrong.ID || running[1].ID != goesWell.ID {
		t.Fatalf("running: %+v, %v", running, err)
	}
	if s := running[1]; s.Kind != "generation" || s.Executor != "a" || s.Attempts != 1 || !s.Ended.IsZero() || s.Result != "" ||
		!slices.Equal(names(s.Steps), []string{"hand over"}) || s.Age(s.Created.Add(time.Minute)) != time.Minute {
		t.Errorf("the saga is %+v", s)
	}
	if one, err := o.List(1, durable.States()...); err != nil || len(one) != 1 || one[0].ID != goesWrong.ID {
		t.Errorf("the newest: %+v, %v", one, err)
	}
	if v := w.scrape(); v["running"] != 2 || v["done"] != 0 || v["oldest"] <= 0 {
		t.Errorf("metrics %v", v)
	}

	w.ai.Finish(goesWell.ID, ready, "")
	w.ai.Finish(goesWrong.ID, failed, "PLAN_INFEASIBLE")
	well, wrong := w.saga(o, goesWell.ID, durable.Done), w.saga(o, goesWrong.ID, durable.Done)
	if well.Result != string(trip.GenerationReady) || well.Last() != "confirm" || well.Ended.IsZero() ||
		well.Age(time.Now().Add(time.Hour)) != well.Ended.Sub(well.Created) {
		t.Errorf("the saga that went well is %+v", well)
	}
	if confirmed := well.Steps[len(well.Steps)-1]; confirmed.Output != "true" || confirmed.Ended.Before(confirmed.Started) {
		t.Errorf("its last step is %+v", confirmed)
	}
	got := slices.Compact(names(well.Steps))
	if !slices.Equal(got, []string{"hand over", "store", "finish", "confirm"}) {
		t.Errorf("its steps are %v", got)
	}
	if wrong.Result != string(trip.GenerationFailed) || wrong.Last() != "give back" {
		t.Errorf("the saga that compensated is %+v", wrong)
	}
	if v := w.scrape(); v["running"] != 0 || v["done"] != 2 || v["failed"] != 0 || v["oldest"] != 0 {
		t.Errorf("metrics %v", v)
	}
	if _, err := o.Get("gen_nobody"); !errors.Is(err, durable.ErrNoSaga) {
		t.Errorf("an unknown saga: %v", err)
	}
}

// A saga that broke off is seen so, and its generation does not stay behind.
func TestOpsSeeSagasThatBrokeOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start("a")
	o := w.ops()
	w.ai.Hold(true)
	tr := w.trip()
	g := w.generate(tr, trip.Wish{})
	w.cancelWorkflow(g.ID)
	w.saga(o, g.ID, durable.Cancelled)
	w.await(g.ID, trip.GenerationFailed)
	if after := w.get(tr.ID); after.Running != "" {
		t.Errorf("the trip is not free: %+v", after)
	}
	if found, err := o.List(10, durable.Running, durable.Failed); err != nil || len(found) != 0 {
		t.Errorf("running or failed: %+v, %v", found, err)
	}
	if v := w.scrape(); v["cancelled"] != 1 || v["running"] != 0 {
		t.Errorf("metrics %v", v)
	}
}

// unfinishable are steps of which one fails for good while broken.
type unfinishable struct {
	saga.Steps
	broken *atomic.Bool
}

func (u unfinishable) Finish(ctx context.Context, id string) error {
	if u.broken.Load() {
		return errs.New(errs.KindFailedPrecondition, errs.ReasonInternal, "고장", "Broken.")
	}
	return u.Steps.Finish(ctx, id)
}

// cancelWorkflow stops a saga between two steps, as the library's own tools can.
func (w *world) cancelWorkflow(id string) {
	w.Helper()
	client, err := dbos.NewClient(w.Context(), dbos.ClientConfig{SystemDBPool: w.otherPool(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		w.Fatal(err)
	}
	if err := errors.Join(dbos.CancelWorkflow(client, id), dbos.Shutdown(client, time.Second)); err != nil {
		w.Fatal(err)
	}
}

// A saga that failed for good goes on, when ops say so, with the step that failed: what was done is not done again.
func TestOpsRetryASagaThatFailedForGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	broken := new(atomic.Bool)
	broken.Store(true)
	w.steps = func(s saga.Steps) saga.Steps { return unfinishable{s, broken} }
	w.start("a")
	o := w.ops()
	tr := w.trip()
	g := w.generate(tr, trip.Wish{})
	if s := w.saga(o, g.ID, durable.Failed); s.Error == "" || s.Last() != "finish" || s.Result != "" {
		t.Fatalf("the saga is %+v", s)
	}
	if w.ai.Confirmed(g.ID) != 0 || w.get(tr.ID).Running != g.ID {
		t.Errorf("confirmed as %d, the trip runs %q", w.ai.Confirmed(g.ID), w.get(tr.ID).Running)
	}
	if err := o.Retry(g.ID); err != nil { // too early: it fails again
		t.Fatal(err)
	}
	w.saga(o, g.ID, durable.Failed)
	broken.Store(false)
	if err := o.Retry(g.ID); err != nil {
		t.Fatal(err)
	}
	s := w.saga(o, g.ID, durable.Done)
	if got := slices.Compact(names(s.Steps)); s.Result != string(trip.GenerationReady) || !slices.Equal(got, []string{"hand over", "store", "finish", "confirm"}) {
		t.Errorf("the saga made %q by %q", s.Result, got)
	}
	if w.ai.Started() != 1 || w.ai.Confirmed(g.ID) != 1 {
		t.Errorf("started %d times, confirmed as version %d", w.ai.Started(), w.ai.Confirmed(g.ID))
	}
	after := w.get(tr.ID)
	if after.Running != "" || after.Itinerary != 1 || after.Regenerations.Used != 0 {
		t.Errorf("the trip is %+v", after)
	}
	if err := o.Retry(g.ID); !errors.Is(err, durable.ErrNotBrokenOff) {
		t.Errorf("one that is done: %v", err)
	}
	if err := o.Retry("gen_nobody"); !errors.Is(err, durable.ErrNoSaga) {
		t.Errorf("one that is not there: %v", err)
	}
}

// A saga that was stopped, and whose generation was given back for that, ends as its generation did when it is retried.
func TestOpsRetryASagaThatWasStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start("a")
	o := w.ops()
	tr := w.trip()
	w.await(w.generate(tr, trip.Wish{}).ID, trip.GenerationReady)
	w.ai.Hold(true)
	g := w.generate(w.get(tr.ID), trip.Wish{Day: 2})
	if err := o.Retry(g.ID); !errors.Is(err, durable.ErrNotBrokenOff) {
		t.Errorf("one that runs: %v", err)
	}
	w.cancelWorkflow(g.ID)
	w.saga(o, g.ID, durable.Cancelled)
	w.await(g.ID, trip.GenerationFailed)
	w.ai.Finish(g.ID, ready, "") // too late for the traveller, who was told that it failed
	if err := o.Retry(g.ID); err != nil {
		t.Fatal(err)
	}
	if s := w.saga(o, g.ID, durable.Done); s.Result != string(trip.GenerationFailed) {
		t.Errorf("the saga made %q", s.Result)
	}
	after := w.get(tr.ID)
	if after.Itinerary != 1 || after.Running != "" || after.Regenerations.Used != 0 {
		t.Errorf("the trip is %+v", after)
	}
}
