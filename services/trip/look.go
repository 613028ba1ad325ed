package trip

import (
	"context"
	"errors"
	"time"
)

// Look is what the world looks like for the days of an itinerary that are still to come. What could not be asked is
// missing.
type Look struct {
	// At is when the look was taken, in UTC.
	At time.Time
	// Weather has the forecasts by date; days beyond the horizon are missing.
	Weather map[Date]Weather
	// Hours are those of the places to be visited on their days.
	Hours map[VisitDay]Hours
	// Incomplete tells that something could not be asked.
	Incomplete bool
}

const (
	// forecastDays is how far ahead there are forecasts.
	forecastDays = 16
	// visitsPerCall bounds a call for hours.
	visitsPerCall = 500
)

// look asks about all days that are not over. It fails where nothing at all could be asked.
func (s *Service) look(ctx context.Context, days []PlannedDay) (Look, error) {
	now := s.now()
	look := Look{At: now, Weather: map[Date]Weather{}, Hours: map[VisitDay]Hours{}}
	weatherErr := s.lookAtWeather(ctx, days, look)
	hoursErr := s.lookAtPlaces(ctx, days, look)
	look.Incomplete = weatherErr != nil || hoursErr != nil
	if err := errors.Join(weatherErr, hoursErr); err != nil {
		if len(look.Weather) == 0 && len(look.Hours) == 0 {
			return look, err
		}
		s.Log.WarnContext(ctx, "look after a trip", "error", err)
	}
	return look, nil
}

// lookAtWeather asks once for each run of days at one destination.
func (s *Service) lookAtWeather(ctx context.Context, days []PlannedDay, look Look) error {
	var failures []error
	for from := 0; from < len(days); {
		to := from + 1
		for to < len(days) && days[to].Destination == days[from].Destination {
			to++
		}
		failures = append(failures, s.lookAtStay(ctx, days[from:to], look))
		from = to
	}
	return errors.Join(failures...)
}

func (s *Service) lookAtStay(ctx context.Context, days []PlannedDay, look Look) error {
	var at *Point
	for len(days) > 0 && days[0].isOver(look.At) {
		days = days[1:]
	}
	for _, d := range days {
		if at == nil {
			at = d.At
		}
	}
	if at == nil {
		return nil
	}
	first := days[0].Date
	horizon := DateOf(look.At, days[0].Zone).AddDays(forecastDays)
	if !first.Before(horizon) {
		return nil
	}
	count := min(days[len(days)-1].Date.DaysSince(first)+1, horizon.DaysSince(first))
	known, err := s.Outlook.Weather(ctx, *at, first, count)
	if err != nil {
		return err
	}
	for _, d := range days {
		if w, ok := known[d.Date]; ok {
			look.Weather[d.Date] = w
		}
	}
	return nil
}

func (s *Service) lookAtPlaces(ctx context.Context, days []PlannedDay, look Look) error {
	var visits []VisitDay
	for _, d := range days {
		if d.isOver(look.At) {
			continue
		}
		for _, stop := range d.Stops {
			if stop.Place != "" {
				visits = append(visits, VisitDay{stop.Place, d.Date})
			}
		}
	}
	for len(visits) > 0 {
		batch := visits[:min(len(visits), visitsPerCall)]
		visits = visits[len(batch):]
		hours, err := s.Outlook.Hours(ctx, batch)
		if err != nil {
			return err
		}
		for i, h := range hours {
			look.Hours[batch[i]] = h
		}
	}
	return nil
}

// isOver tells whether the day has ended where it is.
func (d PlannedDay) isOver(now time.Time) bool { return d.Date.Before(DateOf(now, d.Zone)) }

// ahead are the stops of the day that have not ended.
func (d PlannedDay) ahead(now time.Time) []PlannedStop {
	if DateOf(now, d.Zone) != d.Date {
		return d.Stops
	}
	local := now.In(d.Zone)
	minute := local.Hour()*60 + local.Minute()
	var stops []PlannedStop
	for _, s := range d.Stops {
		if s.Leave > minute {
			stops = append(stops, s)
		}
	}
	return stops
}

// settles tells whether the look was good enough to say that a cause which it did not find is none any more.
func (l Look) settles(c Cause, days []PlannedDay) bool {
	planned := false
	for _, d := range days {
		if d.Date != c.Date || d.isOver(l.At) {
			continue
		}
		planned = c.Place == ""
		for _, s := range d.Stops {
			planned = planned || s.Place == c.Place
		}
	}
	if !planned { // the day is over or gone, or the place is not visited then any more
		return true
	}
	if c.Place != "" {
		_, ok := l.Hours[VisitDay{c.Place, c.Date}]
		return ok
	}
	w, ok := l.Weather[c.Date]
	switch {
	case c.What == FoundBadAir:
		return ok && w.PM25 >= 0
	default:
		return ok && !w.Normals
	}
}
