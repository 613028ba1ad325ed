package rpc_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/internal/seal/sealtest"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/postgres"
	"github.com/tripgen/tripgen/services/trip/triptest"
	"github.com/tripgen/tripgen/services/trip/wake"
)

// watch reads a trip's stream after a token until it has n events beside heartbeats, then cuts it.
func (w *world) watch(t *testing.T, tripID, token string, n int, each func(*tripv1.WatchTripResponse)) {
	t.Helper()
	ctx, cut := context.WithTimeout(t.Context(), 30*time.Second)
	defer cut()
	stream, err := w.user.Trips.WatchTrip(ctx, &tripv1.WatchTripRequest{TripId: tripID, ResumeToken: token})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Close() }()
	for n > 0 && stream.Receive() {
		if stream.Msg().GetHeartbeat() == nil {
			n--
		}
		each(stream.Msg())
	}
	if n > 0 {
		t.Fatalf("%d events are missing: %v", n, stream.Err())
	}
}

// name of an event, as short as it can be told apart by.
func eventName(m *tripv1.WatchTripResponse) string {
	switch e := m.GetEvent().(type) {
	case *tripv1.WatchTripResponse_TripChanged:
		return fmt.Sprint("trip ", e.TripChanged.GetRevision())
	case *tripv1.WatchTripResponse_ItineraryChanged:
		return fmt.Sprint("itinerary ", e.ItineraryChanged.GetVersion(), ".", e.ItineraryChanged.GetRevision(), e.ItineraryChanged.GetDays())
	case *tripv1.WatchTripResponse_GenerationChanged:
		return "generation " + e.GenerationChanged.GetState().String()
	case *tripv1.WatchTripResponse_Heartbeat:
		return "heartbeat"
	default:
		return fmt.Sprintf("%T", e)
	}
}

// [T3] A second device sees what the first one does, live, and hears of a quiet stream that it is alive.
func TestWatchSeesEditsFromElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tr := w.create()
	var got []string
	heartbeats, token := 0, ""
	w.watch(t, tr.GetId(), "", 1, func(m *tripv1.WatchTripResponse) { token = m.GetResumeToken() })
	edited := make(chan struct{})
	go func() {
		defer close(edited)
		w.rename(tr.GetId(), "바다")
		w.generate(w.get(tr.GetId()))
	}()
	w.watch(t, tr.GetId(), token, 5, func(m *tripv1.WatchTripResponse) {
		if name := eventName(m); name != "heartbeat" {
			got = append(got, name)
		}
	})
	<-edited
	want := []string{
		"trip 2", "generation GENERATION_STATE_QUEUED", "itinerary 1.1 []", "generation GENERATION_STATE_RUNNING",
		"generation GENERATION_STATE_READY",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	ctx, cut := context.WithTimeout(t.Context(), 10*time.Second)
	defer cut()
	stream, err := w.user.Trips.WatchTrip(ctx, &tripv1.WatchTripRequest{TripId: tr.GetId()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Close() }()
	for heartbeats < 2 && stream.Receive() {
		if stream.Msg().GetHeartbeat() != nil {
			heartbeats++
		}
	}
	if heartbeats < 2 {
		t.Errorf("%d heartbeats: %v", heartbeats, stream.Err())
	}
}

func (w *world) rename(tripID, name string) {
	w.Helper()
	for {
		t := w.get(tripID)
		_, err := w.user.Trips.UpdateTrip(w.Context(), &tripv1.UpdateTripRequest{
			TripId: tripID, Revision: t.GetRevision(), Basics: &tripv1.TripBasics{Name: name},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}},
		})
		if err == nil {
			return
		}
		if r := refusalOf(w.T, err); r.reason != errs.ReasonStaleRevision {
			w.Error(err)
			return
		}
	}
}

func TestResumeTokensAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tr, other := w.create(), w.create()
	var token string
	w.watch(t, tr.GetId(), "", 1, func(m *tripv1.WatchTripResponse) { token = m.GetResumeToken() })
	for name, c := range map[string]struct{ trip, token string }{
		"another trip's": {other.GetId(), token},
		"made up":        {tr.GetId(), "abc.def"},
	} {
		stream, err := w.user.Trips.WatchTrip(t.Context(), &tripv1.WatchTripRequest{TripId: c.trip, ResumeToken: c.token})
		if err != nil {
			t.Fatal(err)
		}
		for stream.Receive() {
		}
		if r := refusalOf(t, stream.Err()); r.reason != errs.ReasonResumeTokenInvalid {
			t.Errorf("%s: got %v", name, stream.Err())
		}
	}
	w.clock.Advance(8 * 24 * time.Hour)
	w.rename(tr.GetId(), "바다")
	week := w.clock.Now().Add(-trip.KeepChanges)
	if _, err := w.store.Purge(t.Context(), week, week, week); err != nil {
		t.Fatal(err)
	}
	w.rename(tr.GetId(), "산") // entry 1 is gone, 2 and 3 are there: after 1 one can go on, after 0 not
	w.watch(t, tr.GetId(), token, 2, func(*tripv1.WatchTripResponse) {})
}

// [T3] However often the connection is cut, a watcher that resumes gets every change once, in order, without gaps.
func TestWatchOverAThousandCuts(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T, *clock.Fake) triptest.Store{
		"memory":   func(_ *testing.T, c *clock.Fake) triptest.Store { return triptest.NewMemory(c) },
		"postgres": openPostgres,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clock.NewFake(triptest.Now)
			watchOverCuts(t, newWorldOn(t, c, open(t, c)), 1000)
		})
	}
}

func openPostgres(t *testing.T, c *clock.Fake) triptest.Store {
	sealer, _ := sealtest.New(t)
	return postgres.New(postgres.Deps{
		Pool: postgrestest.New(t, postgres.Migrations()), Seal: sealer, Clock: c, IDs: id.Random{},
		Waker: wake.NewHub(nil, slog.New(slog.DiscardHandler)),
	})
}

func watchOverCuts(t *testing.T, w *world, cuts int) {
	tr := w.create()
	it := w.generate(tr)
	const writers, mostPerCut = 3, 4
	grants := make(chan int, mostPerCut) // each lets a writer make one change
	var writing sync.WaitGroup
	for range writers {
		writing.Go(func() {
			for i := range grants {
				if i%5 == 4 {
					w.lockSomething(it.GetDays()[0].GetStops()[1].GetId(), tr.GetId())
				} else {
					w.rename(tr.GetId(), fmt.Sprint("이름 ", i))
				}
			}
		})
	}
	random := rand.New(rand.NewPCG(1, 2))
	token, revision, itinerary, made := "", tr.GetRevision(), it.GetRevision(), 0
	w.watch(t, tr.GetId(), "", 1, func(m *tripv1.WatchTripResponse) { token = m.GetResumeToken() })
	for range cuts {
		n := 1 + random.IntN(mostPerCut)
		for range n {
			grants <- made
			made++
		}
		w.watch(t, tr.GetId(), token, n, func(m *tripv1.WatchTripResponse) {
			token = m.GetResumeToken()
			switch e := m.GetEvent().(type) {
			case *tripv1.WatchTripResponse_TripChanged:
				if revision++; e.TripChanged.GetRevision() != revision {
					t.Fatalf("revision %d, want %d", e.TripChanged.GetRevision(), revision)
				}
			case *tripv1.WatchTripResponse_ItineraryChanged:
				if itinerary++; e.ItineraryChanged.GetRevision() != itinerary {
					t.Fatalf("the itinerary's revision %d, want %d", e.ItineraryChanged.GetRevision(), itinerary)
				}
			}
		})
	}
	close(grants)
	writing.Wait()
	if got := w.get(tr.GetId()).GetRevision(); got != revision || w.itinerary(tr).GetRevision() != itinerary {
		t.Fatalf("seen up to revision %d of %d", revision, got)
	}
}

// lockSomething edits the newest itinerary.
func (w *world) lockSomething(stopID, tripID string) {
	w.Helper()
	for {
		res, err := w.user.Itineraries.GetItinerary(w.Context(), &tripv1.GetItineraryRequest{TripId: tripID})
		if err != nil {
			w.Error(err)
			return
		}
		it := res.GetItinerary()
		_, err = w.user.Itineraries.LockStop(w.Context(), &tripv1.LockStopRequest{
			TripId: tripID, Version: it.GetVersion(), Revision: it.GetRevision(), StopId: stopID, Locked: true,
		})
		if err == nil {
			return
		}
		if r := refusalOf(w.T, err); r.reason != errs.ReasonStaleRevision {
			w.Error(err)
			return
		}
	}
}
