package trip

import (
	"context"
	"errors"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/lang"
)

// City is a city in the place data.
type City struct{ ID, Zone string }

// Cities knows which city is meant. ErrCityUnknown says that the data has none; other errors, that it cannot be asked.
type Cities interface {
	CityByName(ctx context.Context, name string) (City, error)
	CityAt(ctx context.Context, p Point) (City, error)
}

// Zones knows the IANA time zone of a point; empty where there is none.
type Zones interface {
	ZoneAt(p Point) string
}

// Intake is the AI service's side of a generation. Each call may be repeated.
type Intake interface {
	// Start hands a generation over and gives its receipt. Errors of kind unavailable or deadline exceeded may pass;
	// any other is a refusal (QUEUE_FULL, BUDGET_SPENT, …).
	Start(ctx context.Context, g Generation) (Receipt, error)
	// Result gives what a generation made, or why it did not; ErrNoResult while it is under way.
	Result(ctx context.Context, generationID string) (Result, error)
	// Confirm tells that the result was stored as this version.
	Confirm(ctx context.Context, generationID string, version int64) (Receipt, error)
}

// Receipt is the AI service's description of a generation (a marshalled tripgen.ai.v1.Generation); nothing personal.
type Receipt []byte

// Result is what came of a generation.
type Result struct {
	// Ended is how it ended; the plan is there if that is GenerationReady.
	Ended GenerationState
	// Reason is an errs reason, of a failed generation.
	Reason string
	Plan   Plan
	// Better are days that the model finished late (marshalled tripgen.type.v1.Day), by their number.
	Better map[int][]byte
}

// Planner recomputes itineraries.
type Planner interface {
	// Replan applies an edit to an itinerary, or with nil only checks it, and gives the plan after it and the days that
	// changed.
	Replan(ctx context.Context, p Profile, it Itinerary, e *Edit) (Plan, []int, error)
}

// Documents works on the content of itineraries, which the domain does not look into.
type Documents interface {
	// ReplaceDays gives the document with other days (marshalled tripgen.type.v1.Day, by their number) in the place of
	// its own.
	ReplaceDays(d Document, days map[int][]byte) (Document, error)
	// Planned gives what the days of a document were planned with.
	Planned(d Document) ([]PlannedDay, error)
}

// Outlook tells what the world looks like.
type Outlook interface {
	// Weather gives the weather near a point for some days from a date on; days that nobody knows are missing.
	Weather(ctx context.Context, at Point, from Date, days int) (map[Date]Weather, error)
	// Hours gives when places are open on days, in the order asked for; at most 500.
	Hours(ctx context.Context, visits []VisitDay) ([]Hours, error)
}

// Sagas runs generations through all their steps, whatever happens to the process.
type Sagas interface {
	// Start begins the saga of an accepted generation; repeating it changes nothing.
	Start(ctx context.Context, generationID string) error
	// HandedOver waits at most wait for the outcome of the hand-over to the AI service: the receipt, the refusal, or
	// nothing at all if it takes longer.
	HandedOver(ctx context.Context, generationID string, wait time.Duration) (Receipt, error)
}

// Profile is who travels and how, as planning needs it, without anything that names a person.
type Profile struct {
	Members      []Traveller `json:"members,omitzero"`
	Mode         Mode        `json:"mode,omitzero"`
	Destinations []StayPlan  `json:"destinations,omitzero"`
}

// Traveller is a member without a name.
type Traveller struct {
	Age         int          `json:"age,omitzero"`
	Gender      Gender       `json:"gender,omitzero"`
	Health      Health       `json:"health,omitzero"`
	Preferences []Preference `json:"preferences,omitzero"`
}

// StayPlan is a destination with its dates.
type StayPlan struct {
	ID      string   `json:"id,omitzero"`
	Name    string   `json:"name,omitzero"`
	City    string   `json:"city,omitzero"`
	Zone    string   `json:"zone,omitzero"`
	Start   Date     `json:"start,omitzero"`
	Nights  int      `json:"nights,omitzero"`
	Lodging *Lodging `json:"lodging,omitzero"`
}

// Profile of the trip.
func (t *Trip) Profile() Profile {
	p := Profile{Mode: t.Mode}
	for _, m := range t.Members {
		p.Members = append(p.Members, Traveller{m.Age, m.Gender, m.Health, m.Preferences})
	}
	stays := t.Schedule()
	for i, d := range t.Destinations {
		stay := StayPlan{ID: d.ID, Name: d.Name, City: d.City, Zone: t.Zone(i).String(), Nights: d.Nights, Lodging: d.Lodging}
		if stays != nil {
			stay.Start = stays[i].Start
		}
		p.Destinations = append(p.Destinations, stay)
	}
	return p
}

// Request is what a generation is asked for.
type Request struct {
	Profile Profile `json:"profile,omitzero"`
	// Day is the day to plan anew, from 1; 0 for the whole trip.
	Day int `json:"day,omitzero"`
	// DayStart is when days start, in minutes after midnight, on a 10-minute grid.
	DayStart int `json:"day_start,omitzero"`
	// Special are wishes in the traveller's words.
	Special string `json:"special,omitzero"`
	// Present is the present itinerary where a day is planned anew or stops are kept.
	Present Document `json:"present,omitzero"`
	// Keep are the stops that must stay; MaxChanges bounds how many may change, nil for no bound.
	Keep       []string  `json:"keep,omitzero"`
	MaxChanges *int      `json:"max_changes,omitzero"`
	Language   lang.Lang `json:"language,omitzero"`
	// Asked is when the traveller asked (UTC); the promise of the deadline counts from here.
	Asked time.Time `json:"asked,omitzero"`
}

// ErrCityUnknown says that the place data has no such city.
var ErrCityUnknown = errs.NotFound(errs.ReasonDestinationUnknown,
	"아직 장소 정보가 없는 여행지입니다.", "There is no place data for this destination yet.")

// ErrNoResult says: the generation is under way.
var ErrNoResult = errors.New("no result yet")
