// Package rules checks any itinerary, whoever proposed it: the planner, a model
// or a person. It reads the planner's plain data and shares no logic with it.
//
// Every rule is a small function with an id, a severity and a message in Korean
// and English. Hard rules make an itinerary one that can be walked; soft ones
// make it a good one.
package rules

import (
	"fmt"

	"github.com/tripgen/tripgen/services/ai/planner"
)

// Severity of a violation.
type Severity string

// Severities. An itinerary with a Hard violation must not be stored unless a
// person insisted on it and was told.
const (
	Hard Severity = "hard"
	Soft Severity = "soft"
)

// Text is a message in both languages.
type Text struct{ Ko, En string }

// Violation is one breach of a rule.
type Violation struct {
	Rule     string
	Severity Severity
	Day      int // index, -1 when it is not about one day
	Stop     int // index into the day's stops, -1 when it is not about one stop
	Place    string
	Message  Text
}

// Rule is one rule of the itinerary.
type Rule struct {
	ID       string
	Severity Severity
	// Text describes the rule itself, for people and documents.
	Text  Text
	check func(*checker)
}

// Check returns every violation, in the order of Rules and of the days. The
// facts are the problem the itinerary answers; matrices are used where they are
// given, otherwise legs are held against distance alone.
func Check(it *planner.Itinerary, facts *planner.Problem) []Violation {
	c := newChecker(it, facts)
	for _, r := range Rules() {
		c.rule = r
		r.check(c)
	}
	return c.found
}

// HardOnly keeps the hard violations.
func HardOnly(vs []Violation) []Violation {
	var out []Violation
	for _, v := range vs {
		if v.Severity == Hard {
			out = append(out, v)
		}
	}
	return out
}

// checker holds what the rules look at.
type checker struct {
	it    *planner.Itinerary
	facts *planner.Problem
	place map[string]int // index of each place by id
	needs needs
	rule  Rule
	found []Violation
}

func newChecker(it *planner.Itinerary, facts *planner.Problem) *checker {
	c := &checker{it: it, facts: facts, place: make(map[string]int, len(facts.Places)), needs: needsOf(facts.Group)}
	for i := range facts.Places {
		c.place[facts.Places[i].ID] = i
	}
	return c
}

// days calls f for each day that both the itinerary and the facts have.
func (c *checker) days(f func(d int, plan *planner.DayPlan, day *planner.Day)) {
	for d := range min(len(c.it.Days), len(c.facts.Days)) {
		f(d, &c.it.Days[d], &c.facts.Days[d])
	}
}

// visits calls f for each visit and meal with its place, nil when unknown.
func (c *checker) visits(f func(d, k int, s *planner.Stop, p *planner.Place)) {
	c.days(func(d int, plan *planner.DayPlan, _ *planner.Day) {
		for k := range plan.Stops {
			s := &plan.Stops[k]
			if s.Kind != planner.Visit && s.Kind != planner.Meal {
				continue
			}
			var p *planner.Place
			if i, ok := c.place[s.Place]; ok {
				p = &c.facts.Places[i]
			}
			f(d, k, s, p)
		}
	})
}

// report notes a breach of the current rule.
func (c *checker) report(d, k int, ko, en string) { c.reportAs(c.rule.Severity, d, k, ko, en) }

func (c *checker) reportAs(sev Severity, d, k int, ko, en string) {
	v := Violation{Rule: c.rule.ID, Severity: sev, Day: d, Stop: k, Message: Text{ko, en}}
	if k >= 0 {
		v.Place = c.it.Days[d].Stops[k].Place
	}
	c.found = append(c.found, v)
}

// told tells whether the itinerary says that a wish is not kept.
func (c *checker) told(kind planner.UnhonouredKind, d int, place string) bool {
	for _, u := range c.it.Unhonoured {
		if u.Kind == kind && (u.Day == d || u.Day < 0) && (place == "" || u.Ref.ID == place) {
			return true
		}
	}
	return false
}

func clock(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

func label(s *planner.Stop) string {
	if s.Name != "" {
		return s.Name
	}
	return s.Place
}
