package triptest

import (
	"time"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/services/trip"
)

func (f *fixture) alert(what trip.What) trip.Alert {
	return trip.Alert{
		ID: f.ids.New("alert"), Kind: trip.AlertWeather, Day: 1, Stops: []string{"stop_x"}, Ko: "비", En: "rain",
		Actions: []trip.AlertAction{trip.RegenerateDay, trip.Keep}, Created: f.clock.Now(), Cause: trip.Cause{What: what, Date: day(20)},
	}
}

func testAlerts(f *fixture) {
	t := f.create()
	f.addVersion(t, "plan")
	open, gone, kept := f.alert(trip.FoundRain), f.alert(trip.FoundSnow), f.alert(trip.FoundHotter)
	put := func(alerts ...trip.Alert) []trip.Alert {
		f.Helper()
		var known []trip.Alert
		f.must(f.UpdateAlerts(f.ctx, Owner, t.ID, trip.Once{}, func(_ *trip.Trip, k []trip.Alert) ([]trip.Alert, error) {
			known = k
			return alerts, nil
		}))
		return known
	}
	put(open, gone, kept)
	gone.Ended = f.clock.Now()
	kept.Ended, kept.Resolution = f.clock.Now(), trip.Keep
	f.wantSame(put(gone, kept), []trip.Alert{open, reopened(gone), reopened(kept)})
	f.wantSame(put(), []trip.Alert{open, kept})
	got, _, err := f.OpenAlerts(f.ctx, Owner, t.ID)
	f.must(err)
	f.wantSame(got, []trip.Alert{open})
	one, err := f.Alert(f.ctx, Owner, t.ID, gone.ID)
	f.must(err)
	f.wantSame(one, gone)
	changes, err := f.Changes(f.ctx, Owner, t.ID, 2, 10)
	f.must(err)
	if len(changes) != 5 || changes[0].Alert.ID != open.ID || changes[4].Alert.Resolution != trip.Keep {
		f.Fatalf("the feed tells %+v", changes)
	}
	f.must(f.UpdateAlerts(f.ctx, Owner, t.ID, trip.Once{}, func(t *trip.Trip, _ []trip.Alert) ([]trip.Alert, error) {
		t.Looked = f.clock.Now()
		return []trip.Alert{f.alert(trip.FoundGone)}, trip.ErrUnchanged
	}))
	after, err := f.Trip(f.ctx, Owner, t.ID)
	f.must(err)
	if after.Changes != 7 || !after.Looked.IsZero() {
		f.Fatalf("the trip is %+v", after)
	}
	_, err = f.Alert(f.ctx, Owner, t.ID, "alert_x")
	f.wantReason(err, errs.ReasonNotFound)
	_, _, err = f.OpenAlerts(f.ctx, Stranger, t.ID)
	f.wantReason(err, errs.ReasonNotFound)
	err = f.UpdateAlerts(f.ctx, Stranger, t.ID, trip.Once{}, func(*trip.Trip, []trip.Alert) ([]trip.Alert, error) { return nil, nil })
	f.wantReason(err, errs.ReasonNotFound)
}

// reopened is an alert before it ended.
func reopened(a trip.Alert) trip.Alert {
	a.Ended, a.Resolution = time.Time{}, 0
	return a
}

func testDue(f *fixture) {
	// The sample starts on 1 June in Munich: it is looked after from 25 May 7:00, 5:00 UTC.
	t, none := f.create(), f.create()
	f.addVersion(t, "plan")
	take := func() []trip.Due {
		f.Helper()
		now := f.clock.Now()
		due, err := f.TakeDue(f.ctx, now, now.Add(time.Minute), 10)
		f.must(err)
		return due
	}
	first := time.Date(2027, 5, 25, 5, 0, 0, 0, time.UTC)
	f.clock.Advance(first.Add(-time.Second).Sub(Now))
	if due := take(); len(due) != 0 {
		f.Fatalf("too early: %v", due)
	}
	f.clock.Advance(time.Second)
	f.wantSame(take(), []trip.Due{{Owner: Owner, TripID: t.ID, At: first}})
	if due := take(); len(due) != 0 {
		f.Fatalf("taken twice: %v", due)
	}
	f.clock.Advance(time.Minute)
	if due := take(); len(due) != 1 {
		f.Fatalf("not taken again after the lease: %v", due)
	}
	f.must(f.UpdateAlerts(f.ctx, Owner, t.ID, trip.Once{}, func(t *trip.Trip, _ []trip.Alert) ([]trip.Alert, error) {
		t.Looked = f.clock.Now()
		return nil, nil
	}))
	f.clock.Advance(time.Hour)
	if due := take(); len(due) != 0 {
		f.Fatalf("looked after twice a day: %v", due)
	}
	_, stale, err := f.OpenAlerts(f.ctx, Owner, t.ID)
	f.must(err)
	if want := time.Date(2027, 5, 25, 22, 0, 0, 0, time.UTC); !stale.Equal(want) {
		f.Fatalf("stale from %v, want %v", stale, want)
	}
	if _, stale, err = f.OpenAlerts(f.ctx, Owner, none.ID); err != nil || !stale.IsZero() {
		f.Fatalf("a trip without an itinerary is stale from %v, %v", stale, err)
	}
	f.must(f.LookNow(f.ctx, t.ID, f.clock.Now()))
	if due := take(); len(due) != 1 {
		f.Fatalf("not due though somebody asked: %v", due)
	}
	_, err = f.Update(f.ctx, Owner, t.ID, trip.Once{}, remove(f.clock.Now()))
	f.must(err)
	f.clock.Advance(24 * time.Hour)
	if due := take(); len(due) != 0 {
		f.Fatalf("a deleted trip is due: %v", due)
	}
}
