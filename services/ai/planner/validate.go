package planner

import (
	"fmt"
	"math"
	"time"
)

// Validate tells the first field that is wrong as a *ProblemError, or nil.
func (p *Problem) Validate() error {
	if len(p.Days) == 0 || len(p.Days) > MaxDays {
		return wrong("days", "must have 1 to %d entries", MaxDays)
	}
	if len(p.Places) > MaxPlaces {
		return wrong("places", "must have at most %d entries", MaxPlaces)
	}
	if p.Mode != Transit && p.Mode != Car {
		return wrong("mode", "must be transit or car")
	}
	for d := range p.Days {
		if err := p.Days[d].validate(fmt.Sprintf("days[%d]", d)); err != nil {
			return err
		}
	}
	if err := p.Group.validate(); err != nil {
		return err
	}
	ids := make(map[string]bool, len(p.Places))
	for i := range p.Places {
		field := fmt.Sprintf("places[%d]", i)
		if err := p.Places[i].validate(field, len(p.Days)); err != nil {
			return err
		}
		if ids[p.Places[i].ID] {
			return wrong(field+".id", "is used twice")
		}
		ids[p.Places[i].ID] = true
	}
	if err := p.validateLocks(ids); err != nil {
		return err
	}
	return p.Travel.validate(len(p.Places) + 2*len(p.Days))
}

func wrong(field, format string, args ...any) error {
	return &ProblemError{Field: field, Reason: fmt.Sprintf(format, args...)}
}

func (d *Day) validate(field string) error {
	if d.Date != (Date{}) && !d.Date.valid() {
		return wrong(field+".date", "is not a date")
	}
	if d.Start < 0 || d.Start >= d.End || d.End > MaxMinute {
		return wrong(field+".start", "must be at least 0 and before the day's end, at most minute %d", MaxMinute)
	}
	for _, e := range []struct {
		name string
		at   Endpoint
	}{{".start_point", d.StartPoint}, {".end_point", d.EndPoint}} {
		if !e.at.At.valid() {
			return wrong(field+e.name+".at", "is not a point on earth")
		}
		switch e.at.Kind {
		case "", Lodging, Station, Airport:
		default:
			return wrong(field+e.name+".kind", "is unknown")
		}
	}
	if !d.Lunch.valid() {
		return wrong(field+".lunch", "must be a window of the day")
	}
	if !d.Dinner.valid() {
		return wrong(field+".dinner", "must be a window of the day")
	}
	if !d.Lunch.IsZero() && !d.Dinner.IsZero() && d.Lunch.To > d.Dinner.From {
		return wrong(field+".dinner", "must not begin before lunch ends")
	}
	if n := len(d.Weather); n != 0 && n != 24 {
		return wrong(field+".weather", "must have 24 hours or none")
	}
	for h, w := range d.Weather {
		if math.IsNaN(w.TempC) || w.TempC < -100 || w.TempC > 80 {
			return wrong(fmt.Sprintf("%s.weather[%d].temp_c", field, h), "is not a temperature")
		}
		if w.Precipitation != Dry && w.Precipitation != Rain && w.Precipitation != Snow {
			return wrong(fmt.Sprintf("%s.weather[%d].precipitation", field, h), "is unknown")
		}
	}
	if d.MaxStops < 0 {
		return wrong(field+".max_stops", "must not be negative")
	}
	return nil
}

func (d Date) valid() bool {
	t := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	return d.Year >= 1 && d.Year <= 9999 && t.Year() == d.Year && t.Month() == d.Month && t.Day() == d.Day
}

func (w Window) valid() bool { return w.From >= 0 && w.From <= w.To && w.To <= MaxMinute }

func (l LatLng) valid() bool {
	// Comparisons with NaN are false.
	return l.Lat >= -90 && l.Lat <= 90 && l.Lng >= -180 && l.Lng <= 180
}

func (g *Group) validate() error {
	if len(g.Members) == 0 || len(g.Members) > MaxMembers {
		return wrong("group.members", "must have 1 to %d entries", MaxMembers)
	}
	for i, m := range g.Members {
		field := fmt.Sprintf("group.members[%d]", i)
		if m.Age < 0 || m.Age > 130 {
			return wrong(field+".age", "must be 0 to 130")
		}
		switch m.Health {
		case "", Excellent, Good, Caution, Limited:
		default:
			return wrong(field+".health", "is unknown")
		}
		for j, t := range m.Preferences {
			if !t.valid() {
				return wrong(fmt.Sprintf("%s.preferences[%d]", field, j), "is unknown")
			}
		}
	}
	return nil
}

func (t Preference) valid() bool {
	switch t {
	case Sightseeing, Shopping, Culture, Nature, Sports, Resting:
		return true
	}
	return false
}

func (p *Place) validate(field string, days int) error {
	if p.ID == "" {
		return wrong(field+".id", "is missing")
	}
	if !p.At.valid() {
		return wrong(field+".at", "is not a point on earth")
	}
	if p.StayMinutes < 1 || p.StayMinutes > MaxStay {
		return wrong(field+".stay_minutes", "must be 1 to %d", MaxStay)
	}
	if !(p.Popularity >= 0 && p.Popularity <= 1) {
		return wrong(field+".popularity", "must be 0 to 1")
	}
	for t, v := range p.Fit {
		if !t.valid() || !(v >= 0 && v <= 1) {
			return wrong(field+".fit", "must give known preferences 0 to 1")
		}
	}
	switch p.Setting {
	case "", Indoor, Outdoor, Mixed:
	default:
		return wrong(field+".setting", "is unknown")
	}
	if p.StepFree > No || p.Kind > Sight|Food {
		return wrong(field, "has an unknown kind or accessibility")
	}
	if n := len(p.Hours); n != 0 && n != days {
		return wrong(field+".hours", "must have an entry per day or none")
	}
	for d, h := range p.Hours {
		if len(h.Open) > MaxInterval {
			return wrong(fmt.Sprintf("%s.hours[%d].open", field, d), "must have at most %d intervals", MaxInterval)
		}
		for k, o := range h.Open {
			if o.Open < 0 || o.Open >= o.Close || o.Close > 2*MaxMinute || o.LastEntry < 0 || o.LastEntry > o.Close {
				return wrong(fmt.Sprintf("%s.hours[%d].open[%d]", field, d, k), "must open before it closes, with the last entry between")
			}
		}
	}
	return nil
}

func (p *Problem) validateLocks(ids map[string]bool) error {
	locked := make(map[string]bool, len(p.Locks))
	for k, l := range p.Locks {
		field := fmt.Sprintf("locks[%d]", k)
		if l.Day < 0 || l.Day >= len(p.Days) {
			return wrong(field+".day", "is not a day of the trip")
		}
		if !ids[l.Place] {
			return wrong(field+".place", "is not among the places")
		}
		if locked[l.Place] {
			return wrong(field+".place", "is locked twice")
		}
		locked[l.Place] = true
		if l.Arrive < 0 || l.Arrive >= l.Leave || l.Leave > MaxMinute {
			return wrong(field+".arrive", "must be before leave and within the day")
		}
	}
	return nil
}

func (t *Travel) validate(n int) error {
	for _, x := range []struct {
		name string
		m    *Matrix
	}{{"walk", &t.Walk}, {"transit", &t.Transit}, {"car", &t.Car}, {"taxi", &t.Taxi}} {
		if x.m.empty() {
			continue
		}
		if len(x.m.Minutes) != n*n || len(x.m.Metres) != n*n {
			return wrong("travel."+x.name, "must have %d entries", n*n)
		}
		for k := range x.m.Minutes {
			if x.m.Minutes[k] > MaxLegMinutes {
				return wrong("travel."+x.name+".minutes", "must be at most %d", MaxLegMinutes)
			}
			if m := x.m.Metres[k]; x.m.Minutes[k] >= 0 && (m < 0 || m > MaxLegMetres) {
				return wrong("travel."+x.name+".metres", "must be 0 to %d", MaxLegMetres)
			}
		}
	}
	return nil
}

func (m *Matrix) empty() bool { return len(m.Minutes) == 0 && len(m.Metres) == 0 }
