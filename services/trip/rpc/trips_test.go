package rpc_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/tripgen/tripgen/internal/errs"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip/triptest"
)

// [T1] [T2] [T5] A new trip has computed dates, zones, its step and what is missing.
func TestCreatedTripTellsItsDatesAndSteps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	whole := w.create(func(r *tripv1.CreateTripRequest) { r.Name = strings.Repeat(family, 15) + "가" })
	if whole.GetStep() != tripv1.TripStep_TRIP_STEP_GENERATE || len(whole.GetMissingFields()) != 0 ||
		whole.GetStatus() != tripv1.TripStatus_TRIP_STATUS_PLANNING || whole.GetRevision() != 1 || whole.GetRegenerationsLeft() != 5 {
		t.Errorf("got %v", whole)
	}
	first, last := whole.GetDestinations()[0], whole.GetDestinations()[1]
	wantSame(t, first.GetEndDate(), &typev1.Date{Year: 2027, Month: 6, Day: 3})
	wantSame(t, last.GetStartDate(), first.GetEndDate())
	wantSame(t, whole.GetEndDate(), &typev1.Date{Year: 2027, Month: 6, Day: 4})
	if first.GetCityId() != "munich" || first.GetTimeZone() != "Europe/Berlin" || last.GetTimeZone() != "Europe/Paris" {
		t.Errorf("got %v and %v", first, last)
	}
	for name, c := range map[string]struct {
		change  func(*tripv1.CreateTripRequest)
		step    tripv1.TripStep
		missing []string
	}{
		"no start": {
			func(r *tripv1.CreateTripRequest) { r.StartDate = nil }, tripv1.TripStep_TRIP_STEP_BASICS, []string{"start_date"},
		},
		"no destinations": {
			func(r *tripv1.CreateTripRequest) { r.Destinations = nil },
			tripv1.TripStep_TRIP_STEP_DESTINATIONS,
			[]string{"destinations"},
		},
		"an unknown destination": {
			func(r *tripv1.CreateTripRequest) { r.Destinations[1].Name = "Atlantis" },
			tripv1.TripStep_TRIP_STEP_DESTINATIONS,
			[]string{"destinations[1].city_id"},
		},
		"a lodging in Munich tells the city": {
			func(r *tripv1.CreateTripRequest) {
				r.Destinations[1].Name = "할머니 댁"
				r.Destinations[1].Lodging = &tripv1.Lodging{Name: "집", Location: &typev1.LatLng{Latitude: 48.14, Longitude: 11.56}}
			}, tripv1.TripStep_TRIP_STEP_GENERATE, nil,
		},
	} {
		got := w.create(c.change)
		if got.GetStep() != c.step || fmt.Sprint(got.GetMissingFields()) != fmt.Sprint(c.missing) {
			t.Errorf("%s: %v, %v", name, got.GetStep(), got.GetMissingFields())
		}
	}
	far := w.create(func(r *tripv1.CreateTripRequest) {
		r.Destinations = []*tripv1.Destination{{
			Name: "산장", Nights: 1, Lodging: &tripv1.Lodging{Name: "산장", Location: &typev1.LatLng{Latitude: 27.7, Longitude: 85.3}},
		}}
	})
	if zone := far.GetDestinations()[0].GetTimeZone(); zone != "Asia/Kathmandu" {
		t.Errorf("the lodging's zone is %q", zone)
	}
}

// [T2] [T3] While the location service is away trips can be made and edited; the cities are found later.
func TestEditsWorkWithoutTheLocationService(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cities.Away(true)
	tr := w.create()
	if tr.GetStep() != tripv1.TripStep_TRIP_STEP_DESTINATIONS {
		t.Errorf("got %v", tr)
	}
	_, err := w.user.Itineraries.GenerateItinerary(t.Context(), &tripv1.GenerateItineraryRequest{TripId: tr.GetId(), Revision: 1})
	wantReason(t, err, errs.ReasonUnavailable)
	w.cities.Away(false)
	w.generate(tr)
	if got := w.get(tr.GetId()); got.GetDestinations()[0].GetCityId() != "munich" || got.GetStep() != tripv1.TripStep_TRIP_STEP_VIEW {
		t.Errorf("got %v", got)
	}
}

// Somebody else's trip does not exist, whatever is done to it.
func TestSomebodyElsesTripIsNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tr := w.create()
	w.generate(tr)
	stranger, ctx, id := w.as(triptest.Stranger), t.Context(), tr.GetId()
	for name, call := range map[string]func() error{
		"get": func() error { _, err := stranger.Trips.GetTrip(ctx, &tripv1.GetTripRequest{TripId: id}); return err },
		"delete": func() error {
			_, err := stranger.Trips.DeleteTrip(ctx, &tripv1.DeleteTripRequest{TripId: id, Revision: 1})
			return err
		},
		"undelete": func() error {
			_, err := stranger.Trips.UndeleteTrip(ctx, &tripv1.UndeleteTripRequest{TripId: id})
			return err
		},
		"delete several": func() error {
			_, err := stranger.Trips.BatchDeleteTrips(ctx, &tripv1.BatchDeleteTripsRequest{TripIds: []string{id}})
			return err
		},
		"generate": func() error {
			_, err := stranger.Itineraries.GenerateItinerary(ctx, &tripv1.GenerateItineraryRequest{TripId: id, Revision: 1})
			return err
		},
		"itinerary": func() error {
			_, err := stranger.Itineraries.GetItinerary(ctx, &tripv1.GetItineraryRequest{TripId: id})
			return err
		},
		"versions": func() error {
			_, err := stranger.Itineraries.ListVersions(ctx, &tripv1.ListVersionsRequest{TripId: id})
			return err
		},
		"restore": func() error {
			_, err := stranger.Itineraries.RestoreVersion(ctx, &tripv1.RestoreVersionRequest{TripId: id, Version: 1})
			return err
		},
		"share": func() error {
			_, err := stranger.Shares.CreateShareLink(ctx, &tripv1.CreateShareLinkRequest{TripId: id})
			return err
		},
		"watch": func() error {
			stream, err := stranger.Trips.WatchTrip(ctx, &tripv1.WatchTripRequest{TripId: id})
			if err != nil {
				return err
			}
			for stream.Receive() {
			}
			return stream.Err()
		},
	} {
		if got := wantReason(t, call(), errs.ReasonNotFound); got.code != connect.CodeNotFound {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// [T4] Lists come in pages that belong to their question; deletions can be undone for 7 days.
func TestListsDeletesAndUndeletes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, trips := t.Context(), w.user.Trips
	var ids []string
	for i := range 5 {
		ids = append(ids, w.create(func(r *tripv1.CreateTripRequest) { r.Name = fmt.Sprint("여행 ", i) }).GetId())
	}
	page, err := trips.ListTrips(ctx, &tripv1.ListTripsRequest{PageSize: 3})
	if err != nil || len(page.GetTrips()) != 3 || page.GetTrips()[0].GetId() != ids[4] || page.GetNextPageToken() == "" {
		t.Fatalf("got %v, %v", page, err)
	}
	rest, err := trips.ListTrips(ctx, &tripv1.ListTripsRequest{PageSize: 3, PageToken: page.GetNextPageToken()})
	if err != nil || len(rest.GetTrips()) != 2 || rest.GetNextPageToken() != "" {
		t.Fatalf("got %v, %v", rest, err)
	}
	for name, r := range map[string]*tripv1.ListTripsRequest{
		"another order":  {PageToken: page.GetNextPageToken(), Order: tripv1.TripOrder_TRIP_ORDER_NAME},
		"another search": {PageToken: page.GetNextPageToken(), Search: "x"},
		"made up":        {PageToken: "e30.e30"},
	} {
		if _, err := trips.ListTrips(ctx, r); refusalOf(t, err).reason != errs.ReasonPageTokenInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	deleted, err := trips.BatchDeleteTrips(ctx, &tripv1.BatchDeleteTripsRequest{TripIds: []string{ids[1], ids[3]}})
	if err != nil || deleted.GetTrips()[0].GetId() != ids[1] || deleted.GetTrips()[1].GetDeleteTime() == nil {
		t.Fatalf("got %v, %v", deleted, err)
	}
	_, err = trips.GetTrip(ctx, &tripv1.GetTripRequest{TripId: ids[1]})
	wantReason(t, err, errs.ReasonNotFound)
	_, err = trips.BatchDeleteTrips(ctx, &tripv1.BatchDeleteTripsRequest{TripIds: []string{ids[0], ids[1]}})
	wantReason(t, err, errs.ReasonNotFound)
	if w.get(ids[0]).GetDeleteTime() != nil {
		t.Error("a refused deletion deleted something")
	}
	w.clock.Advance(7*24*time.Hour - time.Second)
	gone, err := trips.ListTrips(ctx, &tripv1.ListTripsRequest{Deleted: true})
	if err != nil || len(gone.GetTrips()) != 2 {
		t.Fatalf("got %v, %v", gone, err)
	}
	back, err := trips.UndeleteTrip(ctx, &tripv1.UndeleteTripRequest{TripId: ids[1]})
	if err != nil || back.GetTrip().GetDeleteTime() != nil {
		t.Fatalf("got %v, %v", back, err)
	}
	w.clock.Advance(time.Second)
	_, err = trips.UndeleteTrip(ctx, &tripv1.UndeleteTripRequest{TripId: ids[3]})
	wantReason(t, err, errs.ReasonNotFound)
}

// [T4] A week is 168 hours wherever the trip goes: also where clocks change in it, and on both sides of the date line. What
// comes back is the trip as it was, where it was in its calendar.
func TestADeletionCanBeUndoneForAWeekEverywhere(t *testing.T) {
	t.Parallel()
	for place, c := range map[string]struct {
		zone  string
		at    *typev1.LatLng
		start *typev1.Date
		now   time.Time
	}{
		"Berlin, where an hour is skipped":    {"Europe/Berlin", &typev1.LatLng{Latitude: 52.5, Longitude: 13.4}, &typev1.Date{Year: 2028, Month: 3, Day: 26}, time.Date(2028, 3, 22, 23, 30, 0, 0, time.UTC)},
		"New York, where an hour comes twice": {"America/New_York", &typev1.LatLng{Latitude: 40.7, Longitude: -74}, &typev1.Date{Year: 2027, Month: 11, Day: 7}, time.Date(2027, 11, 3, 4, 30, 0, 0, time.UTC)},
		"Kiritimati, where days begin":        {"Pacific/Kiritimati", &typev1.LatLng{Latitude: 1.87, Longitude: -157.4}, &typev1.Date{Year: 2028, Month: 1, Day: 1}, time.Date(2027, 12, 30, 9, 59, 0, 0, time.UTC)},
		"Pago Pago, where they end":           {"Pacific/Pago_Pago", &typev1.LatLng{Latitude: -14.28, Longitude: -170.7}, &typev1.Date{Year: 2027, Month: 12, Day: 31}, time.Date(2027, 12, 30, 10, 59, 0, 0, time.UTC)},
	} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.clock.Set(c.now)
			made := w.create(func(r *tripv1.CreateTripRequest) {
				r.StartDate = c.start
				r.Destinations = []*tripv1.Destination{{Name: "어딘가", Nights: 20, Lodging: &tripv1.Lodging{Name: "숙소", Location: c.at}}}
			})
			deleted, err := w.user.Trips.DeleteTrip(t.Context(), &tripv1.DeleteTripRequest{TripId: made.GetId(), Revision: made.GetRevision()})
			if err != nil {
				t.Fatal(err)
			}
			w.clock.Advance(7*24*time.Hour - time.Second)
			back, err := w.user.Trips.UndeleteTrip(t.Context(), &tripv1.UndeleteTripRequest{TripId: made.GetId()})
			if err != nil {
				t.Fatal(err)
			}
			got := back.GetTrip()
			if made.GetStatus() != tripv1.TripStatus_TRIP_STATUS_PLANNING || got.GetStatus() != tripv1.TripStatus_TRIP_STATUS_ONGOING ||
				got.GetStartDate().String() != made.GetStartDate().String() || got.GetEndDate().String() != made.GetEndDate().String() ||
				got.GetDestinations()[0].GetTimeZone() != c.zone {
				t.Errorf("%v came back as %v", made, got)
			}
			again, err := w.user.Trips.DeleteTrip(t.Context(), &tripv1.DeleteTripRequest{TripId: made.GetId(), Revision: got.GetRevision()})
			if err != nil || !again.GetTrip().GetDeleteTime().AsTime().After(deleted.GetTrip().GetDeleteTime().AsTime()) {
				t.Fatalf("deleted again: %v, %v", again, err)
			}
			w.clock.Advance(7 * 24 * time.Hour)
			_, err = w.user.Trips.UndeleteTrip(t.Context(), &tripv1.UndeleteTripRequest{TripId: made.GetId()})
			wantReason(t, err, errs.ReasonNotFound)
		})
	}
}

// The same request under one idempotency key is made once; another one is refused.
func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	first, err := w.user.Trips.CreateTrip(keyed(ctx, "k"), draft())
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.user.Trips.CreateTrip(keyed(ctx, "k"), draft())
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, again, first)
	other := draft()
	other.Name = "다른 여행"
	_, err = w.user.Trips.CreateTrip(keyed(ctx, "k"), other)
	wantReason(t, err, errs.ReasonIdempotencyMismatch)
	id := first.GetTrip().GetId()
	_, err = w.user.Trips.DeleteTrip(keyed(ctx, "k"), &tripv1.DeleteTripRequest{TripId: id, Revision: 1})
	wantReason(t, err, errs.ReasonIdempotencyMismatch)

	update := &tripv1.UpdateTripRequest{
		TripId: id, Revision: 1, Basics: &tripv1.TripBasics{Name: "바다"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}},
	}
	edited, err := w.user.Trips.UpdateTrip(keyed(ctx, "u"), update)
	if err != nil {
		t.Fatal(err)
	}
	repeated, err := w.user.Trips.UpdateTrip(keyed(ctx, "u"), update) // its revision is stale by now
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, repeated, edited)
	_, err = w.user.Trips.CreateTrip(keyed(ctx, strings.Repeat("k", 256)), draft())
	wantReason(t, err, errs.ReasonInvalidArgument)

	generate := &tripv1.GenerateItineraryRequest{TripId: id, Revision: 2}
	g, err := w.user.Itineraries.GenerateItinerary(keyed(ctx, "g"), generate)
	if err != nil {
		t.Fatal(err)
	}
	same, err := w.user.Itineraries.GenerateItinerary(keyed(ctx, "g"), generate)
	if err != nil || same.GetGeneration().GetId() != g.GetGeneration().GetId() || w.ai.Started() != 1 {
		t.Fatalf("got %v, %v after %v", same, err, g)
	}
}
