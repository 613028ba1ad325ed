package planner

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

// ProblemError says which field of a problem is wrong.
type ProblemError struct {
	Field  string // such as "places[3].hours[0].open[1].close"
	Reason string // lower case, English
}

func (e *ProblemError) Error() string { return "planner: " + e.Field + " " + e.Reason }
