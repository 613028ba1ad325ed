package pages

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/tripgen/tripgen/bench/gateway/stack"
	tripgen "github.com/tripgen/tripgen/sdk/go"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// shared has a trip planned by a running TripGen and gives the address of a link to it.
func shared(t *testing.T) string {
	t.Helper()
	s, err := stack.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	p, err := s.Person(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	link, err := share(t, p.Client)
	if err != nil {
		t.Fatal(err)
	}
	return s.Gateway + link.GetPath()
}

// share has four days in Seoul and Munich planned for a family, and shares them.
func share(t *testing.T, client *tripgen.Client) (*tripv1.ShareLink, error) {
	ctx, start := t.Context(), time.Now().AddDate(0, 0, 20)
	made, err := client.Trips.CreateTrip(ctx, &tripv1.CreateTripRequest{
		Name: "할머니와 봄 나들이", TransportMode: typev1.TransportMode_TRANSPORT_MODE_PUBLIC_TRANSPORT,
		StartDate: &typev1.Date{Year: int32(start.Year()), Month: int32(start.Month()), Day: int32(start.Day())},
		Members: []*tripv1.Member{{
			Name: "순자", Age: 74, Gender: typev1.Gender_GENDER_FEMALE, Health: typev1.HealthLevel_HEALTH_LEVEL_CAUTION,
			Preferences: []typev1.Preference{typev1.Preference_PREFERENCE_CULTURE},
		}},
		Destinations: []*tripv1.Destination{{Name: "서울", Nights: 2}, {Name: "뮌헨", Nights: 1}},
	})
	if err != nil {
		return nil, fmt.Errorf("make a trip: %w", err)
	}
	generation, err := client.Generate(ctx, &tripv1.GenerateItineraryRequest{TripId: made.GetTrip().GetId(), Revision: made.GetTrip().GetRevision()})
	if err == nil {
		_, err = generation.Wait(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("generate: %w", err)
	}
	link, err := client.Shares.CreateShareLink(ctx, &tripv1.CreateShareLinkRequest{TripId: made.GetTrip().GetId()})
	return link.GetShareLink(), err
}

// [T12] A shared itinerary, and a link that does not work, are for everybody too: on a phone and on a desk, by day and by
// night, in both languages.
func TestASharedItineraryIsForEverybody(t *testing.T) {
	if os.Getenv("TRIPGEN_TEST_PAGES") != "1" {
		t.Skip("make check-pages looks at the pages")
	}
	link := shared(t)
	look(t, map[string]string{"shared": link, "gone": link + "x"})
}
