package aitest

import (
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/id"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// Owner is the subject that owns the generations of [Request].
const Owner = "user_0198c0de-0000-7000-8000-000000000001"

// Request asks for a trip of two people to one city.
func Request(cityID string, nights int32) *aiv1.StartGenerationRequest {
	return &aiv1.StartGenerationRequest{
		GenerationId: id.Random{}.New(id.Generation), TripId: id.Random{}.New(id.Trip), Owner: Owner, ClientId: "app",
		RequestTime: timestamppb.New(time.Now()), Language: "ko",
		Profile: &aiv1.PlanningProfile{
			TransportMode: typev1.TransportMode_TRANSPORT_MODE_PUBLIC_TRANSPORT,
			Members: []*aiv1.PlanningMember{
				{Age: 34, Gender: typev1.Gender_GENDER_FEMALE, Health: typev1.HealthLevel_HEALTH_LEVEL_GOOD, Preferences: []typev1.Preference{typev1.Preference_PREFERENCE_CULTURE}},
				{Age: 36, Gender: typev1.Gender_GENDER_MALE, Health: typev1.HealthLevel_HEALTH_LEVEL_GOOD, Preferences: []typev1.Preference{typev1.Preference_PREFERENCE_NATURE}},
			},
			Destinations: []*aiv1.PlanningDestination{{
				Id: id.Random{}.New(id.Destination), Name: cityID, CityId: cityID, StartDate: &typev1.Date{Year: 2026, Month: 12, Day: 7}, Nights: nights,
			}},
		},
	}
}

func upper(s string) string { return strings.ToUpper(s) }

func addDays(d *typev1.Date, n int) *typev1.Date {
	t := time.Date(int(d.GetYear()), time.Month(d.GetMonth()), int(d.GetDay())+n, 0, 0, 0, 0, time.UTC)
	return &typev1.Date{Year: int32(t.Year()), Month: int32(t.Month()), Day: int32(t.Day())}
}
