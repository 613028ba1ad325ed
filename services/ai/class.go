package ai

import "time"

// Class is how soon a generation is taken; it follows from its expected cost.
type Class string

// The classes, cheapest first.
const (
	Express  Class = "express"
	Standard Class = "standard"
	Bulk     Class = "bulk"
)

// Classes are all classes, cheapest first.
func Classes() []Class { return []Class{Express, Standard, Bulk} }

// Size is what the cost of planning grows with.
type Size struct {
	// Days are those to be planned: one for a day's regeneration.
	Days, Members, Destinations int
}

// Bounds of the classes, in cost units: up to three days of two people in one city are express (9 units), two weeks of
// a family in several cities are bulk.
const (
	expressUnits  = 12
	standardUnits = 40
)

// ClassOf gives the class of a cost.
func ClassOf(units int) Class {
	switch {
	case units <= expressUnits:
		return Express
	case units <= standardUnits:
		return Standard
	default:
		return Bulk
	}
}

// Credit is how much earlier than it did a generation of this class counts as having been asked for, in the order of
// work. See package dispatch for the bound on waiting that follows: larger credits would let small trips through a burst
// even faster and make big ones wait longer.
func (c Class) Credit() time.Duration {
	switch c {
	case Express:
		return 30 * time.Second
	case Standard:
		return 15 * time.Second
	default:
		return 0
	}
}
