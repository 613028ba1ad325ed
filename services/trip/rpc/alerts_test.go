package rpc_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/tripgen/tripgen/internal/errs"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/triptest"
)

const (
	regenerate = tripv1.AlertAction_ALERT_ACTION_REGENERATE_DAY
	replace    = tripv1.AlertAction_ALERT_ACTION_REPLACE_PLACE
	keep       = tripv1.AlertAction_ALERT_ACTION_KEEP
)

// soon makes a trip with an itinerary whose first day is tomorrow.
func (w *world) soon() *tripv1.Trip {
	t := w.create(func(r *tripv1.CreateTripRequest) { r.StartDate = &typev1.Date{Year: 2027, Month: 5, Day: 11} })
	w.generate(t)
	return w.get(t.GetId())
}

var tomorrow = trip.Date{Year: 2027, Month: 5, Day: 11}

func rain(w *trip.Weather) { w.Kind, w.Chance = trip.Rain, 80 }
func fair(*trip.Weather)   {}

func (w *world) check(t *tripv1.Trip) []*tripv1.Alert {
	w.Helper()
	res, err := w.user.Itineraries.CheckForChanges(w.Context(), &tripv1.CheckForChangesRequest{TripId: t.GetId()})
	if err != nil {
		w.Fatal(err)
	}
	if !res.GetCheckTime().AsTime().Equal(w.clock.Now()) || res.GetIncomplete() {
		w.Fatalf("checked at %v, incomplete %v", res.GetCheckTime().AsTime(), res.GetIncomplete())
	}
	return res.GetAlerts()
}

func (w *world) resolve(t *tripv1.Trip, a *tripv1.Alert, action tripv1.AlertAction, change ...func(*tripv1.ResolveAlertRequest)) *tripv1.ResolveAlertResponse {
	w.Helper()
	r := &tripv1.ResolveAlertRequest{TripId: t.GetId(), AlertId: a.GetId(), Action: action}
	for _, c := range change {
		c(r)
	}
	res, err := w.user.Itineraries.ResolveAlert(w.Context(), r)
	if err != nil {
		w.Fatal(err)
	}
	return res
}

// alertsTold are those in the trip's feed, in order.
func (w *world) alertsTold(t *tripv1.Trip) []trip.Alert {
	w.Helper()
	changes, err := w.store.Changes(w.Context(), triptest.Owner, t.GetId(), 0, 1000)
	if err != nil {
		w.Fatal(err)
	}
	var told []trip.Alert
	for _, c := range changes {
		if c.Alert != nil {
			told = append(told, *c.Alert)
		}
	}
	return told
}

// [T9] A finding is raised once and goes away when it is over.
func TestAnAlertIsRaisedOnceAndEndsWithItsCause(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.soon()
	if alerts := w.check(made); len(alerts) != 0 {
		t.Fatalf("alerts on a fresh plan: %v", alerts)
	}
	w.outlook.SetWeather(tomorrow, rain)
	first := w.check(made)
	if len(first) != 1 || first[0].GetDay() != 1 || len(first[0].GetStopIds()) != 1 || first[0].GetEndTime() != nil {
		t.Fatalf("alerts %v", first)
	}
	if again := w.check(made); len(again) != 1 || again[0].GetId() != first[0].GetId() {
		t.Fatalf("again %v", again)
	}
	// Where the weather cannot be asked nothing is concluded about it.
	w.outlook.Away(true, false)
	res, err := w.user.Itineraries.CheckForChanges(t.Context(), &tripv1.CheckForChangesRequest{TripId: made.GetId()})
	if err != nil || !res.GetIncomplete() || len(res.GetAlerts()) != 1 {
		t.Fatalf("without the weather: %v, %v", res, err)
	}
	w.outlook.Away(true, true)
	if _, err := w.user.Itineraries.CheckForChanges(t.Context(), &tripv1.CheckForChangesRequest{TripId: made.GetId()}); connect.CodeOf(err) != connect.CodeUnavailable {
		t.Fatalf("without anything: %v", err)
	}
	w.outlook.Away(false, false)
	w.outlook.SetWeather(tomorrow, fair)
	if over := w.check(made); len(over) != 0 {
		t.Fatalf("still there: %v", over)
	}
	told := w.alertsTold(made)
	if len(told) != 2 || told[0].ID != told[1].ID || !told[0].IsOpen() || told[1].IsOpen() || told[1].Resolution != 0 {
		t.Fatalf("the feed tells %+v", told)
	}
	_, err = w.user.Itineraries.ResolveAlert(t.Context(), &tripv1.ResolveAlertRequest{TripId: made.GetId(), AlertId: first[0].GetId(), Action: keep})
	wantReason(t, err, errs.ReasonAlertEnded)
	w.outlook.SetWeather(tomorrow, rain)
	if back := w.check(made); len(back) != 1 || back[0].GetId() == first[0].GetId() {
		t.Fatalf("rain that is back is %v", back)
	}
}

// [T9] Keep: it is not raised again for the same cause.
func TestAKeptAlertIsNotRaisedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.soon()
	w.outlook.SetWeather(tomorrow, rain)
	alert := w.check(made)[0]
	kept := w.resolve(made, alert, keep)
	if kept.GetAlert().GetResolution() != keep || kept.GetAlert().GetEndTime() == nil || kept.GetItinerary() != nil || kept.GetGeneration() != nil {
		t.Fatalf("kept %v", kept)
	}
	wantSame(t, w.resolve(made, alert, keep), kept)
	if alerts := w.check(made); len(alerts) != 0 {
		t.Fatalf("raised again: %v", alerts)
	}
	if told := w.alertsTold(made); len(told) != 2 {
		t.Fatalf("the feed tells %+v", told)
	}
	_, err := w.user.Itineraries.ResolveAlert(t.Context(), &tripv1.ResolveAlertRequest{TripId: made.GetId(), AlertId: alert.GetId(), Action: regenerate})
	wantReason(t, err, errs.ReasonAlertEnded)
}

// [T9] Regenerate the day: a generation of that day is started, with the same start of the day.
func TestAnAlertsDayIsGeneratedAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.create(func(r *tripv1.CreateTripRequest) { r.StartDate = &typev1.Date{Year: 2027, Month: 5, Day: 11} })
	before := w.generate(made, func(r *tripv1.GenerateItineraryRequest) { r.DayStart = &typev1.TimeOfDay{Minutes: 600} })
	second := tomorrow.AddDays(1)
	w.outlook.SetWeather(second, rain)
	alert := w.check(made)[0]
	done := w.resolve(made, alert, regenerate)
	g := done.GetGeneration()
	if alert.GetDay() != 2 || g.GetDay() != 2 || w.ai.Request(g.GetId()).GetDayStart().GetMinutes() != 600 || done.GetAlert().GetResolution() != regenerate {
		t.Fatalf("resolved %v", done)
	}
	if again := w.resolve(made, alert, regenerate); again.GetGeneration().GetId() != g.GetId() || w.ai.Started() != 2 {
		t.Fatalf("again %v", again)
	}
	after := w.itinerary(made)
	if after.GetVersion() != before.GetVersion()+1 || stopIDs(after, 0)[1] != stopIDs(before, 0)[1] || stopIDs(after, 1)[1] == stopIDs(before, 1)[1] {
		t.Fatalf("the itinerary is %v", after)
	}
}

func stopIDs(it *typev1.Itinerary, day int) []string {
	var ids []string
	for _, s := range it.GetDays()[day].GetStops() {
		ids = append(ids, s.GetId())
	}
	return ids
}

// [T9] While a generation runs nothing is raised, and a refused one leaves the alert open.
func TestNothingIsRaisedWhileAGenerationRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.soon()
	w.outlook.SetWeather(tomorrow, rain)
	alert := w.check(made)[0]
	w.ai.Hold(true)
	if _, err := w.user.Itineraries.GenerateItinerary(t.Context(), &tripv1.GenerateItineraryRequest{TripId: made.GetId(), Revision: made.GetRevision()}); err != nil {
		t.Fatal(err)
	}
	w.outlook.SetWeather(tomorrow.AddDays(1), rain)
	if alerts := w.check(made); len(alerts) != 1 {
		t.Fatalf("alerts %v", alerts)
	}
	_, err := w.user.Itineraries.ResolveAlert(t.Context(), &tripv1.ResolveAlertRequest{TripId: made.GetId(), AlertId: alert.GetId(), Action: regenerate})
	wantReason(t, err, errs.ReasonGenerationRunning)
	if res, err := w.user.Itineraries.GetItinerary(t.Context(), &tripv1.GetItineraryRequest{TripId: made.GetId()}); err != nil || len(res.GetAlerts()) != 1 {
		t.Fatalf("%v, %v", res, err)
	}
}

// [T9] Replace the place: by the best alternative, or the one that is chosen.
func TestAnAlertsPlaceIsReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.soon()
	it := w.itinerary(made)
	walk, museum := it.GetDays()[0].GetStops()[1], it.GetDays()[0].GetStops()[2]
	w.outlook.SetWeather(tomorrow, rain)
	w.outlook.SetHours(trip.VisitDay{Place: museum.GetPlaceId(), Date: tomorrow}, trip.Hours{Gone: true})
	alerts := w.check(made)
	if len(alerts) != 2 {
		t.Fatalf("alerts %v", alerts)
	}
	place := func(r *tripv1.ResolveAlertResponse, stopID string) string {
		for _, s := range r.GetItinerary().GetDays()[0].GetStops() {
			if s.GetId() == stopID {
				return s.GetPlaceId()
			}
		}
		return ""
	}
	dry := w.resolve(made, alerts[0], replace)
	if got, want := place(dry, walk.GetId()), walk.GetAlternatives()[0].GetPlaceId(); got != want {
		t.Errorf("in the rain: %s, want %s", got, want)
	}
	_, err := w.user.Itineraries.ResolveAlert(t.Context(), &tripv1.ResolveAlertRequest{
		TripId: made.GetId(), AlertId: alerts[1].GetId(), Action: replace, StopId: walk.GetId(),
	})
	if r := refusalOf(t, err); r.fields["stop_id"] == "" {
		t.Errorf("a stop that is not hit: %v", err)
	}
	chosen := w.resolve(made, alerts[1], replace, func(r *tripv1.ResolveAlertRequest) { r.PlaceId = "builtin:chosen" })
	if got := place(chosen, museum.GetId()); got != "builtin:chosen" {
		t.Errorf("instead of the gone: %s", got)
	}
	if left := w.check(made); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

// [T9] Where no other place is known, that is said and the alert stays open.
func TestWithoutAnAlternativeTheAlertStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.soon()
	it := w.itinerary(made)
	walk := it.GetDays()[0].GetStops()[1]
	w.outlook.SetWeather(tomorrow, rain)
	alert := w.check(made)[0]
	// The only alternative is taken by another stop.
	if _, err := w.user.Itineraries.ReplaceStop(t.Context(), &tripv1.ReplaceStopRequest{
		TripId: made.GetId(), Version: it.GetVersion(), Revision: it.GetRevision(), StopId: it.GetDays()[1].GetStops()[1].GetId(),
		PlaceId: walk.GetAlternatives()[0].GetPlaceId(),
	}); err != nil {
		t.Fatal(err)
	}
	_, err := w.user.Itineraries.ResolveAlert(t.Context(), &tripv1.ResolveAlertRequest{TripId: made.GetId(), AlertId: alert.GetId(), Action: replace})
	if r := wantReason(t, err, errs.ReasonNoAlternative); r.metadata["stop"] != walk.GetId() {
		t.Errorf("refused with %v", r.metadata)
	}
	if alerts := w.check(made); len(alerts) != 1 {
		t.Errorf("alerts %v", alerts)
	}
}

// [T9] Of several stops those are replaced that another place is known for; the alert stays open for the others.
func TestAnAlertOfSeveralStopsStaysOpenForThoseThatAreLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.soon()
	it := w.itinerary(made)
	first, second, third := it.GetDays()[0].GetStops()[1], it.GetDays()[1].GetStops()[1], it.GetDays()[2].GetStops()[1]
	moved, err := w.user.Itineraries.MoveStop(t.Context(), &tripv1.MoveStopRequest{
		TripId: made.GetId(), Version: it.GetVersion(), Revision: it.GetRevision(), StopId: second.GetId(), ToDay: 1, Position: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.user.Itineraries.ReplaceStop(t.Context(), &tripv1.ReplaceStopRequest{
		TripId: made.GetId(), Version: it.GetVersion(), Revision: moved.GetItinerary().GetRevision(), StopId: third.GetId(),
		PlaceId: second.GetAlternatives()[0].GetPlaceId(),
	}); err != nil {
		t.Fatal(err)
	}
	w.outlook.SetWeather(tomorrow, rain)
	alert := w.check(made)[0]
	if !slices.Equal(alert.GetStopIds(), []string{first.GetId(), second.GetId()}) {
		t.Fatalf("alert %v", alert)
	}
	done := w.resolve(made, alert, replace)
	if left := done.GetAlert(); left.GetEndTime() != nil || !slices.Equal(left.GetStopIds(), []string{second.GetId()}) {
		t.Errorf("left %v", left)
	}
	for _, s := range done.GetItinerary().GetDays()[0].GetStops() {
		if s.GetId() == first.GetId() && s.GetPlaceId() != first.GetAlternatives()[0].GetPlaceId() ||
			s.GetId() == second.GetId() && s.GetPlaceId() != second.GetPlaceId() {
			t.Errorf("%s is %s", s.GetId(), s.GetPlaceId())
		}
	}
	if due, err := w.store.TakeDue(t.Context(), w.clock.Now(), w.clock.Now().Add(time.Minute), 10); err != nil || len(due) != 1 {
		t.Errorf("due %v, %v", due, err)
	}
	told := w.check(made)
	if len(told) != 1 || told[0].GetId() != alert.GetId() || strings.Contains(told[0].GetMessage().GetEn(), first.GetName().GetEn()) {
		t.Errorf("then %v", told)
	}
	if over := w.resolve(made, alert, keep); over.GetAlert().GetEndTime() == nil {
		t.Errorf("kept %v", over)
	}
}

// [T9] A day that could not be planned anew is looked at again: its alert had ended.
func TestAFailedRegenerationBringsTheAlertBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.soon()
	w.outlook.SetWeather(tomorrow, rain)
	alert := w.check(made)[0]
	w.ai.Hold(true)
	g := w.resolve(made, alert, regenerate).GetGeneration()
	if alerts := w.check(made); len(alerts) != 0 {
		t.Fatalf("while it runs: %v", alerts)
	}
	if err := w.service.GiveBack(t.Context(), g.GetId(), trip.GenerationFailed, errs.ReasonInternal); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Second)
	if due, err := w.store.TakeDue(t.Context(), w.clock.Now(), w.clock.Now().Add(time.Minute), 10); err != nil || len(due) != 1 {
		t.Fatalf("due %v, %v", due, err)
	}
	if back := w.check(made); len(back) != 1 || back[0].GetId() == alert.GetId() {
		t.Errorf("then %v", back)
	}
}

// [T9] Looks are due once a day when somebody views the itinerary.
func TestTheFirstViewOfADayMakesATripDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.create() // in three weeks: no daily look yet
	w.generate(made)
	due := func() []trip.Due {
		t.Helper()
		w.itinerary(made)
		now := w.clock.Now()
		due, err := w.store.TakeDue(t.Context(), now, now.Add(time.Minute), 10)
		if err != nil {
			t.Fatal(err)
		}
		return due
	}
	if d := due(); len(d) != 0 {
		t.Fatalf("due on the day of the plan: %v", d)
	}
	w.clock.Advance(24 * time.Hour)
	if d := due(); len(d) != 1 || d[0].TripID != made.GetId() {
		t.Fatalf("the first view of a day: %v", d)
	}
	if _, err := w.service.Check(t.Context(), triptest.Owner, made.GetId()); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	if d := due(); len(d) != 0 {
		t.Fatalf("the second view: %v", d)
	}
}

// [T9] Somebody else's trip and alert are not there.
func TestAlertsOfOthersAreNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.soon()
	w.outlook.SetWeather(tomorrow, rain)
	alert := w.check(made)[0]
	stranger := w.as("user_01890a5d-ac96-774b-bcce-b302099a8058")
	_, err := stranger.Itineraries.CheckForChanges(t.Context(), &tripv1.CheckForChangesRequest{TripId: made.GetId()})
	wantReason(t, err, errs.ReasonNotFound)
	_, err = stranger.Itineraries.ResolveAlert(t.Context(), &tripv1.ResolveAlertRequest{TripId: made.GetId(), AlertId: alert.GetId(), Action: keep})
	wantReason(t, err, errs.ReasonNotFound)
	if told := w.alertsTold(made); !slices.ContainsFunc(told, trip.Alert.IsOpen) || len(told) != 1 {
		t.Errorf("the feed tells %+v", told)
	}
}
