package planning_test

import (
	"testing"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/planner"
	"github.com/tripgen/tripgen/services/ai/planning"
)

func profile(stays ...int32) *aiv1.PlanningProfile {
	p := &aiv1.PlanningProfile{
		TransportMode: typev1.TransportMode_TRANSPORT_MODE_CAR,
		Members:       []*aiv1.PlanningMember{{Age: 5, Health: typev1.HealthLevel_HEALTH_LEVEL_CAUTION}},
	}
	for i, nights := range stays {
		p.Destinations = append(p.Destinations, &aiv1.PlanningDestination{
			Id: string(rune('a' + i)), StartDate: &typev1.Date{Year: 2026, Month: 12, Day: 30}, Nights: nights,
		})
	}
	return p
}

func city(id string, lng float64) *planning.City {
	at := func(d float64) *typev1.LatLng { return &typev1.LatLng{Latitude: 48, Longitude: lng + d} }
	place := func(name string, c locationv1.PlaceCategory, d float64) *locationv1.Candidate {
		return &locationv1.Candidate{Place: &locationv1.Place{
			Id: "builtin:" + id + "-" + name, CityId: id, Name: &typev1.LocalizedText{Ko: name, En: name}, Category: c, Location: at(d),
		}}
	}
	return &planning.City{
		City: &locationv1.City{Id: id, Center: at(0), Name: &typev1.LocalizedText{Ko: id, En: id}, TimeZone: "Europe/Berlin"},
		Candidates: []*locationv1.Candidate{
			place("far-station", locationv1.PlaceCategory_PLACE_CATEGORY_STATION, 0.2), place("station", locationv1.PlaceCategory_PLACE_CATEGORY_STATION, 0.01),
			place("airport", locationv1.PlaceCategory_PLACE_CATEGORY_AIRPORT, 0.005), place("park", locationv1.PlaceCategory_PLACE_CATEGORY_PARKING, 0.002),
			place("museum", locationv1.PlaceCategory_PLACE_CATEGORY_MUSEUM, 0.001), place("laundry", locationv1.PlaceCategory_PLACE_CATEGORY_LAUNDRY, 0),
		},
	}
}

// [T2] Each destination starts where the one before ends; the day of the way belongs to the one that is reached.
func TestDaysFollowFromDestinationsAndNights(t *testing.T) {
	t.Parallel()
	p := profile(2, 1)
	trip, err := planning.NewTrip(p, []string{"x", "y"})
	if err != nil {
		t.Fatal(err)
	}
	if trip.Len() != 4 || len(trip.DatesIn("x")) != 2 || len(trip.DatesIn("y")) != 2 {
		t.Fatalf("%d days, %d and %d", trip.Len(), len(trip.DatesIn("x")), len(trip.DatesIn("y")))
	}
	if d := trip.DatesIn("y")[0]; d.GetYear() != 2027 || d.GetMonth() != 1 || d.GetDay() != 1 {
		t.Errorf("y starts on %v", d)
	}
	facts, err := planning.Build(planning.Request{Profile: p, DayStart: 600}, trip, []*planning.City{city("x", 11), city("y", 13)})
	if err != nil {
		t.Fatal(err)
	}
	days := facts.Problem.Days
	for i, want := range []struct {
		from, to planner.EndpointKind
		fromID   string
	}{
		{planner.Station, planner.Lodging, "builtin:x-station"},
		{planner.Lodging, planner.Lodging, ""},
		{planner.Station, planner.Lodging, "builtin:y-station"},
		{planner.Lodging, planner.Station, ""},
	} {
		if days[i].StartPoint.Kind != want.from || days[i].EndPoint.Kind != want.to || days[i].StartPoint.ID != want.fromID {
			t.Errorf("day %d goes from %v to %v", i+1, days[i].StartPoint, days[i].EndPoint)
		}
	}
	if days[0].Start != 600 || days[2].Start <= 600 || days[2].Start > 15*60 || days[3].End != 18*60 {
		t.Errorf("days start at %d and %d, the last ends at %d", days[0].Start, days[2].Start, days[3].End)
	}
	for _, place := range facts.Problem.Places {
		if place.ID != "builtin:x-museum" && place.ID != "builtin:y-museum" {
			t.Errorf("%s is among the places to visit", place.ID)
		}
		if len(place.Parking) != 1 {
			t.Errorf("%s has %d car parks near", place.ID, len(place.Parking))
		}
	}
}

func TestATripThatIsTooLongIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := planning.NewTrip(profile(30, 30), []string{"x", "y"}); err == nil {
		t.Error("61 days are planned")
	}
	if _, err := planning.NewTrip(profile(30, 29), []string{"x", "y"}); err != nil {
		t.Errorf("60 days: %v", err)
	}
}

// A city without a station or airport is come to and left at the lodging.
func TestWithoutAGateDaysStartAndEndAtTheLodging(t *testing.T) {
	t.Parallel()
	p := profile(1)
	p.Destinations[0].Lodging = &aiv1.PlanningLodging{Name: "Inn", Location: &typev1.LatLng{Latitude: 48.1, Longitude: 11.1}}
	trip, err := planning.NewTrip(p, []string{"x"})
	if err != nil {
		t.Fatal(err)
	}
	c := city("x", 11)
	c.Candidates = c.Candidates[4:]
	facts, err := planning.Build(planning.Request{Profile: p}, trip, []*planning.City{c})
	if err != nil {
		t.Fatal(err)
	}
	for i, day := range facts.Problem.Days {
		for _, e := range []planner.Endpoint{day.StartPoint, day.EndPoint} {
			if e.Kind != planner.Lodging || e.Name != "Inn" || e.At.Lat != 48.1 {
				t.Errorf("day %d has the end point %+v", i+1, e)
			}
		}
	}
}
