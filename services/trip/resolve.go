package trip

import (
	"context"
	"slices"

	"github.com/tripgen/tripgen/internal/errs"
)

// Resolution is what somebody chooses to do about an alert.
type Resolution struct {
	Action AlertAction
	// Place is the new place, for ReplacePlace; empty for the best alternative.
	Place string
	// Stop is the stop to replace, for ReplacePlace; empty for all that the alert hits.
	Stop string
}

// Resolved is what came of it.
type Resolved struct {
	Alert Alert
	// Itinerary is the changed one; nil if none was changed.
	Itinerary *Itinerary
	// Generation is the one that was started; nil if none was.
	Generation *Generation
}

// Resolve acts on an alert. Doing again what was done gives the same again. Errors: ErrNoAlert, ErrAlertEnded,
// ErrNoAlternative, and those of Generate or EditItinerary; with an error the alert stays open.
func (s *Service) Resolve(ctx context.Context, c Caller, tripID, alertID string, r Resolution) (Resolved, error) {
	a, err := s.Alerts.Alert(ctx, c.Owner, tripID, alertID)
	if err != nil {
		return Resolved{}, err
	}
	if !a.IsOpen() {
		return s.resolvedBefore(ctx, c, tripID, a, r)
	}
	out := Resolved{}
	done := a
	switch r.Action {
	case RegenerateDay:
		if out.Generation, err = s.regenerateFor(ctx, c, tripID, a); err == nil {
			done.Generation = out.Generation.ID
		}
	case ReplacePlace:
		done.Stops, out.Itinerary, err = s.replaceFor(ctx, c, tripID, a, r)
	case Keep:
	default:
		err = errs.Invalid(errs.Field("action", "그런 처리는 없습니다.", "There is no such action."))
	}
	if err != nil {
		return Resolved{}, err
	}
	out.Alert, err = s.resolve(ctx, c, tripID, done, r)
	return out, err
}

// resolve ends an alert, unless some of the stops that it hits are still to be acted on.
func (s *Service) resolve(ctx context.Context, c Caller, tripID string, done Alert, r Resolution) (Alert, error) {
	err := s.Alerts.UpdateAlerts(ctx, c.Owner, tripID, func(_ *Trip, known []Alert) ([]Alert, error) {
		i := slices.IndexFunc(known, func(a Alert) bool { return a.ID == done.ID })
		if i < 0 || !known[i].IsOpen() {
			return nil, ErrAlertEnded
		}
		if r.Action != ReplacePlace || len(done.Stops) == 0 {
			done.Stops, done.Resolution, done.Ended = known[i].Stops, r.Action, s.now()
		}
		return []Alert{done}, nil
	})
	return done, err
}

// resolvedBefore gives what was done, if it was this.
func (s *Service) resolvedBefore(ctx context.Context, c Caller, tripID string, a Alert, r Resolution) (Resolved, error) {
	if a.Resolution != r.Action {
		return Resolved{}, ErrAlertEnded
	}
	out := Resolved{Alert: a}
	switch a.Resolution {
	case RegenerateDay:
		g, err := s.Generations.Generation(ctx, a.Generation)
		if err != nil {
			return Resolved{}, err
		}
		out.Generation = &g
	case ReplacePlace:
		it, err := s.Itineraries.Itinerary(ctx, c.Owner, tripID, 0)
		if err != nil {
			return Resolved{}, err
		}
		out.Itinerary = &it
	}
	return out, nil
}

// within gives the caller of a write that is part of another one.
func (c Caller) within(part string) Caller {
	if c.Once.Key != "" {
		c.Once.Key += " " + part
	}
	return c
}

// regenerateFor plans the alert's day anew, with the same start of the day.
func (s *Service) regenerateFor(ctx context.Context, c Caller, tripID string, a Alert) (*Generation, error) {
	t, err := s.Get(ctx, c, tripID)
	if err != nil {
		return nil, err
	}
	it, err := s.Itineraries.Itinerary(ctx, c.Owner, tripID, 0)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(it.Plan.Outline, func(d OutlineDay) bool { return d.Date == a.Cause.Date })
	if i < 0 {
		return nil, ErrAlertEnded // the trip was moved to other days
	}
	g, err := s.Generate(ctx, c.within("generate"), tripID, Wish{
		Revision: t.Revision, Day: it.Plan.Outline[i].Number, DayStart: &it.DayStart,
	})
	return &g, err
}

// replaceFor puts other places where the alert hits, and gives the stops that are left. All places are chosen before the
// first is put in.
func (s *Service) replaceFor(ctx context.Context, c Caller, tripID string, a Alert, r Resolution) ([]string, *Itinerary, error) {
	it, err := s.Itineraries.Itinerary(ctx, c.Owner, tripID, 0)
	if err != nil {
		return nil, nil, err
	}
	wanted := a.Stops
	if r.Stop != "" {
		if !slices.Contains(a.Stops, r.Stop) {
			return nil, nil, errs.Invalid(errs.Field("stop_id", "알림과 관계없는 장소입니다.", "The alert does not hit this stop."))
		}
		wanted = []string{r.Stop}
	}
	if r.Place != "" && len(wanted) > 1 {
		return nil, nil, errs.Invalid(errs.Field("stop_id", "어느 장소를 바꿀지 골라 주세요.", "Say which of the stops to replace."))
	}
	edits, err := s.replacements(it, a, wanted, r.Place)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range edits {
		it, err = s.EditItinerary(ctx, c.within(e.Stop), tripID, it.Version, it.Revision, e)
		if err != nil {
			return nil, nil, err
		}
	}
	left := slices.DeleteFunc(slices.Clone(a.Stops), func(id string) bool { return slices.Contains(wanted, id) })
	return left, &it, nil
}

// replacements chooses a place for each of the stops that the alert still hits.
func (s *Service) replacements(it Itinerary, a Alert, wanted []string, place string) ([]Edit, error) {
	days, err := s.Documents.Planned(it.Plan.Document)
	if err != nil {
		return nil, err
	}
	taken := it.Plan.Outline.Places()
	var edits []Edit
	for _, d := range days {
		for _, stop := range d.Stops {
			if !slices.Contains(wanted, stop.ID) || !a.hits(stop) {
				continue
			}
			chosen := place
			if chosen == "" {
				if chosen = a.alternative(stop, taken); chosen == "" {
					return nil, ErrNoAlternative.With("stop", stop.ID)
				}
			}
			taken = append(taken, chosen)
			edits = append(edits, Edit{Kind: ReplaceStop, Stop: stop.ID, Place: chosen})
		}
	}
	return edits, nil
}

// hits tells whether the alert still holds for a stop.
func (a Alert) hits(s PlannedStop) bool {
	if a.Kind == AlertPlaceClosed {
		return s.Place == a.Cause.Place
	}
	return s.Outdoor
}

// alternative is the best place to stand there that is not in the itinerary yet; empty if none is known.
func (a Alert) alternative(s PlannedStop, taken []string) string {
	offered := s.ForRain
	if a.Kind == AlertPlaceClosed {
		offered = slices.Concat(s.ForClosed, s.ForRain)
	}
	for _, place := range offered {
		if !slices.Contains(taken, place) {
			return place
		}
	}
	return ""
}
