package planner_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/tripgen/tripgen/services/ai/planner"
	"github.com/tripgen/tripgen/services/ai/rules"
)

// [A2] Any problem that is well formed gives an itinerary without a breach of a
// hard rule, whatever the budget.
func TestPlanKeepsEveryHardRule(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		it, err := planner.Plan(p, planner.Budget{Iterations: rapid.SampledFrom([]int{-1, 20, 300}).Draw(t, "iterations")})
		if err != nil {
			t.Fatalf("plan: %v", err)
		}
		mustKeepRules(t, it, p)
	})
}

func mustKeepRules(t interface{ Fatalf(string, ...any) }, it *planner.Itinerary, p *planner.Problem) {
	if vs := rules.HardOnly(rules.Check(it, p)); len(vs) > 0 {
		t.Fatalf("hard rules broken: %+v\n%s", vs, show(it))
	}
}

func show(it *planner.Itinerary) string {
	s := ""
	for d, day := range it.Days {
		s += fmt.Sprintf("day %d\n", d)
		for k, x := range day.Stops {
			s += fmt.Sprintf("  %-9s %-8s %d-%d locked=%v", x.Kind, x.Place, x.Arrive, x.Leave, x.Locked)
			if k < len(day.Legs) {
				s += fmt.Sprintf(" -> %+v", day.Legs[k])
			}
			s += "\n"
		}
	}
	return s + fmt.Sprintf("%+v\n", it.Unhonoured)
}

// [A2] The order of the candidates and the dates do not matter for the rules.
func TestPlanKeepsHardRulesWhenCandidatesAndDatesShift(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		rand.New(rand.NewPCG(p.Seed, 7)).Shuffle(len(p.Places), func(a, b int) { p.Places[a], p.Places[b] = p.Places[b], p.Places[a] })
		for d := range p.Days {
			p.Days[d].Date.Year += rapid.IntRange(1, 30).Draw(t, "years")
			p.Days[d].Date.Day = 1 + p.Days[d].Date.Day%28
		}
		it, err := planner.Plan(p, planner.Budget{Iterations: 100})
		if err != nil {
			t.Fatalf("plan: %v", err)
		}
		mustKeepRules(t, it, p)
	})
}

func TestEqualSeedsGiveEqualItineraries(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		a, errA := planner.Plan(p, planner.Budget{Iterations: 200})
		b, errB := planner.Plan(p, planner.Budget{Iterations: 200})
		if errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
			t.Fatalf("two runs differ: %v %v\n%s%s", errA, errB, show(a), show(b))
		}
	})
}

func TestDeadlineOfZeroStillGivesAFeasibleItinerary(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		it, err := planner.Plan(p, planner.Budget{Spent: func() float64 { return 1 }})
		if err != nil {
			t.Fatalf("plan: %v", err)
		}
		mustKeepRules(t, it, p)
	})
}

// [A11] A plan close to another keeps the rules and counts its changes right.
func TestLeastChangeStaysWithinItsBound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		before, err := planner.Plan(p, planner.Budget{Iterations: -1})
		if err != nil {
			t.Fatalf("plan: %v", err)
		}
		most := rapid.IntRange(0, 4).Draw(t, "most")
		after, err := planner.LeastChange(p, before, planner.Closeness{Most: most}, planner.Budget{Iterations: 300})
		if err != nil {
			t.Fatalf("least change: %v", err)
		}
		mustKeepRules(t, after, p)
		if n := planner.Changes(before, after); n > most {
			t.Fatalf("%d changes, at most %d allowed\n%s%s", n, most, show(before), show(after))
		}
	})
}

// [T8] Replanning a day leaves the others alone and keeps the rules.
func TestReplanDayLeavesOtherDaysAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		before, err := planner.Plan(p, planner.Budget{Iterations: 50})
		if err != nil {
			t.Fatalf("plan: %v", err)
		}
		day := rapid.IntRange(0, len(p.Days)-1).Draw(t, "day")
		after, err := planner.ReplanDay(p, before, day, planner.Budget{Iterations: 100})
		if err != nil {
			t.Fatalf("replan: %v", err)
		}
		mustKeepRules(t, after, p)
		for d := range before.Days {
			if d != day && !reflect.DeepEqual(before.Days[d], after.Days[d]) {
				t.Fatalf("day %d changed though day %d was replanned", d, day)
			}
		}
	})
}

// [A10] Whatever plan comes from elsewhere, its repair keeps the hard rules, and
// changes no more than what cannot stay.
func TestRepairOfAnyPlanKeepsTheRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		foreign := &planner.Itinerary{Days: make([]planner.DayPlan, len(p.Days))}
		for d := range foreign.Days {
			for range rapid.IntRange(0, 9).Draw(t, "stops") {
				s := planner.Stop{Place: "invented", Kind: rapid.SampledFrom([]planner.StopKind{planner.Visit, planner.Meal, planner.Rest}).Draw(t, "stop kind")}
				if len(p.Places) > 0 && rapid.IntRange(0, 9).Draw(t, "real") > 0 {
					s.Place = rapid.SampledFrom(p.Places).Draw(t, "stop").ID
				}
				s.Arrive = rapid.IntRange(0, 1500).Draw(t, "arrive")
				s.Leave = s.Arrive + rapid.IntRange(0, 300).Draw(t, "stay")
				foreign.Days[d].Stops = append(foreign.Days[d].Stops, s)
			}
		}
		if _, err := planner.Retime(p, foreign); err != nil {
			t.Fatalf("retime: %v", err)
		}
		repaired, err := planner.LeastChange(p, foreign, planner.Closeness{}, planner.Budget{Iterations: 100})
		if err != nil {
			t.Fatalf("repair: %v", err)
		}
		mustKeepRules(t, repaired, p)
		again, err := planner.LeastChange(p, repaired, planner.Closeness{}, planner.Budget{Iterations: 100})
		if err != nil {
			t.Fatalf("repair again: %v", err)
		}
		if n := planner.Changes(repaired, again); n > 0 {
			t.Fatalf("repairing a good plan changes %d stops\n%s%s", n, show(repaired), show(again))
		}
	})
}
