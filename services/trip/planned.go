package trip

import (
	"time"

	"github.com/tripgen/tripgen/internal/lang"
)

// PlannedDay is what a day of an itinerary was planned with.
type PlannedDay struct {
	Number int
	Date   Date
	// Destination is dest_….
	Destination string
	// Zone is that of the day's times.
	Zone *time.Location
	// At is where the first visit of the day is; nil where no stop has a place on the map.
	At *Point
	// Weather is nil where the day was planned without knowing it.
	Weather *Weather
	Stops   []PlannedStop
}

// PlannedStop is a stop with what it was planned with.
type PlannedStop struct {
	ID, Place string
	Name      lang.Text
	// Outdoor tells of a place under the open sky; false where it is not known, and of rests, which can be had anywhere.
	Outdoor bool
	// Arrive and Leave are minutes of the day.
	Arrive, Leave int
	// ForRain and ForClosed are places that could stand there instead, the best first.
	ForRain, ForClosed []string
}

// Weather is a day's weather.
type Weather struct {
	Kind WeatherKind
	// Min and Max are in °C.
	Min, Max float64
	// Chance of precipitation, 0 to 100.
	Chance int
	// PM25 is in µg/m³; negative where it is not known.
	PM25 float64
	// Normals tells that this is the usual weather and no forecast.
	Normals  bool
	Warnings []lang.Text
	// Wet tells of each hour whether it rains or snows; nil where hours are not known.
	Wet []bool
}

// WeatherKind is a day's weather in a word.
type WeatherKind int

// The kinds; 0 is not known.
const (
	Clear  WeatherKind = 1
	Clouds WeatherKind = 2
	Rain   WeatherKind = 3
	Snow   WeatherKind = 4
	Storm  WeatherKind = 5
	Fog    WeatherKind = 6
)

// wetFrom is the chance in percent from which rain or snow is planned for, as the planner has it.
const wetFrom = 50

// IsWet tells whether rain or snow has to be expected.
func (w Weather) IsWet() bool {
	return (w.Kind == Rain || w.Kind == Snow || w.Kind == Storm) && w.Chance >= wetFrom
}

// wetDuring tells whether it rains or snows while a stop lasts; where hours are not known, all day.
func (w Weather) wetDuring(s PlannedStop) bool {
	if w.Wet == nil {
		return true
	}
	for hour := s.Arrive / 60; hour*60 < s.Leave; hour++ {
		if hour < len(w.Wet) && w.Wet[hour] {
			return true
		}
	}
	return false
}

// VisitDay is a place on a day.
type VisitDay struct {
	Place string
	Date  Date
}

// Hours are when a place is open on a day.
type Hours struct {
	// Gone tells that there is no such place any more.
	Gone bool
	// Known is false where nobody knows; known without intervals means closed.
	Known bool
	// Intervals are in minutes of the day, past 1440 after midnight.
	Intervals []Interval
}

// Interval is from Open to Close, in minutes of the day. LastEntry is the latest arrival; Close where it is not said.
type Interval struct{ Open, Close, LastEntry int }

// admits tells whether a stop's whole visit lies within the hours.
func (h Hours) admits(s PlannedStop) bool {
	if !h.Known {
		return true
	}
	for _, i := range h.Intervals {
		if i.Open <= s.Arrive && s.Arrive <= i.LastEntry && s.Leave <= i.Close {
			return true
		}
	}
	return false
}
