package planner_test

import (
	"fmt"

	"github.com/tripgen/tripgen/services/ai/planner"
)

// One day in Munich: two sights and lunch, from the hotel and back.
func ExamplePlan() {
	hotel := planner.Endpoint{Name: "Hotel", At: planner.LatLng{Lat: 48.1400, Lng: 11.5600}}
	open := func(from, to int) []planner.DayHours {
		return []planner.DayHours{{Known: true, Open: []planner.Interval{{Open: from * 60, Close: to * 60}}}}
	}
	p := &planner.Problem{
		Mode:  planner.Transit,
		Group: planner.Group{Members: []planner.Member{{Age: 34, Preferences: []planner.Preference{planner.Culture}}}},
		Days: []planner.Day{{
			Date: planner.Date{Year: 2026, Month: 5, Day: 4}, Start: 9 * 60, End: 16 * 60,
			StartPoint: hotel, EndPoint: hotel, Lunch: planner.DefaultLunch(),
		}},
		Places: []planner.Place{
			{ID: "residenz", Name: "Residenz", At: planner.LatLng{Lat: 48.1413, Lng: 11.5789}, StayMinutes: 120, Hours: open(10, 17), Category: "palace"},
			{ID: "viktualienmarkt", Name: "Viktualienmarkt", At: planner.LatLng{Lat: 48.1351, Lng: 11.5763}, StayMinutes: 60, Hours: open(8, 18), Kind: planner.Food},
			{ID: "pinakothek", Name: "Alte Pinakothek", At: planner.LatLng{Lat: 48.1483, Lng: 11.5700}, StayMinutes: 90, Hours: open(10, 18), Category: "museum"},
		},
	}
	it, err := planner.Plan(p, planner.Budget{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range it.Days[0].Stops {
		fmt.Printf("%02d:%02d %s %s\n", s.Arrive/60, s.Arrive%60, s.Kind, s.Name)
	}
	// Output:
	// 09:45 lodging Hotel
	// 10:00 visit Alte Pinakothek
	// 11:46 meal Viktualienmarkt
	// 12:59 visit Residenz
	// 15:14 lodging Hotel
}
