// Package refine asks Claude to better the planner's days: to choose and order among a day's candidates and to write its
// title, reasons and notes in Korean and English.
//
// What the model can do is bounded by form, not by trust: the answer has a schema whose only vocabulary for places is
// the city's ids, an id that is not among the day's is dropped, texts are cut and cleaned, and what comes of it goes
// through the planner and the rules like anything else. The traveller's words go along as a JSON string within the
// data, never as a part of the instructions.
package refine

import (
	"context"

	"github.com/tripgen/tripgen/services/ai"
)

// Text is a text in both languages.
type Text struct {
	Ko string `json:"ko"`
	En string `json:"en"`
}

// Place is what the model is told of a candidate. Nothing that changes from trip to trip is in it, so that a city's
// catalogue is the same text for all and is served from the prompt cache.
type Place struct {
	ID       string   `json:"id"`
	Ko       string   `json:"ko"`
	En       string   `json:"en"`
	Category string   `json:"category"`
	Setting  string   `json:"setting,omitempty"`
	Stay     int      `json:"stay_minutes"`
	Hours    string   `json:"hours,omitempty"`
	Pleases  []string `json:"pleases,omitempty"`
	Cuisine  []string `json:"cuisine,omitempty"`
	StepFree string   `json:"step_free,omitempty"`
	Hard     bool     `json:"strenuous,omitempty"`
}

// City is a city's catalogue, in an order that does not change.
type City struct {
	ID     string  `json:"id"`
	Name   Text    `json:"name"`
	Places []Place `json:"places"`
}

// Member is a traveller as the model needs it: no name, and an age by bands.
type Member struct {
	Age    string   `json:"age"`
	Health string   `json:"health"`
	Likes  []string `json:"likes,omitempty"`
}

// Group is who travels and how.
type Group struct {
	Members  []Member `json:"members"`
	Mode     string   `json:"mode"`
	MinStops int      `json:"min_visits_a_day"`
	MaxStops int      `json:"max_visits_a_day"`
}

// Stop is a stop of the planner's draft.
type Stop struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	Arrive string `json:"arrive"`
	Leave  string `json:"leave"`
	Fixed  bool   `json:"fixed,omitempty"`
}

// Day is a day to better.
type Day struct {
	Number  int    `json:"number"`
	Date    string `json:"date"`
	Weekday string `json:"weekday"`
	Weather string `json:"weather,omitempty"`
	Draft   []Stop `json:"draft"`
	// Options are ids besides the draft's that the day may use. No other day has them.
	Options []string `json:"options"`
}

// Brief is a question: days of one city.
type Brief struct {
	City  City
	Group Group
	Days  []Day
	// Wishes are the traveller's own words.
	Wishes string
}

// Choice is a stop of an answer.
type Choice struct {
	ID   string `json:"id"`
	Why  Text   `json:"why"`
	Note Text   `json:"note"`
}

// Answer is a day of an answer. It keeps to the brief: ids are among the day's, each once.
type Answer struct {
	Number int      `json:"number"`
	Title  Text     `json:"title"`
	Stops  []Choice `json:"stops"`
	Notes  []Text   `json:"notes"`
}

// Wish is a part of the traveller's words and what became of it.
type Wish struct {
	Wish     string `json:"wish"`
	Honoured bool   `json:"honoured"`
	Why      Text   `json:"why"`
}

// Model is what the pipeline asks. *Claude is one.
type Model interface {
	// Days answers a brief. Each day is handed to yield as soon as it is complete, possibly in the middle of the call;
	// days that the answer lacks are not. The cost is told whatever comes of the call, as far as it is known.
	Days(ctx context.Context, b Brief, yield func(Answer)) (ai.Cost, error)
	// Wishes says which parts of the traveller's words an itinerary honours; the itinerary is given as briefs of days.
	Wishes(ctx context.Context, b Brief) ([]Wish, ai.Cost, error)
}
