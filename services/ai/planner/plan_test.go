package planner

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func sample(seed uint64, days, places int) *Problem {
	r := rand.New(rand.NewPCG(seed, 1))
	p := &Problem{Mode: Transit, Seed: seed, Group: Group{Members: []Member{{Age: 30, Preferences: []Preference{Culture}}, {Age: 8, Preferences: []Preference{Nature}}}}}
	for d := range days {
		e := Endpoint{Name: "hotel", At: LatLng{48.14, 11.57}}
		p.Days = append(p.Days, Day{Date: Date{2026, 5, 1 + d}, Start: 540, End: 1260, StartPoint: e, EndPoint: e, Lunch: DefaultLunch(), Dinner: DefaultDinner()})
	}
	for i := range places {
		pl := Place{ID: fmt.Sprint("p", i), Name: fmt.Sprint("Place ", i), Category: fmt.Sprint("c", i%7), At: LatLng{48.10 + 0.08*r.Float64(), 11.5 + 0.12*r.Float64()},
			StayMinutes: 30 + 15*r.IntN(6), Popularity: r.Float64(), Fit: map[Preference]float64{Culture: r.Float64(), Nature: r.Float64()}}
		if i%4 == 0 {
			pl.Kind = Food
			pl.StayMinutes = 60
		}
		for range days {
			pl.Hours = append(pl.Hours, DayHours{Known: true, Open: []Interval{{Open: 540 + 30*r.IntN(4), Close: 840}, {Open: 900, Close: 1080 + 30*r.IntN(8)}}})
		}
		p.Places = append(p.Places, pl)
	}
	return p
}

func TestPlanFillsEveryDay(t *testing.T) {
	it, err := Plan(sample(1, 3, 80), Budget{Iterations: 2000})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range it.Days {
		for k, s := range d.Stops {
			fmt.Printf("%s %-8s %02d:%02d-%02d:%02d slack %d/%d %v %v", s.Kind, s.Name, s.Arrive/60, s.Arrive%60, s.Leave/60, s.Leave%60, s.SlackClosing, s.SlackNext, s.Why, s.Alternatives)
			if k < len(d.Legs) {
				fmt.Printf("  -> %+v", d.Legs[k])
			}
			fmt.Println()
		}
	}
	fmt.Printf("%+v\n%+v\n", it.Unhonoured, it.Quality)
}
