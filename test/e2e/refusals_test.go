package e2e

import (
	"strings"
	"testing"

	"connectrpc.com/connect"

	tripgen "github.com/tripgen/tripgen/sdk/go"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/test/people"
)

// Every refusal has a code, a reason and, where a field is at fault, the field.
func TestBadInputIsRefusedWithItsField(t *testing.T) {
	t.Parallel()
	client := loggedIn(t, tripgen.WithMaxAttempts(1))
	trip := createTrip(t, client, "Tokyo", 1)
	signUp := func(change func(*userv1.SignUpRequest)) func() error {
		return func() error {
			request := people.New().SignUpRequest()
			change(request)
			_, err := client.Account.SignUp(t.Context(), request)
			return err
		}
	}
	create := func(change func(*tripv1.CreateTripRequest)) func() error {
		return func() error {
			request := family("Munich", 1)
			change(request)
			_, err := client.Trips.CreateTrip(t.Context(), request)
			return err
		}
	}
	for name, tc := range map[string]struct {
		call  func() error
		code  connect.Code
		field string
	}{
		"a name of one letter":           {signUp(func(r *userv1.SignUpRequest) { r.Name = "김" }), connect.CodeInvalidArgument, "name"},
		"an e-mail that is none":         {signUp(func(r *userv1.SignUpRequest) { r.Email = "nobody" }), connect.CodeInvalidArgument, "email"},
		"a phone that is none":           {signUp(func(r *userv1.SignUpRequest) { r.Phone = "12345678" }), connect.CodeInvalidArgument, "phone"},
		"a short log-in id":              {signUp(func(r *userv1.SignUpRequest) { r.LoginId = "abcd" }), connect.CodeInvalidArgument, "login_id"},
		"terms not accepted":             {signUp(func(r *userv1.SignUpRequest) { r.Terms.Accepted = false }), connect.CodeInvalidArgument, "terms.accepted"},
		"a trip's name of 17 characters": {create(func(r *tripv1.CreateTripRequest) { r.Name = strings.Repeat("가", 17) }), connect.CodeInvalidArgument, "name"},
		"nobody travels":                 {create(func(r *tripv1.CreateTripRequest) { r.Members = nil }), connect.CodeInvalidArgument, "members"},
		"eleven travel": {create(func(r *tripv1.CreateTripRequest) {
			for len(r.Members) < 11 {
				r.Members = append(r.Members, r.Members[0])
			}
		}), connect.CodeInvalidArgument, "members"},
		"an age of 200": {create(func(r *tripv1.CreateTripRequest) { r.Members[0].Age = 200 }), connect.CodeInvalidArgument, "members[0].age"},
		"no nights":     {create(func(r *tripv1.CreateTripRequest) { r.Destinations[0].Nights = 0 }), connect.CodeInvalidArgument, "destinations[0].nights"},
		"a start in the past": {create(func(r *tripv1.CreateTripRequest) {
			r.StartDate = &typev1.Date{Year: 2020, Month: 1, Day: 1}
		}), connect.CodeInvalidArgument, "start_date"},
		"a date that is none": {create(func(r *tripv1.CreateTripRequest) {
			r.StartDate = &typev1.Date{Year: 2030, Month: 2, Day: 30}
		}), connect.CodeInvalidArgument, "start_date"},
		"a page token of nobody": {func() error {
			_, err := client.Trips.ListTrips(t.Context(), &tripv1.ListTripsRequest{PageToken: "AAAA"})
			return err
		}, connect.CodeInvalidArgument, ""},
		"a special request of 501 characters": {func() error {
			_, err := client.Itineraries.GenerateItinerary(t.Context(), &tripv1.GenerateItineraryRequest{
				TripId: trip.GetId(), Revision: trip.GetRevision(), SpecialRequest: strings.Repeat("가", 501),
			})
			return err
		}, connect.CodeInvalidArgument, "special_request"},
		"a generation of nobody": {func() error {
			_, err := client.Generations.GetGeneration(t.Context(), &aiv1.GetGenerationRequest{GenerationId: "gen_018f0000-0000-7000-8000-000000000001"})
			return err
		}, connect.CodeNotFound, ""},
		"a latitude of 91": {func() error {
			_, err := client.Places.SearchNearby(t.Context(), &locationv1.SearchNearbyRequest{
				Origin: &locationv1.SearchNearbyRequest_Point{Point: &typev1.LatLng{Latitude: 91}}, WithinMinutes: 10,
			})
			return err
		}, connect.CodeInvalidArgument, "point.latitude"},
		"control characters in a keyword": {func() error {
			_, err := client.Places.SearchNearby(t.Context(), &locationv1.SearchNearbyRequest{
				Origin: &locationv1.SearchNearbyRequest_Text{Text: "Munich"}, WithinMinutes: 10, Keyword: "\x1b[2J",
			})
			return err
		}, connect.CodeInvalidArgument, "keyword"},
		"a keyword of 10 MB": {func() error {
			_, err := client.Places.SearchNearby(t.Context(), &locationv1.SearchNearbyRequest{
				Origin: &locationv1.SearchNearbyRequest_Text{Text: "Munich"}, WithinMinutes: 10, Keyword: strings.Repeat("x", 10<<20),
			})
			return err
		}, connect.CodeResourceExhausted, "request"},
		"a wrong password": {func() error {
			_, err := client.LogIn(t.Context(), tripgen.LogInParams{LoginID: "nobody12345", Password: "wrong", ClientID: people.ClientID, RedirectURI: people.RedirectURI})
			return err
		}, connect.CodeUnauthenticated, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tc.call()
			refusal, ok := tripgen.AsError(err)
			if !ok || refusal.Code != tc.code || refusal.Reason == "" {
				t.Fatalf("error %v, want %v with a reason", err, tc.code)
			}
			if tc.field == "" {
				return
			}
			for _, f := range refusal.Fields {
				if f.Field == tc.field && f.Description != "" {
					return
				}
			}
			t.Errorf("fields %v do not name %s", refusal.Fields, tc.field)
		})
	}
}
