package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/tripgen/tripgen/internal/clock"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/postgres"
	triprpc "github.com/tripgen/tripgen/services/trip/rpc"
	"github.com/tripgen/tripgen/services/trip/triptest"
)

// collected is what is collected of an owner, by path.
func collected(t *testing.T, c triprpc.Collector, owner string) map[string]string {
	t.Helper()
	all := map[string]string{}
	if err := c.Collect(t.Context(), owner, func(path string, content []byte) error {
		if _, twice := all[path]; twice {
			t.Errorf("%s comes twice", path)
		}
		all[path] = string(content)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// [U5] A person's data has every trip with its itineraries and its feed, also of trips in the bin; nobody else's is in it.
func TestAllOfAPersonsTripsIsCollected(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(triptest.Now)
	store := openPostgres(t, c).(*postgres.Store)
	w := newWorldOn(t, c, store)
	kept, binned := w.create(), w.create()
	for _, tr := range []*tripv1.Trip{kept, binned} {
		w.generate(tr)
		w.generate(w.get(tr.GetId()), func(r *tripv1.GenerateItineraryRequest) { r.Day = 2 })
	}
	if _, err := w.user.Trips.DeleteTrip(t.Context(), &tripv1.DeleteTripRequest{TripId: binned.GetId(), Revision: w.get(binned.GetId()).GetRevision()}); err != nil {
		t.Fatal(err)
	}
	collector := triprpc.Collector{Deps: triprpc.Deps{Clock: c}, Trips: store}
	all := collected(t, collector, triptest.Owner)
	for _, tr := range []*tripv1.Trip{kept, binned} {
		at := "trips/" + tr.GetId()
		for version := int64(1); version <= 2; version++ {
			var it typev1.Itinerary
			if err := protojson.Unmarshal([]byte(all[fmt.Sprintf("%s/itinerary-%d.json", at, version)]), &it); err != nil || it.GetVersion() != version || len(it.GetDays()) == 0 {
				t.Errorf("%s: version %d is %v with %d days, %v", tr.GetId(), version, it.GetVersion(), len(it.GetDays()), err)
			}
		}
		for _, kind := range []string{"gpx", "ics"} {
			if all[at+"/itinerary-2."+kind] == "" || all[at+"/itinerary-1."+kind] != "" {
				t.Errorf("%s: the newest itinerary alone is to be there as %s", tr.GetId(), kind)
			}
		}
		newest, err := store.Trip(t.Context(), triptest.Owner, tr.GetId())
		if err != nil {
			t.Fatal(err)
		}
		for number := int64(1); number <= newest.Changes; number++ {
			var entry tripv1.WatchTripResponse
			if err := protojson.Unmarshal([]byte(all[fmt.Sprintf("%s/feed/%d.json", at, number)]), &entry); err != nil || entry.GetEvent() == nil {
				t.Errorf("%s: entry %d of %d of the feed: %v, %v", tr.GetId(), number, newest.Changes, &entry, err)
			}
		}
	}
	if others := collected(t, collector, triptest.Stranger); len(others) != 0 {
		t.Errorf("a stranger has %v", slices.Collect(maps.Keys(others)))
	}
	// A feed begins later when its old entries are gone, and is collected all the same.
	if _, err := store.Purge(t.Context(), time.Time{}, time.Time{}, c.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	w.rename(kept.GetId(), "새 이름")
	for path := range collected(t, collector, triptest.Owner) {
		if strings.Contains(path, "/feed/") && !strings.HasPrefix(path, "trips/"+kept.GetId()+"/") {
			t.Errorf("%s was purged", path)
		}
	}
	if all := collected(t, collector, triptest.Owner); !slices.ContainsFunc(slices.Collect(maps.Keys(all)), func(path string) bool {
		return strings.Contains(path, "/feed/")
	}) {
		t.Error("the newest entry of a feed is not collected")
	}
}

// [U4] All of an owner goes, the bin too; repeating it counts nothing twice, and other people's trips stay.
func TestAllOfAPersonsTripsIsForgotten(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(triptest.Now)
	store := openPostgres(t, c).(*postgres.Store)
	w := newWorldOn(t, c, store)
	kept, binned := w.create(), w.create()
	w.generate(kept)
	if _, err := w.user.Trips.DeleteTrip(t.Context(), &tripv1.DeleteTripRequest{TripId: binned.GetId(), Revision: binned.GetRevision()}); err != nil {
		t.Fatal(err)
	}
	other, err := w.as(triptest.Stranger).Trips.CreateTrip(t.Context(), draft())
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	forgetful := postgres.NewPersonal(store, func(_ context.Context, trips []string) (int64, error) {
		files = trips
		return 2, nil
	})
	for range 2 {
		removed, _, err := forgetful.Forget(t.Context(), "del_1", triptest.Owner)
		if err != nil || removed["trips"] != 2 || removed["itineraries"] != 1 || removed["feed_entries"] == 0 {
			t.Fatalf("removed were %v, %v", removed, err)
		}
	}
	if len(files) != 0 { // the second time there is nothing left
		t.Errorf("files of %v were removed twice", files)
	}
	for _, id := range []string{kept.GetId(), binned.GetId()} {
		if _, err := store.Trip(t.Context(), triptest.Owner, id); !errors.Is(err, trip.ErrNoTrip) {
			t.Errorf("%s is not gone: %v", id, err)
		}
	}
	if _, err := store.Trip(t.Context(), triptest.Stranger, other.GetTrip().GetId()); err != nil {
		t.Errorf("somebody else's trip: %v", err)
	}
	if left := collected(t, triprpc.Collector{Deps: triprpc.Deps{Clock: c}, Trips: store}, triptest.Owner); len(left) != 0 {
		t.Errorf("left are %v", slices.Collect(maps.Keys(left)))
	}
}
