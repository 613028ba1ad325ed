package main

import (
	"slices"
	"testing"

	"github.com/tripgen/tripgen/data/places"
	"github.com/tripgen/tripgen/services/ai/planner"
)

// longTripsOf are eight of the largest trips.
func longTripsOf(b *testing.B) []*planner.Problem {
	cities, err := places.Load()
	if err != nil {
		b.Fatal(err)
	}
	t := &trips{cities: cities}
	var ps []*planner.Problem
	for n := 0; len(ps) < 8; n++ {
		p, err := t.problem(n)
		if err != nil {
			b.Fatal(err)
		}
		if len(p.Places) == 400 && len(p.Days) > 9 {
			ps = append(ps, p)
		}
	}
	return ps
}

// BenchmarkEditOfLongTrips moves a stop to another day of a trip of at least ten
// days with 400 candidates.
func BenchmarkEditOfLongTrips(b *testing.B) {
	p := longTripsOf(b)[0]
	it, err := planner.Plan(p, planner.Budget{Iterations: 500})
	if err != nil {
		b.Fatal(err)
	}
	k := slices.IndexFunc(it.Days[2].Stops, func(s planner.Stop) bool { return s.Kind == planner.Visit })
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := planner.Apply(p, it, planner.Edit{Kind: planner.EditMove, Day: 2, Stop: k, ToDay: 5, Position: -1}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFirstItineraryOfLongTrips constructs itineraries of the largest trips.
func BenchmarkFirstItineraryOfLongTrips(b *testing.B) {
	ps := longTripsOf(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := planner.Plan(ps[i%len(ps)], planner.Budget{Iterations: -1}); err != nil {
			b.Fatal(err)
		}
	}
}
