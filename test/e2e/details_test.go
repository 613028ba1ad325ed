package e2e

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"

	tripgen "github.com/tripgen/tripgen/sdk/go"
	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// filled are the places that a trip's feed says were filled in.
type filled struct {
	mu     sync.Mutex
	places map[string]bool
}

// has tells whether all of the places were filled in.
func (f *filled) has(places ...string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !slices.ContainsFunc(places, func(p string) bool { return !f.places[p] })
}

// follow watches a trip until the test ends.
func follow(t *testing.T, client *tripgen.Client, tripID string) *filled {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := client.Trips.WatchTrip(ctx, &tripv1.WatchTripRequest{TripId: tripID})
	if err != nil {
		t.Fatal("watch: ", err)
	}
	f := &filled{places: map[string]bool{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for stream.Receive() {
			f.mu.Lock()
			for _, place := range stream.Msg().GetPlacesFilled().GetPlaceIds() {
				f.places[place] = true
			}
			f.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		_ = stream.Close()
	})
	return f
}

func placesOf(itinerary *typev1.Itinerary) []string {
	places := map[string]bool{}
	for _, day := range itinerary.GetDays() {
		for _, stop := range day.GetStops() {
			if id := stop.GetPlaceId(); id != "" {
				places[id] = true
			}
		}
	}
	return slices.Collect(maps.Keys(places))
}

// What a trip's places lack is fetched in the background, by way of Kafka, and told in the trip's feed: after a generation
// and after an edit. Made-up details say so, and get not among what is known of a place. [L4]
func TestDetailsAreFilledInLive(t *testing.T) {
	t.Parallel()
	client := loggedIn(t)
	trip := createTrip(t, client, "Rome", 1)
	feed := follow(t, client, trip.GetId())
	generation, err := client.Generate(t.Context(), &tripv1.GenerateItineraryRequest{TripId: trip.GetId(), Revision: trip.GetRevision()})
	if err != nil {
		t.Fatal("generate: ", err)
	}
	itinerary, err := generation.Wait(t.Context())
	if err != nil {
		t.Fatal("wait: ", err)
	}
	places := placesOf(itinerary)
	if len(places) < 2 {
		t.Fatalf("places %v", places)
	}
	await(t, "the generation's places to be filled in", func() bool { return feed.has(places...) })
	checkDetails(t, client, places)

	near, err := client.Places.SearchNearby(t.Context(), &locationv1.SearchNearbyRequest{
		Origin: &locationv1.SearchNearbyRequest_Text{Text: "Rome"}, Mode: locationv1.TravelMode_TRAVEL_MODE_TRANSIT, WithinMinutes: 60,
		CategoryGroup: locationv1.CategoryGroup_CATEGORY_GROUP_SIGHTS, PageSize: 100,
	})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(near.GetPlaces(), func(p *locationv1.NearbyPlace) bool {
		return p.GetPlace().GetSource().GetProvider() == "builtin" && !feed.has(p.GetPlace().GetId())
	})
	if i < 0 {
		t.Fatal("every sight of Rome is in the itinerary")
	}
	added := near.GetPlaces()[i].GetPlace().GetId()
	if _, err := client.Itineraries.AddStop(t.Context(), &tripv1.AddStopRequest{
		TripId: trip.GetId(), Version: itinerary.GetVersion(), Revision: itinerary.GetRevision(), PlaceId: added, Day: 1,
	}); err != nil {
		t.Fatal("add stop: ", err)
	}
	await(t, "the added place to be filled in", func() bool { return feed.has(added) })
	checkDetails(t, client, []string{added})
}

// checkDetails holds places to having details that say that they are simulated, and facts that are not.
func checkDetails(t *testing.T, client *tripgen.Client, places []string) {
	t.Helper()
	got, err := client.Places.BatchGetPlaces(t.Context(), &locationv1.BatchGetPlacesRequest{PlaceIds: places})
	if err != nil || len(got.GetPlaces()) != len(places) {
		t.Fatalf("%d places of %d, %v", len(got.GetPlaces()), len(places), err)
	}
	for _, p := range got.GetPlaces() {
		told := p.GetDetailsSource()
		if p.Rating == nil || len(p.GetReviews()) == 0 || told.GetProvider() != "google" || !told.GetSimulated() || told.GetFetchedAt() == nil {
			t.Errorf("%s has rating %v and %d reviews by %v", p.GetId(), p.Rating, len(p.GetReviews()), told)
		}
		for _, r := range p.GetReviews() {
			if !r.GetSource().GetSimulated() {
				t.Errorf("%s: a review does not say that it is simulated: %v", p.GetId(), r)
			}
		}
		if p.GetSource().GetProvider() != "builtin" || p.GetSource().GetSimulated() {
			t.Errorf("%s is of %v", p.GetId(), p.GetSource())
		}
	}
}
