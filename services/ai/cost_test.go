package ai_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/tripgen/tripgen/services/ai"
)

// measure makes up what generations of many sizes take by a law.
func measure(count int, law func(ai.Size) float64) (all []ai.Measured) {
	for days := 1; days <= 14; days += 3 {
		for members := 1; members <= 9; members += 2 {
			for cities := 1; cities <= 3; cities++ {
				s := ai.Size{Days: days, Members: members, Destinations: cities}
				all = append(all, ai.Measured{Size: s, Count: count, Seconds: law(s)})
			}
		}
	}
	return all
}

func units(m ai.CostModel, s ai.Size) float64 {
	return m.Day*float64(s.Days) + m.Pair*float64(s.Days*((s.Members+1)/2)) + m.City*float64(s.Destinations-1)
}

// [A4] Until anything is measured the first model holds, and what follows it leaves it as it is.
func TestTheFirstModelHoldsUntilMeasuredOtherwise(t *testing.T) {
	t.Parallel()
	first := ai.FirstCostModel()
	if got := ai.LearnCosts(nil); got != first {
		t.Errorf("from nothing: %+v", got)
	}
	got := ai.LearnCosts(measure(50, func(s ai.Size) float64 { return 0.004 * units(first, s) }))
	if math.Abs(got.Day-first.Day) > 1e-6 || math.Abs(got.Pair-first.Pair) > 1e-6 || math.Abs(got.City-first.City) > 1e-6 {
		t.Errorf("from its own law: %+v", got)
	}
	for size, want := range map[ai.Size]ai.Class{
		{Days: 2, Members: 2, Destinations: 1}: ai.Express, {Days: 7, Members: 2, Destinations: 1}: ai.Standard,
		{Days: 14, Members: 6, Destinations: 3}: ai.Bulk,
	} {
		if class := ai.ClassOf(first.Units(size)); class != want {
			t.Errorf("%+v is %s, want %s", size, class, want)
		}
	}
}

// [A4] What planning takes decides the class: where further cities turn out to cost far more than days, they go up, and
// the cost of all that was measured stays what it was.
func TestClassesFollowWhatPlanningTakes(t *testing.T) {
	t.Parallel()
	law := func(s ai.Size) float64 { return 0.002 * (float64(s.Days) + 60*float64(s.Destinations-1)) }
	all := measure(100, law)
	got := ai.LearnCosts(all)
	if got.City < 5*ai.FirstCostModel().City || got.Pair > 0.3 {
		t.Errorf("learned %+v", got)
	}
	weekend := ai.Size{Days: 3, Members: 2, Destinations: 3}
	if before, after := ai.ClassOf(ai.FirstCostModel().Units(weekend)), ai.ClassOf(got.Units(weekend)); before != ai.Standard || after != ai.Bulk {
		t.Errorf("three cities in three days were %s and are %s", before, after)
	}
	few := ai.LearnCosts(measure(1, law)[:3])
	if math.Abs(few.City-ai.FirstCostModel().City) > 2 {
		t.Errorf("three generations turned it over: %+v", few)
	}
}

func TestLearnedCostsAreFiniteAndNotNegative(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var all []ai.Measured
		for range rapid.IntRange(0, 20).Draw(t, "sizes") {
			all = append(all, ai.Measured{
				Size: ai.Size{
					Days: rapid.IntRange(1, 60).Draw(t, "days"), Members: rapid.IntRange(1, 10).Draw(t, "members"),
					Destinations: rapid.IntRange(1, 20).Draw(t, "cities"),
				},
				Count: rapid.IntRange(1, 2000).Draw(t, "count"), Seconds: rapid.Float64Range(1e-6, 10).Draw(t, "seconds"),
			})
		}
		got := ai.LearnCosts(all)
		for _, c := range []float64{got.Day, got.Pair, got.City} {
			if math.IsNaN(c) || math.IsInf(c, 0) || c < 0 {
				t.Fatalf("learned %+v", got)
			}
		}
		if n := got.Units(ai.Size{Days: 1, Members: 1, Destinations: 1}); n < 1 {
			t.Fatalf("%d units", n)
		}
	})
}
