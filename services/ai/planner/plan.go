package planner

import (
	"slices"

	"github.com/tripgen/tripgen/services/ai/planner/orienteering"
)

// Budget bounds the work of a search. The zero Budget means DefaultIterations.
type Budget struct {
	// Iterations bounds the rounds of improvement; 0 means DefaultIterations,
	// or no bound where Spent is given. Negative means construction only.
	Iterations int
	// Spent, where given, tells the share of the caller's time that is gone; at
	// 1 or more the search returns what it has. It is called every few
	// microseconds of work and must be cheap. Equal seeds give equal answers
	// only where Iterations, not Spent, ends the search.
	Spent func() float64
}

// DefaultIterations takes some tens of milliseconds for usual trips.
const DefaultIterations = 4000

// Plan makes the best itinerary it finds within the budget. It returns a
// *ProblemError when a field of the problem is wrong, else always an itinerary
// that keeps every hard rule; what could not be honoured is told in it.
func Plan(p *Problem, b Budget) (*Itinerary, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	c := compile(p)
	clashes, bound := c.clashes(b), 0.0
	if b.Iterations >= 0 && !b.spent() {
		bound = c.upperBound()
	}
	it := c.finish(c.search(b), nil)
	it.Clashes = slices.DeleteFunc(clashes, it.keepsAll)
	it.Quality.limit(bound)
	return it, nil
}

// search runs the solver.
func (c *compiled) search(b Budget) orienteering.Solution {
	eb := orienteering.Budget{Iterations: b.Iterations, Spent: b.Spent}
	if b.Iterations == 0 && b.Spent == nil {
		eb.Iterations = DefaultIterations
	}
	return orienteering.NewSearch(c.eng, newObjective(c)).Run(eb)
}
