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
	// Stop is the stop to replace, for ReplacePlace; empty for all that the alert hits and another place is known for.
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
	return writeOnce(ctx, s, c, func() (Resolved, error) {
		return s.resolveAlert(ctx, c, tripID, alertID, r)
	}, func([]string) (Resolved, error) {
		a, err := s.Alerts.Alert(ctx, c.Owner, tripID, alertID)
		if err != nil {
			return Resolved{}, err
		}
		return s.resolvedBefore(ctx, c, tripID, a, r)
	})
}

func (s *Service) resolveAlert(ctx context.Context, c Caller, tripID, alertID string, r Resolution) (Resolved, error) {
	a, err := s.Alerts.Alert(ctx, c.Owner, tripID, alertID)
	if err != nil {
		return Resolved{}, err
	}
	if !a.IsOpen() {
		if a.Resolution != r.Action {
			return Resolved{}, ErrAlertEnded
		}
		return s.resolvedBefore(ctx, c, tripID, a, r)
	}
	out := Resolved{}
	acted := a.Stops
	switch r.Action {
	case RegenerateDay:
		if out.Generation, err = s.regenerateFor(ctx, c, tripID, a); err == nil {
			a.Generation = out.Generation.ID
		}
	case ReplacePlace:
		acted, out.Itinerary, err = s.replaceFor(ctx, c, tripID, a, r)
	case Keep:
	default:
		err = errs.Invalid(errs.Field("action", "그런 처리는 없습니다.", "There is no such action."))
	}
	if err != nil {
		return Resolved{}, err
	}
	if out.Alert, err = s.resolve(ctx, c, tripID, a, r, acted); err != nil || !out.Alert.IsOpen() {
		return out, err
	}
	if err := s.Alerts.LookNow(ctx, tripID, s.now()); err != nil { // what is left of it is told anew
		s.Log.WarnContext(ctx, "look after a trip of which an alert stays open", "error", err)
	}
	return out, nil
}

// resolve ends an alert, unless some of the stops that it hits are still to be acted on.
func (s *Service) resolve(ctx context.Context, c Caller, tripID string, a Alert, r Resolution, acted []string) (Alert, error) {
	err := s.Alerts.UpdateAlerts(ctx, c.Owner, tripID, c.Once, func(_ *Trip, known []Alert) ([]Alert, error) {
		i := slices.IndexFunc(known, func(k Alert) bool { return k.ID == a.ID })
		if i < 0 || !known[i].IsOpen() {
			return nil, ErrAlertEnded
		}
		generation := a.Generation
		a = known[i]
		left := slices.DeleteFunc(slices.Clone(a.Stops), func(id string) bool { return slices.Contains(acted, id) })
		if r.Action == ReplacePlace && len(left) > 0 {
			a.Stops = left
		} else {
			a.Generation, a.Resolution, a.Ended = generation, r.Action, s.now()
		}
		return []Alert{a}, nil
	})
	return a, err
}

// resolvedBefore gives what was done. An alert of several stops may be open still.
func (s *Service) resolvedBefore(ctx context.Context, c Caller, tripID string, a Alert, r Resolution) (Resolved, error) {
	out := Resolved{Alert: a}
	switch r.Action {
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

// replaceFor puts other places where the alert hits, and gives the stops that this was done for. All places are chosen
// before the first is put in.
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
	edits, without, err := s.replacements(ctx, c, it, a, wanted, r.Place)
	switch {
	case err != nil:
		return nil, nil, err
	case len(edits) == 0 && len(without) > 0:
		return nil, nil, ErrNoAlternative.With("stop", without[0])
	}
	for _, e := range edits {
		it, err = s.EditItinerary(ctx, c.within(e.Stop), tripID, it.Version, it.Revision, e)
		if err != nil {
			return nil, nil, err
		}
	}
	acted := slices.DeleteFunc(slices.Clone(wanted), func(id string) bool { return slices.Contains(without, id) })
	return acted, &it, nil
}

// replacements chooses a place for each of the stops that the alert still hits; without are those that none is known for.
func (s *Service) replacements(
	ctx context.Context, c Caller, it Itinerary, a Alert, wanted []string, place string,
) (edits []Edit, without []string, err error) {
	days, err := s.Documents.Planned(it.Plan.Document)
	if err != nil {
		return nil, nil, err
	}
	taken := it.Plan.Outline.Places()
	for _, d := range days {
		for _, stop := range d.Stops {
			if !slices.Contains(wanted, stop.ID) || !a.hits(stop) {
				continue
			}
			chosen := place
			if chosen == "" {
				if chosen, err = s.alternative(ctx, c, it, a, stop, taken); err != nil {
					return nil, nil, err
				}
			}
			if chosen == "" {
				without = append(without, stop.ID)
				continue
			}
			taken = append(taken, chosen)
			edits = append(edits, Edit{Kind: ReplaceStop, Stop: stop.ID, Place: chosen})
		}
	}
	return edits, without, nil
}

// alternative is the best place to stand where a stop is that is not in the itinerary yet: of those that it was planned
// with, else of those that the planner offers now, since they may be taken or unknown to an older plan. Empty if there is
// none.
func (s *Service) alternative(ctx context.Context, c Caller, it Itinerary, a Alert, stop PlannedStop, taken []string) (string, error) {
	if chosen := a.alternative(stop, taken); chosen != "" {
		return chosen, nil
	}
	t, err := s.Get(ctx, c, it.TripID)
	if err != nil {
		return "", err
	}
	// An edit that changes no place has the stop's day told anew; the outcome is not stored.
	plan, _, err := s.Planner.Replan(ctx, t.Profile(), it, &Edit{Kind: LockStop, Stop: stop.ID, Locked: true})
	if err != nil {
		return "", err
	}
	days, err := s.Documents.Planned(plan.Document)
	if err != nil {
		return "", err
	}
	for _, d := range days {
		if i := slices.IndexFunc(d.Stops, func(other PlannedStop) bool { return other.ID == stop.ID }); i >= 0 {
			return a.alternative(d.Stops[i], taken), nil
		}
	}
	return "", nil
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
