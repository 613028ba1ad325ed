package e2e

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	tripgen "github.com/tripgen/tripgen/sdk/go"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
)

const (
	clientID    = "tripgen-cli"
	redirectURI = "http://127.0.0.1/callback"
)

// traveller is somebody who has signed up.
type traveller struct{ loginID, password string }

func newTraveller() traveller {
	return traveller{loginID: "e2e" + strings.ToLower(rand.Text()[:12]), password: rand.Text() + "-7a"}
}

func (v traveller) signUpRequest() *userv1.SignUpRequest {
	return &userv1.SignUpRequest{
		Name: "김하늘", Email: v.loginID + "@traveller.example", Phone: "010-1234-5678",
		LoginId: v.loginID, Password: v.password,
		Terms: &userv1.TermsConsent{Version: "2026-01-01", Accepted: true},
	}
}

func (v traveller) logInParams() tripgen.LogInParams {
	return tripgen.LogInParams{
		LoginID: v.loginID, Password: v.password, ClientID: clientID, RedirectURI: redirectURI, DeviceName: "e2e",
	}
}

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
	v := newTraveller()
	client := anonymous(t)
	if _, err := client.Account.SignUp(t.Context(), v.signUpRequest()); err != nil {
		t.Fatal("sign up: ", err)
	}
	tokens, err := client.LogIn(t.Context(), v.logInParams())
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
