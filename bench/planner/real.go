package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/tripgen/tripgen/data/places"
	"github.com/tripgen/tripgen/services/ai/planner"
	"github.com/tripgen/tripgen/services/ai/rules"

	"github.com/tripgen/tripgen/bench/report"
)

// Sizes of the measurement on real trips.
const (
	firstTrips  = 5000 // planned twice each: constructed, and improved a little
	marginTrips = 100
	longTrips   = 5 // planned for 10 s each
)

// benchTrips plans real trips.
func benchTrips(r *report.Report) error {
	cities, err := places.Load()
	if err != nil {
		return fmt.Errorf("load built-in places: %w", err)
	}
	t := &trips{cities: cities}
	r.Add("## Real trips\n")
	r.Add("%d built-in cities, 1–14 days, %v candidates, all paces, both modes, all weathers.\n", len(cities), candidateCounts)
	if err := benchMany(r, t); err != nil {
		return err
	}
	if err := benchMargin(r, t); err != nil {
		return err
	}
	return benchLong(r, t)
}

// benchMany measures the time to the first feasible itinerary and counts
// violations of hard rules, with construction alone and after some improvement.
func benchMany(r *report.Report, t *trips) error {
	var first []time.Duration
	planned, broken := 0, 0
	byRule := map[string]int{}
	for n := range firstTrips {
		p, err := t.problem(n)
		if err != nil {
			return err
		}
		for _, iterations := range []int{-1, 100} {
			start := time.Now()
			it, err := planner.Plan(p, planner.Budget{Iterations: iterations})
			took := time.Since(start)
			if err != nil {
				return fmt.Errorf("plan trip %d: %w", n, err)
			}
			if iterations < 0 {
				first = append(first, took)
			}
			planned++
			if hard := rules.HardOnly(rules.Check(it, p)); len(hard) > 0 {
				broken++
				byRule[hard[0].Rule]++
			}
		}
	}
	slices.Sort(first)
	at := func(share float64) float64 {
		return float64(first[int(share*float64(len(first)-1))].Microseconds()) / 1000
	}
	r.Add("- first feasible itinerary, whole call: p50 %.2f ms, p99 %.2f ms, longest %.2f ms", at(0.5), at(0.99), at(1))
	r.Add("- itineraries with a violation of a hard rule: %d of %d %v", broken, planned, byRule)
	r.Goal("planner_first_feasible_p99_ms", at(0.99), "<=", 5)
	r.Goal("planner_itineraries_checked", float64(planned), ">=", 10000)
	r.Goal("planner_itineraries_with_violations", float64(broken), "<=", 0)
	return nil
}

// within is a budget of wall time from now on.
func within(limit time.Duration) planner.Budget {
	start := time.Now()
	return planner.Budget{Spent: func() float64 { return float64(time.Since(start)) / float64(limit) }}
}

// benchMargin measures travel over the least possible for the same stops.
func benchMargin(r *report.Report, t *trips) error {
	var sum, most float64
	var longest time.Duration
	known := 0
	for n := range marginTrips {
		p, err := t.problem(n)
		if err != nil {
			return err
		}
		start := time.Now()
		it, err := planner.Plan(p, within(50*time.Millisecond))
		longest = max(longest, time.Since(start))
		if err != nil {
			return fmt.Errorf("plan trip %d: %w", n, err)
		}
		margin, ok, err := planner.OrderMargin(p, it)
		if err != nil {
			return fmt.Errorf("margin of trip %d: %w", n, err)
		}
		if ok {
			sum += margin
			most = max(most, margin)
			known++
		}
	}
	mean := 100 * sum / float64(max(known, 1))
	r.Add("- travel over the exact optimal order of the same stops, after 50 ms: mean %.2f%%, most %.2f%% (%d trips); longest call %.1f ms",
		mean, 100*most, known, float64(longest.Microseconds())/1000)
	r.Goal("planner_order_margin_percent", mean, "<=", 2)
	return nil
}

// benchLong compares 50 ms with 10 s.
func benchLong(r *report.Report, t *trips) error {
	var sum, least, gap float64
	least = 1
	for k := range longTrips {
		p, err := t.problem(7 + 131*k)
		if err != nil {
			return err
		}
		short, err := planner.Plan(p, within(50*time.Millisecond))
		if err != nil {
			return fmt.Errorf("plan: %w", err)
		}
		long, err := planner.Plan(p, within(10*time.Second))
		if err != nil {
			return fmt.Errorf("plan: %w", err)
		}
		share := short.Quality.Score / max(long.Quality.Score, short.Quality.Score)
		r.Add("- %d days, %d candidates: %.0f at 50 ms, %.0f at 10 s, upper bound %.0f", len(p.Days), len(p.Places),
			short.Quality.Score, long.Quality.Score, long.Quality.Bound)
		sum += share
		least = min(least, share)
		gap += long.Quality.Gap
	}
	mean := 100 * sum / longTrips
	r.Add("- score at 50 ms as a share of that at 10 s: mean %.2f%%, least %.2f%%; mean gap to the upper bound at 10 s %.1f%%\n", mean, 100*least, 100*gap/longTrips)
	r.Goal("planner_score_50ms_percent_of_10s", mean, ">=", 99)
	return nil
}
