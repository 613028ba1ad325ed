package e2e

import (
	"testing"

	"connectrpc.com/connect"

	tripgen "github.com/tripgen/tripgen/sdk/go"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
)

// The main job: sign up, log in, make a trip, generate with live progress, read the itinerary. [U1][U2][T1][T2][T6][A1]
func TestATravellerPlansATrip(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]tripgen.Option{"connect": nil, "grpc": {tripgen.WithGRPC()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := loggedIn(t, opts...)
			trip := createTrip(t, client, "Munich", 3)
			checkDates(t, trip)
			generation, err := client.Generate(t.Context(), &tripv1.GenerateItineraryRequest{TripId: trip.GetId(), Revision: trip.GetRevision()})
			if err != nil {
				t.Fatal("generate: ", err)
			}
			days := watch(t, generation)
			if len(days) != 4 {
				t.Errorf("days %v became ready before the end, want all four", days)
			}
			itinerary, err := generation.Wait(t.Context())
			if err != nil {
				t.Fatal("wait: ", err)
			}
			checkItinerary(t, itinerary, 4)
			checkShared(t, client, trip, itinerary.GetDays()[1].GetCity().GetKo())
			after, err := client.Trips.GetTrip(t.Context(), &tripv1.GetTripRequest{TripId: trip.GetId()})
			if err != nil {
				t.Fatal(err)
			}
			if got := after.GetTrip(); got.GetItineraryVersion() != 1 || got.GetStep() != tripv1.TripStep_TRIP_STEP_VIEW || got.GetRunningGenerationId() != "" {
				t.Errorf("trip after the generation: %v", got)
			}
		})
	}
}

// watch reads a generation's events to the end and checks their order; it returns the days that became ready.
func watch(t *testing.T, generation *tripgen.Generation) map[int32]bool {
	t.Helper()
	days := map[int32]bool{}
	var sequence int64
	var percent int32
	for event, err := range generation.Events(t.Context()) {
		if err != nil {
			t.Fatal("events: ", err)
		}
		if event.GetSequence() != sequence+1 {
			t.Errorf("sequence %d follows %d", event.GetSequence(), sequence)
		}
		sequence = event.GetSequence()
		switch what := event.GetEvent().(type) {
		case *aiv1.GenerationEvent_Progress:
			if what.Progress.GetPercent() < percent {
				t.Errorf("progress falls from %d%% to %d%%", percent, what.Progress.GetPercent())
			}
			percent = what.Progress.GetPercent()
			if what.Progress.GetMessage().GetKo() == "" || what.Progress.GetMessage().GetEn() == "" {
				t.Errorf("progress %v lacks a message in both languages", what.Progress)
			}
		case *aiv1.GenerationEvent_DayReady:
			days[what.DayReady.GetDay().GetNumber()] = true
		case *aiv1.GenerationEvent_Finished:
			if what.Finished.GetState() != aiv1.GenerationState_GENERATION_STATE_READY {
				t.Fatalf("finished %v", what.Finished)
			}
		}
	}
	return days
}

// checkDates holds the trip to [T2]: one destination of three nights is four days.
func checkDates(t *testing.T, trip *tripv1.Trip) {
	t.Helper()
	d := trip.GetDestinations()[0]
	if d.GetCityId() != "munich" || d.GetTimeZone() != "Europe/Berlin" || d.GetStartDate().String() != trip.GetStartDate().String() ||
		d.GetEndDate().String() != trip.GetEndDate().String() || len(trip.GetMissingFields()) != 0 {
		t.Errorf("computed fields of %v", trip)
	}
}

// checkItinerary holds an itinerary to what every one of them must be. [A2][A8]
func checkItinerary(t *testing.T, itinerary *typev1.Itinerary, days int) {
	t.Helper()
	if len(itinerary.GetDays()) != days {
		t.Fatalf("%d days, want %d", len(itinerary.GetDays()), days)
	}
	for _, v := range itinerary.GetViolations() {
		if v.GetSeverity() == typev1.Severity_SEVERITY_HARD {
			t.Errorf("breaks %s: %s", v.GetRule(), v.GetMessage().GetEn())
		}
	}
	seen := map[string]int32{}
	for _, day := range itinerary.GetDays() {
		if len(day.GetLegs()) != len(day.GetStops())-1 {
			t.Errorf("day %d has %d stops and %d legs", day.GetNumber(), len(day.GetStops()), len(day.GetLegs()))
		}
		if !day.GetWeather().GetSource().GetSimulated() {
			t.Errorf("day %d does not say that its weather is simulated: %v", day.GetNumber(), day.GetWeather().GetSource())
		}
		for i, leg := range day.GetLegs() {
			if source := leg.GetSource(); source.GetProvider() == "" || source.GetFetchedAt() == nil {
				t.Errorf("day %d: leg %d does not say where it comes from: %v", day.GetNumber(), i, source)
			}
		}
		for _, stop := range day.GetStops() {
			if stop.GetKind() != typev1.StopKind_STOP_KIND_VISIT && stop.GetKind() != typev1.StopKind_STOP_KIND_MEAL {
				continue
			}
			if before, twice := seen[stop.GetPlaceId()]; twice {
				t.Errorf("%s is on day %d and on day %d", stop.GetPlaceId(), before, day.GetNumber())
			}
			seen[stop.GetPlaceId()] = day.GetNumber()
			if o := stop.GetOpening(); o != nil && (stop.GetArrive().GetMinutes() < o.GetOpen().GetMinutes() || stop.GetLeave().GetMinutes() > o.GetClose().GetMinutes()) {
				t.Errorf("day %d: %s from %d to %d, open %v", day.GetNumber(), stop.GetPlaceId(), stop.GetArrive().GetMinutes(), stop.GetLeave().GetMinutes(), o)
			}
			if o := stop.GetOpening(); o != nil && stop.GetSlack().GetBeforeClosingMinutes() != o.GetClose().GetMinutes()-stop.GetLeave().GetMinutes() {
				t.Errorf("day %d: %s has the slack %v, open %v, left at %d", day.GetNumber(), stop.GetPlaceId(), stop.GetSlack(), o, stop.GetLeave().GetMinutes())
			}
			if source := stop.GetSource(); source.GetProvider() == "" || source.GetFetchedAt() == nil {
				t.Errorf("day %d: %s does not say where it comes from: %v", day.GetNumber(), stop.GetPlaceId(), source)
			}
			if stop.GetWhy().GetKo() == "" || stop.GetWhy().GetEn() == "" {
				t.Errorf("day %d: %s has no reason", day.GetNumber(), stop.GetPlaceId())
			}
		}
	}
	if len(seen) < days {
		t.Errorf("only %d places in %d days", len(seen), days)
	}
}

// [U2]
func TestALoggedOutTravellerIsOut(t *testing.T) {
	t.Parallel()
	client := loggedIn(t, tripgen.WithMaxAttempts(1))
	if _, err := client.Account.LogOut(t.Context(), &userv1.LogOutRequest{}); err != nil {
		t.Fatal(err)
	}
	await(t, "the access token to stop working", func() bool {
		_, err := client.Trips.ListTrips(t.Context(), &tripv1.ListTripsRequest{})
		return connect.CodeOf(err) == connect.CodeUnauthenticated
	})
}

// Somebody else's trip does not exist.
func TestTripsOfOthersDoNotExist(t *testing.T) {
	t.Parallel()
	mine, other := loggedIn(t), loggedIn(t)
	trip := createTrip(t, mine, "Seoul", 1)
	_, err := other.Trips.GetTrip(t.Context(), &tripv1.GetTripRequest{TripId: trip.GetId()})
	if got, _ := tripgen.AsError(err); connect.CodeOf(err) != connect.CodeNotFound || got.Reason != "NOT_FOUND" {
		t.Errorf("error %v, want NOT_FOUND", err)
	}
	var listed int
	for _, err := range other.AllTrips(t.Context(), &tripv1.ListTripsRequest{}) {
		if err != nil {
			t.Fatal(err)
		}
		listed++
	}
	if listed != 0 {
		t.Errorf("%d trips listed to somebody who has none", listed)
	}
}

// [T6]
func TestACancelledGenerationLeavesTheTripFree(t *testing.T) {
	t.Parallel()
	client := loggedIn(t)
	trip := createTrip(t, client, "Paris", 2)
	generation, err := client.Generate(t.Context(), &tripv1.GenerateItineraryRequest{TripId: trip.GetId(), Revision: trip.GetRevision()})
	if err != nil {
		t.Fatal(err)
	}
	if err := generation.Cancel(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := generation.Wait(t.Context()); err == nil {
		t.Error("a cancelled generation gave an itinerary")
	}
	await(t, "the trip to be free again", func() bool {
		resp, err := client.Trips.GetTrip(t.Context(), &tripv1.GetTripRequest{TripId: trip.GetId()})
		return err == nil && resp.GetTrip().GetRunningGenerationId() == "" && resp.GetTrip().GetItineraryVersion() == 0
	})
}
