// Package location knows places, the way between them and the weather. The package itself is the domain: what a
// place is, how places are found, how far they are. Where the data comes from is behind the ports [WeatherProvider]
// and the catalog's sources; adapters stand in folders of their own.
package location

import (
	"math"
	"time"

	"github.com/tripgen/tripgen/services/location/openinghours"
)

// Point is a WGS 84 position in degrees: latitude −90 to 90, longitude −180 to 180.
type Point struct{ Lat, Lng float64 }

// Valid tells whether the point is on Earth.
func (p Point) Valid() bool { // comparisons with NaN are false
	return p.Lat >= -90 && p.Lat <= 90 && p.Lng >= -180 && p.Lng <= 180
}

// earthRadius is the mean radius of the Earth in metres (IUGG).
const earthRadius = 6_371_008.8

// DistanceTo is the great-circle distance in metres (haversine).
func (p Point) DistanceTo(q Point) float64 {
	rad := math.Pi / 180
	dLat, dLng := (q.Lat-p.Lat)*rad, (q.Lng-p.Lng)*rad
	h := math.Pow(math.Sin(dLat/2), 2) + math.Cos(p.Lat*rad)*math.Cos(q.Lat*rad)*math.Pow(math.Sin(dLng/2), 2)
	return 2 * earthRadius * math.Asin(math.Min(1, math.Sqrt(h)))
}

// Box bounds what lies within some metres of the point. It does not wrap at the antimeridian: west may be below −180.
func (p Point) Box(metres float64) (south, west, north, east float64) {
	dLat := metres / earthRadius * 180 / math.Pi
	dLng := dLat / math.Max(0.01, math.Cos(p.Lat*math.Pi/180))
	return math.Max(-90, p.Lat-dLat), p.Lng - dLng, math.Min(90, p.Lat+dLat), p.Lng + dLng
}

// Name is a name in Korean, English and the local language; any may be empty but not all.
type Name struct{ Ko, En, Local string }

// City is a destination that the catalog has places of.
type City struct {
	// ID is lower-case ASCII, for example "munich".
	ID   string
	Name Name
	// Country is the ISO 3166-1 alpha-2 code.
	Country string
	// Region is the second part of ISO 3166-2 where public holidays differ within the country; else empty.
	Region string
	// Zone is the city's time zone.
	Zone   *time.Location
	Center Point
	// South, West, North and East bound the city and what its visitors go to from there.
	South, West, North, East float64
	// PlaceCount is how many places the catalog has.
	PlaceCount int
}

// Contains tells whether p lies in the city's bounds.
func (c City) Contains(p Point) bool {
	return c.South <= p.Lat && p.Lat <= c.North && c.West <= p.Lng && p.Lng <= c.East
}

// Category is what a place is, as in the built-in data: "museum", "park", "food"…
type Category string

// The categories that the domain itself decides on.
const (
	Food     Category = "food"
	Cafe     Category = "cafe"
	Market   Category = "market"
	Laundry  Category = "laundry"
	Parking  Category = "parking"
	Station  Category = "station"
	Airport  Category = "airport"
	Spa      Category = "spa"
	Bar      Category = "bar"
	Shopping Category = "shopping"
)

// Setting is whether a place is under a roof: "indoor", "outdoor", "mixed".
type Setting string

// Place is a place. What is not known is at its zero value, or nil where zero would say something.
type Place struct {
	// ID is <source>:<id>, for example "builtin:munich-marienplatz".
	ID     string
	CityID string
	Name   Name
	Point
	Category Category
	// Pleases are the preferences it answers: "sightseeing", "culture"…
	Pleases []string
	Setting Setting
	// StayMinutes is the usual stay.
	StayMinutes int
	// Hours is the text as OpenStreetMap writes opening hours; empty if not known.
	Hours string
	// Schedule is Hours, understood; nil if not known or not understood.
	Schedule *openinghours.Schedule `json:"-"`
	// LastEntryMinutes is how long before closing the last visitor is let in; 0 if not known.
	LastEntryMinutes int
	// StepFree is nil if not known.
	StepFree  *bool
	Strenuous bool
	Cuisine   string
	Address   string
	// Phone is as E.164 where the source knows the country code.
	Phone   string
	Website string
	// Wikidata is the item's id ("Q131013"), where the source links it.
	Wikidata string
	// Popularity is a prior for how well known it is, 0 to 1; 0 if not known.
	Popularity float64
	// Details are what only a provider of ratings knows; nil if nothing is known.
	Details *Details
	// Source is who says so.
	Source Source
}

// Source is where a fact comes from.
type Source struct {
	// Provider is "builtin", "openmeteo", "normals", "estimate"…
	Provider string
	// FetchedAt is when the fact was fetched; for built-in data, when the process loaded it.
	FetchedAt time.Time
	// Simulated is true for data that says nothing about the real world.
	Simulated bool
	// Attribution is the credit line to show, if one is due.
	Attribution string
	// Stale is true for a fact older than its normal lifetime, told because a fresh one could not be had.
	Stale bool
}

// Holidays tells whether a civil date is a public holiday in a country and, where it has regions with days of their own,
// a region.
type Holidays interface {
	IsHoliday(country, region string, date time.Time) bool
}

// HoursOn are the place's opening intervals that begin on a civil date in a city; known is false if its hours are not.
func (p Place) HoursOn(date time.Time, city City, holidays Holidays) (intervals []openinghours.Interval, known bool) {
	if p.Schedule == nil {
		return nil, false
	}
	return p.Schedule.On(openinghours.DateOf(date), func(day openinghours.Date) bool {
		return holidays.IsHoliday(city.Country, city.Region, time.Date(day.Year, day.Month, day.Day, 0, 0, 0, 0, time.UTC))
	}), true
}

// OpenAt tells whether the place is open at an instant, in its city's zone; known is false if its hours are not.
func (p Place) OpenAt(instant time.Time, city City, holidays Holidays) (open, known bool) {
	if p.Schedule == nil {
		return false, false
	}
	local := instant.In(city.Zone)
	minute := local.Hour()*60 + local.Minute()
	today, _ := p.HoursOn(local, city, holidays)
	for _, i := range today {
		if i.Open <= minute && minute < i.Close {
			return true, true
		}
	}
	yesterday, _ := p.HoursOn(local.AddDate(0, 0, -1), city, holidays)
	for _, i := range yesterday {
		if minute+openinghours.MinutesPerDay < i.Close {
			return true, true
		}
	}
	return false, true
}
