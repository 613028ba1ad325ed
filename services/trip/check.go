package trip

import (
	"context"
	"slices"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
)

// Checked is what came of a look after a trip.
type Checked struct {
	// Open are all open alerts, oldest first.
	Open []Alert
	// At is when the look was taken, in UTC.
	At time.Time
	// Raised counts the alerts that are new.
	Raised int
	// Incomplete tells that something could not be asked; alerts about it stay as they were.
	Incomplete bool
}

// Check looks for what changed in the world since the trip's newest itinerary was planned: what is found becomes an
// alert, once; alerts whose cause went away end. While a generation runs nothing is raised, since it plans with what it
// finds itself. Errors: ErrNoTrip, ErrNoItinerary, and of kind unavailable where nothing at all can be asked.
func (s *Service) Check(ctx context.Context, owner, tripID string) (Checked, error) {
	it, err := s.Itineraries.Itinerary(ctx, owner, tripID, 0)
	if err != nil {
		return Checked{}, err
	}
	days, err := s.Documents.Planned(it.Plan.Document)
	if err != nil {
		return Checked{}, err
	}
	look, err := s.look(ctx, days)
	if err != nil {
		return Checked{}, errs.Unavailable(err)
	}
	checked := Checked{At: look.At, Incomplete: look.Incomplete}
	err = s.Alerts.UpdateAlerts(ctx, owner, tripID, Once{}, func(t *Trip, known []Alert) ([]Alert, error) {
		if t.Running != "" || t.Itinerary != it.Version {
			return nil, ErrUnchanged // the new version is looked after by itself
		}
		t.Looked = look.At
		changed := s.merge(known, look, days)
		for _, a := range changed {
			if a.Created.Equal(look.At) && a.IsOpen() {
				checked.Raised++
			}
		}
		return changed, nil
	})
	if err != nil {
		return Checked{}, err
	}
	checked.Open, _, err = s.Alerts.OpenAlerts(ctx, owner, tripID)
	return checked, err
}

// merge gives what has to be stored: new alerts, open ones that look otherwise now, and those that have ended.
func (s *Service) merge(known []Alert, look Look, days []PlannedDay) []Alert {
	var changed []Alert
	matched := map[string]bool{}
	for _, found := range look.Findings(days) {
		i := slices.IndexFunc(known, func(a Alert) bool { return a.Cause == found.Cause })
		switch {
		case i < 0:
			found.ID, found.Created = s.IDs.New(prefixAlert), look.At
			changed = append(changed, found)
		case known[i].IsOpen():
			matched[known[i].ID] = true
			if a, differs := known[i].refreshed(found); differs {
				changed = append(changed, a)
			}
		}
	}
	for _, a := range known {
		if a.IsOpen() && !matched[a.ID] && look.settles(a.Cause, days) {
			a.Ended = look.At
			changed = append(changed, a)
		}
	}
	return changed
}

// Itinerary reads a version, 0 for the newest, with the trip's open alerts. The first time on a day that somebody views
// it, the trip is looked after in the background.
func (s *Service) Itinerary(ctx context.Context, c Caller, tripID string, version int64) (Itinerary, []Alert, error) {
	it, err := s.Itineraries.Itinerary(ctx, c.Owner, tripID, version)
	if err != nil {
		return Itinerary{}, nil, err
	}
	alerts, stale, err := s.Alerts.OpenAlerts(ctx, c.Owner, tripID)
	if err != nil {
		return Itinerary{}, nil, err
	}
	if now := s.now(); !stale.IsZero() && !now.Before(stale) {
		if err := s.Alerts.LookNow(ctx, tripID, now); err != nil {
			s.Log.WarnContext(ctx, "look after a trip that is viewed", "error", err)
		}
	}
	return it, alerts, nil
}

const (
	// lookAhead is how many days before its start a trip is looked after daily.
	lookAhead = 7
	// lookAt is when, in minutes of the day where the group is, or is to start.
	lookAt = 7 * 60
)

// NextLook is when the trip is to be looked after: at 7:00 on each day from a week before its start to the day after
// its end, where the group is. It lies in the past if that was missed; false if there is nothing to look after.
func (t *Trip) NextLook() (time.Time, bool) {
	if t.Itinerary == 0 || t.IsDeleted() || t.End().IsZero() {
		return time.Time{}, false
	}
	date := t.Start.AddDays(-lookAhead)
	if !t.Looked.IsZero() {
		// Two days cover all zones.
		if before := DateOf(t.Looked, time.UTC).AddDays(-2); date.Before(before) {
			date = before
		}
	}
	stays := t.Schedule()
	for last := t.End().AddDays(1); !last.Before(date); date = date.AddDays(1) {
		stay := 0
		for i := range stays {
			if !date.Before(stays[i].Start) {
				stay = i
			}
		}
		at := time.Date(date.Year, date.Month, date.Day, 0, lookAt, 0, 0, t.Zone(stay))
		if at.After(t.Looked) {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// StaleFrom is from when on a view of the trip's itinerary calls for a new look: the day after the last one, in the
// first destination's zone. Zero if never.
func (t *Trip) StaleFrom(now time.Time) time.Time {
	if t.Itinerary == 0 || t.IsDeleted() || t.End().IsZero() || t.Status(now) == Past {
		return time.Time{}
	}
	zone := t.Zone(0)
	return DateOf(t.Looked, zone).AddDays(1).Begin(zone).UTC()
}
