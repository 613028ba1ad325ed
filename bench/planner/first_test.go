package main

import (
	"testing"

	"github.com/tripgen/tripgen/data/places"
	"github.com/tripgen/tripgen/services/ai/planner"
)

// BenchmarkFirstItineraryOfLongTrips constructs itineraries of the largest trips.
func BenchmarkFirstItineraryOfLongTrips(b *testing.B) {
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
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := planner.Plan(ps[i%len(ps)], planner.Budget{Iterations: -1}); err != nil {
			b.Fatal(err)
		}
	}
}
