package triptest

import (
	"context"
	"maps"
	"sync"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/services/trip"
)

// Outlook is the world as the location service tells of it: fair weather, all places open, until a test changes it.
type Outlook struct {
	mu      sync.Mutex
	weather map[trip.Date]trip.Weather
	hours   map[trip.VisitDay]trip.Hours
	// weatherAway and placesAway make calls fail as if the service could not be reached.
	weatherAway, placesAway bool
	looks                   int
}

// Fair is the weather that AI plans with.
func Fair() trip.Weather {
	return trip.Weather{Kind: trip.Clear, Min: 14, Max: 22, Chance: 10, PM25: 8}
}

// SetWeather changes the weather of a day.
func (o *Outlook) SetWeather(d trip.Date, change func(*trip.Weather)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := Fair()
	change(&w)
	next := maps.Clone(o.weather)
	if next == nil {
		next = map[trip.Date]trip.Weather{}
	}
	next[d] = w
	o.weather = next
}

// SetHours changes the hours of a place on a day.
func (o *Outlook) SetHours(v trip.VisitDay, h trip.Hours) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.hours == nil {
		o.hours = map[trip.VisitDay]trip.Hours{}
	}
	o.hours[v] = h
}

// Away takes the weather and the places away or brings them back.
func (o *Outlook) Away(weather, places bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.weatherAway, o.placesAway = weather, places
}

// Looks counts the calls for weather.
func (o *Outlook) Looks() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.looks
}

// Weather gives fair weather, and what was set.
func (o *Outlook) Weather(_ context.Context, _ trip.Point, from trip.Date, days int) (map[trip.Date]trip.Weather, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.looks++
	if o.weatherAway {
		return nil, errs.Unavailable(context.DeadlineExceeded)
	}
	known := map[trip.Date]trip.Weather{}
	for i := range days {
		d := from.AddDays(i)
		known[d] = Fair()
		if w, ok := o.weather[d]; ok {
			known[d] = w
		}
	}
	return known, nil
}

// Hours gives unknown hours, and what was set.
func (o *Outlook) Hours(_ context.Context, visits []trip.VisitDay) ([]trip.Hours, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.placesAway {
		return nil, errs.Unavailable(context.DeadlineExceeded)
	}
	hours := make([]trip.Hours, len(visits))
	for i, v := range visits {
		hours[i] = o.hours[v]
	}
	return hours, nil
}
