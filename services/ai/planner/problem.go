package planner

import "time"

// Problem is everything a plan depends on. It is plain data: equal problems
// (the seed included) and an equal iteration budget give equal itineraries.
type Problem struct {
	// Days are the days of the trip in order, at least one, at most MaxDays.
	Days []Day
	// Places are the candidates, at most MaxPlaces; ids are unique.
	Places []Place
	// Group is who travels; its most limited member sets the pace.
	Group Group
	// Mode is how the group travels where it does not walk.
	Mode Mode
	// Travel holds minutes and metres between all points. A zero Travel is
	// replaced by EstimateTravel, whose legs are marked SourceEstimated.
	Travel Travel
	// Locks are stops fixed to a day and a time; they are never moved.
	Locks []Lock
	// MustSee and Avoid come from the special request. What cannot be honoured
	// is told in Itinerary.Unhonoured.
	MustSee, Avoid []PlaceRef
	// Seed drives every random choice.
	Seed uint64
}

// Limits on the size of a problem.
const (
	MaxDays     = 60
	MaxPlaces   = 20000
	MaxMembers  = 10
	MaxMinute   = 36 * 60 // minutes of day may run past midnight, to noon next day
	MaxStay     = 12 * 60
	MaxInterval = 8 // opening intervals per place and day
)

// LatLng is a point in WGS 84 degrees.
type LatLng struct{ Lat, Lng float64 }

// Date is a civil date in the destination's own time zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// Window is a span of minutes of the local day, From ≤ To. The zero Window
// means "none".
type Window struct{ From, To int }

// IsZero tells whether the window is absent.
func (w Window) IsZero() bool { return w.From == 0 && w.To == 0 }

// DefaultLunch and DefaultDinner are the hours in which a whole meal lies when
// the caller knows no local ones.
func DefaultLunch() Window { return Window{From: 11*60 + 30, To: 14 * 60} }

// DefaultDinner is the evening counterpart of DefaultLunch.
func DefaultDinner() Window { return Window{From: 17*60 + 30, To: 20*60 + 30} }

// Day is one day of the trip. Times are minutes of the local civil day.
type Day struct {
	Date Date
	// City restricts the day to places of that city; empty allows all.
	City string
	// Start is when the group leaves StartPoint, End when it must have reached
	// EndPoint. Start < End ≤ MaxMinute.
	Start, End int
	// StartPoint and EndPoint are where the day begins and ends.
	StartPoint, EndPoint Endpoint
	// Lunch and Dinner are the hours a whole meal must lie in; a zero window
	// asks for no such meal.
	Lunch, Dinner Window
	// Weather has 24 entries, one per local hour, or none when unknown.
	Weather []HourWeather
	// MaxStops lowers the group's pace limit on visits for this day; 0 keeps it.
	MaxStops int
}

// EndpointKind says what a day's start or end point is.
type EndpointKind string

// Kinds of start and end points.
const (
	Lodging EndpointKind = "lodging"
	Station EndpointKind = "station"
	Airport EndpointKind = "airport"
)

// Endpoint is where a day starts or ends.
type Endpoint struct {
	ID   string // optional place id of the lodging or station
	Name string
	At   LatLng
	Kind EndpointKind // empty is Lodging
}

// Precipitation of an hour.
type Precipitation string

// Kinds of precipitation.
const (
	Dry  Precipitation = ""
	Rain Precipitation = "rain"
	Snow Precipitation = "snow"
)

// HourWeather is the forecast of one local hour.
type HourWeather struct {
	Precipitation Precipitation
	TempC         float64
	BadAir        bool // PM2.5 or ozone at "bad" or worse by the local scale
}

// Temperatures, in °C, from which outdoor time is kept short.
const (
	HeatC = 33.0
	ColdC = -5.0
)

// PlaceKind is a set of uses a place has in a plan.
type PlaceKind uint8

// Uses of a place; the zero value counts as Sight.
const (
	Sight PlaceKind = 1 << iota
	Food
)

// Setting says whether a visit is under a roof.
type Setting string

// Settings; the empty value counts as Mixed.
const (
	Indoor  Setting = "indoor"
	Outdoor Setting = "outdoor"
	Mixed   Setting = "mixed"
)

// Known is a fact that may not be known.
type Known uint8

// Values of Known.
const (
	Unknown Known = iota
	Yes
	No
)

// Place is a candidate.
type Place struct {
	ID       string
	Name     string // for matching a PlaceRef by name
	City     string // empty fits any day
	At       LatLng
	Category string // visits of one category are worth less each time
	Kind     PlaceKind
	// Fit says how well the place serves each preference, 0..1; nil fits all
	// members evenly.
	Fit     map[Preference]float64
	Setting Setting
	// StayMinutes is the length of a visit, 1..MaxStay.
	StayMinutes int
	// Hours has one entry per Problem.Days, or none when nothing is known.
	Hours []DayHours
	// StepFree is the accessibility; limited groups prefer Yes to Unknown to No.
	StepFree Known
	// Strenuous places (climbs, long trails) are kept from limited and caution
	// groups, from children under 7 and elders over 74.
	Strenuous bool
	// Popularity is a prior 0..1; 0 counts as unknown and is taken as 0.5.
	Popularity float64
	// Parking lists car parks near the place, nearest first.
	Parking []Parking
}

// Parking is a car park near a place.
type Parking struct {
	Name       string
	At         LatLng
	WalkMetres int
}

// DayHours are the opening intervals of a place on one day. Known with no
// interval means closed; the zero value means the hours are not known. Places
// with unknown hours are planned only inside cautious default hours (sights
// 10:00–17:00, food within the meal windows), are worth a tenth less, and their
// stops say HoursUnknown.
type DayHours struct {
	Known bool
	Open  []Interval
}

// Interval is one span in which a place is open. A visit lies wholly in one
// interval and starts no later than LastEntry (0: none).
type Interval struct{ Open, Close, LastEntry int }

// PlaceRef names a place by id, by name, or a whole category; the first field
// that is set counts.
type PlaceRef struct{ ID, Name, Category string }

// Lock fixes a stop: this place, on this day, from Arrive to Leave. A locked
// stop is kept even where it breaks an opening hour; rules tell so.
type Lock struct {
	Day           int // index into Problem.Days
	Place         string
	Arrive, Leave int
	Meal          bool // the stop is a meal
}
