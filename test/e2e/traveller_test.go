package e2e

import (
	"testing"
	"time"

	tripgen "github.com/tripgen/tripgen/sdk/go"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/test/people"
)

func anonymous(t *testing.T, opts ...tripgen.Option) *tripgen.Client {
	t.Helper()
	client, err := tripgen.New(gateway, append([]tripgen.Option{tripgen.WithLanguage("en")}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// loggedIn is a client that acts for a new traveller.
func loggedIn(t *testing.T, opts ...tripgen.Option) *tripgen.Client {
	t.Helper()
	v := people.New()
	client := anonymous(t)
	if _, err := client.Account.SignUp(t.Context(), v.SignUpRequest()); err != nil {
		t.Fatal("sign up: ", err)
	}
	tokens, err := client.LogIn(t.Context(), v.LogInParams())
	if err != nil {
		t.Fatal("log in: ", err)
	}
	return anonymous(t, append(opts, tripgen.WithTokenSource(tokens))...)
}

// family is a trip of four people of different health and tastes.
func family(city string, nights int32) *tripv1.CreateTripRequest {
	start := time.Now().AddDate(0, 0, 7)
	return &tripv1.CreateTripRequest{
		Name: "가족 여행", TransportMode: typev1.TransportMode_TRANSPORT_MODE_PUBLIC_TRANSPORT,
		StartDate: &typev1.Date{Year: int32(start.Year()), Month: int32(start.Month()), Day: int32(start.Day())},
		Members: []*tripv1.Member{
			{Name: "지우", Age: 38, Gender: typev1.Gender_GENDER_FEMALE, Health: typev1.HealthLevel_HEALTH_LEVEL_GOOD, Preferences: []typev1.Preference{typev1.Preference_PREFERENCE_CULTURE}},
			{Name: "민준", Age: 41, Gender: typev1.Gender_GENDER_MALE, Health: typev1.HealthLevel_HEALTH_LEVEL_EXCELLENT, Preferences: []typev1.Preference{typev1.Preference_PREFERENCE_NATURE}},
			{Name: "서연", Age: 9, Gender: typev1.Gender_GENDER_FEMALE, Health: typev1.HealthLevel_HEALTH_LEVEL_GOOD, Preferences: []typev1.Preference{typev1.Preference_PREFERENCE_SHOPPING}},
			{Name: "영자", Age: 72, Gender: typev1.Gender_GENDER_FEMALE, Health: typev1.HealthLevel_HEALTH_LEVEL_CAUTION, Preferences: []typev1.Preference{typev1.Preference_PREFERENCE_REST}},
		},
		Destinations: []*tripv1.Destination{{Name: city, Nights: nights}},
	}
}

func createTrip(t *testing.T, client *tripgen.Client, city string, nights int32) *tripv1.Trip {
	t.Helper()
	resp, err := client.Trips.CreateTrip(t.Context(), family(city, nights))
	if err != nil {
		t.Fatal("create trip: ", err)
	}
	return resp.GetTrip()
}
