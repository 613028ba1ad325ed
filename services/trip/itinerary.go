package trip

import (
	"slices"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
)

// Document is an itinerary's content, a marshalled tripgen.type.v1.Itinerary. The domain keeps it and hands it on; what
// it decides on is in the Outline. It may repeat the traveller's words, so stores seal it.
type Document []byte

// Plan is an itinerary's content with its outline.
type Plan struct {
	Document Document
	Outline  Outline
}

// Outline is what stands where in an itinerary.
type Outline []OutlineDay

// OutlineDay is a day of an outline.
type OutlineDay struct {
	// Number counts from 1 over the whole trip.
	Number int           `json:"number,omitzero"`
	Date   Date          `json:"date,omitzero"`
	Stops  []OutlineStop `json:"stops,omitzero"`
}

// OutlineStop is a stop of an outline.
type OutlineStop struct {
	// ID is stop_…, stable over edits and versions.
	ID   string   `json:"id,omitzero"`
	Kind StopKind `json:"kind,omitzero"`
	// Place is empty for a stop that is none of the data's places.
	Place string `json:"place,omitzero"`
	// Arrive and Leave are minutes of the day.
	Arrive int  `json:"arrive,omitzero"`
	Leave  int  `json:"leave,omitzero"`
	Locked bool `json:"locked,omitzero"`
}

// StopKind is what a stop is for.
type StopKind int

// The kinds.
const (
	Visit     StopKind = 1
	Meal      StopKind = 2
	Pause     StopKind = 3
	AtLodging StopKind = 4
	Arrival   StopKind = 5
	Departure StopKind = 6
)

// Stops counts all stops.
func (o Outline) Stops() int {
	n := 0
	for _, d := range o {
		n += len(d.Stops)
	}
	return n
}

// Places are the places of all stops, each once, in order of appearance.
func (o Outline) Places() []string {
	var places []string
	seen := map[string]bool{"": true}
	for _, d := range o {
		for _, s := range d.Stops {
			if !seen[s.Place] {
				seen[s.Place] = true
				places = append(places, s.Place)
			}
		}
	}
	return places
}

// PlacesBeside are the places of all stops but those known, each once, in order of appearance.
func (o Outline) PlacesBeside(known []string) []string {
	return slices.DeleteFunc(o.Places(), func(place string) bool { return slices.Contains(known, place) })
}

// Find gives the day and stop of an id.
func (o Outline) Find(stopID string) (day int, stop OutlineStop, ok bool) {
	for _, d := range o {
		for _, s := range d.Stops {
			if s.ID == stopID {
				return d.Number, s, true
			}
		}
	}
	return 0, OutlineStop{}, false
}

// HasDay tells whether there is a day of this number.
func (o Outline) HasDay(number int) bool {
	for _, d := range o {
		if d.Number == number {
			return true
		}
	}
	return false
}

// Origin is where a version comes from.
type Origin int

// The origins.
const (
	FromGeneration      Origin = 1
	FromDayRegeneration Origin = 2
	FromRestore         Origin = 3
	FromImprovement     Origin = 4
)

// Itinerary is one version of a trip's itinerary. A version is edited in place; its revision counts the edits.
type Itinerary struct {
	TripID string
	// Version counts from 1; only the newest KeptVersions are kept.
	Version int64
	Origin  Origin
	// Generation is the one that it comes from.
	Generation string
	// Created is when the version was made, in UTC.
	Created  time.Time
	Revision int64
	// DayStart is when days start, in minutes, as the plan was made with.
	DayStart int
	Plan     Plan
}

// KeptVersions is how many versions of an itinerary are kept.
const KeptVersions = 3

// VersionInfo is a version in a list.
type VersionInfo struct {
	Version int64
	Origin  Origin
	Created time.Time
	Stops   int
}

// ErrVersionGone says that the version is not kept (any more), or never was.
var ErrVersionGone = errs.NotFound(errs.ReasonVersionGone,
	"더 이상 보관하지 않는 일정입니다.", "This version of the itinerary is not kept any more.")
