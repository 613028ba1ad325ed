package trip

import "fmt"

// Step is how far the planning of a trip is.
type Step int

// The steps.
const (
	StepBasics       Step = 1
	StepDestinations Step = 2
	StepGenerate     Step = 3
	StepView         Step = 4
)

// Step gives the present step and the fields that it still misses, as paths in the contract's names.
func (t *Trip) Step() (Step, []string) {
	if missing := t.missingBasics(); len(missing) > 0 {
		return StepBasics, missing
	}
	if missing := t.missingDestinations(); len(missing) > 0 {
		return StepDestinations, missing
	}
	if t.Itinerary == 0 {
		return StepGenerate, nil
	}
	return StepView, nil
}

func (t *Trip) missingBasics() []string {
	var missing []string
	if t.Name == "" {
		missing = append(missing, "name")
	}
	if t.Mode == 0 {
		missing = append(missing, "transport_mode")
	}
	if t.Start.IsZero() {
		missing = append(missing, "start_date")
	}
	if len(t.Members) == 0 {
		missing = append(missing, "members")
	}
	return missing
}

func (t *Trip) missingDestinations() []string {
	if len(t.Destinations) == 0 {
		return []string{"destinations"}
	}
	var missing []string
	for i, d := range t.Destinations {
		if d.City == "" {
			missing = append(missing, fmt.Sprintf("destinations[%d].city_id", i))
		}
	}
	return missing
}
