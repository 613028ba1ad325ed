package planner

// ProblemError says which field of an input is wrong.
type ProblemError struct {
	Field  string // such as "places[3].hours[0].open[1]"
	Reason string // lower case, English
}

func (e *ProblemError) Error() string { return "planner: " + e.Field + " " + e.Reason }
