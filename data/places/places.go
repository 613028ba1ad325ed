// Package places holds the built-in places: one JSON file a city, facts only.
//
// What is not widely known of a place (its hours, whether it is step-free) is
// absent from its record, never guessed. Files carry one place a line, so that
// a change of one place is a change of one line. See README.md for the fields.
package places

// City is a destination with its places.
type City struct {
	// ID is the file's name without extension: lower-case ASCII, for ever the same.
	ID   string `json:"city"`
	Name Name   `json:"name"`
	// Country is the ISO 3166-1 alpha-2 code.
	Country string `json:"country"`
	// TimeZone is an IANA zone; opening hours of the places are in it.
	TimeZone string  `json:"time_zone"`
	Bounds   Bounds  `json:"bounds"`
	Center   Point   `json:"center"`
	Places   []Place `json:"places"`
}

// Name is a name in Korean, English and the local language.
type Name struct {
	KO    string `json:"ko"`
	EN    string `json:"en"`
	Local string `json:"local"`
}

// Point is a WGS 84 position in degrees.
type Point struct {
	Lat float64 `json:"lat"`
	Lng float64 `json:"lng"`
}

// Bounds is a box in degrees, edges included, that every place of a city lies
// in: the city and what its visitors go to from there, airports included. No
// built-in city crosses the 180th meridian.
type Bounds struct {
	South float64 `json:"south"`
	West  float64 `json:"west"`
	North float64 `json:"north"`
	East  float64 `json:"east"`
}

// Contains tells whether p lies in the box.
func (b Bounds) Contains(p Point) bool {
	return b.South <= p.Lat && p.Lat <= b.North && b.West <= p.Lng && p.Lng <= b.East
}

// Place is one real place.
type Place struct {
	// ID is unique over all cities, begins with the city's id and a hyphen, and
	// stays the same for ever.
	ID   string `json:"id"`
	Name Name   `json:"name"`
	Point
	Category Category `json:"category"`
	Tags     []Tag    `json:"tags"`
	Setting  Setting  `json:"setting"`
	// StayMinutes is how long a visitor usually stays.
	StayMinutes int `json:"stay_minutes"`
	// Hours are the usual opening hours in OpenStreetMap's opening_hours syntax;
	// empty when they are not known.
	Hours string `json:"hours,omitempty"`
	// LastEntryMinutes is how long before closing the last visitor is let in; 0
	// when that is not known.
	LastEntryMinutes int `json:"last_entry_minutes,omitempty"`
	// StepFree tells whether a wheelchair gets in; nil when that is not known.
	StepFree *bool `json:"step_free,omitempty"`
	// Strenuous is set where the visit itself is hard, such as a climb.
	Strenuous bool `json:"strenuous,omitempty"`
	// Cuisine is what a place of category food serves; empty when not known.
	Cuisine string `json:"cuisine,omitempty"`
	// Address is the local postal address; empty when not known.
	Address string `json:"address,omitempty"`
}

// Category is the kind of a place.
type Category string

// The categories. Temple stands for every house of worship.
const (
	Sight         Category = "sight"
	Museum        Category = "museum"
	Palace        Category = "palace"
	Temple        Category = "temple"
	Park          Category = "park"
	Nature        Category = "nature"
	Viewpoint     Category = "viewpoint"
	Beach         Category = "beach"
	Market        Category = "market"
	Shopping      Category = "shopping"
	Food          Category = "food"
	Cafe          Category = "cafe"
	Bar           Category = "bar"
	Entertainment Category = "entertainment"
	Sports        Category = "sports"
	Spa           Category = "spa"
	Laundry       Category = "laundry"
	Parking       Category = "parking"
	Station       Category = "station"
	Airport       Category = "airport"
)

// Tag is a preference of travellers that a place answers.
type Tag string

// The tags.
const (
	TagSightseeing Tag = "sightseeing"
	TagShopping    Tag = "shopping"
	TagCulture     Tag = "culture"
	TagNature      Tag = "nature"
	TagSports      Tag = "sports"
	TagRest        Tag = "rest"
)

// Setting tells how much of a visit is under a roof.
type Setting string

// The settings.
const (
	Indoor  Setting = "indoor"
	Outdoor Setting = "outdoor"
	Mixed   Setting = "mixed"
)
