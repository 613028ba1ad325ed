package trip

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/id"
)

// EditKind is what an edit does to a stop.
type EditKind int

// The kinds, and the fields of Edit that each uses beside Stop.
const (
	MoveStop    EditKind = iota + 1 // Day, Position
	AddStop                         // Place, Day, Position (nil for the best), Stay (0 for the usual one)
	RemoveStop                      //
	ReplaceStop                     // Place
	LockStop                        // Locked, Arrive (nil for the present time)
	SetStay                         // Stay
)

// Edit is one edit of an itinerary.
type Edit struct {
	Kind EditKind
	// Stop is stop_…; for AddStop it is the new stop's, made here.
	Stop string
	// Place is <source>:<id>.
	Place string
	// Day counts from 1, Position among the day's movable stops from 0.
	Day      int
	Position *int
	// Stay is in minutes.
	Stay   int
	Locked bool
	// Arrive is in minutes of the day.
	Arrive *int
}

var errNoStop = errs.NotFound(errs.ReasonNotFound, "일정에 없는 장소입니다.", "The itinerary has no such stop.")

// EditItinerary applies an edit to a version that is still at the revision which it was made against: times, legs and
// rules of the touched days are computed anew, and what it breaks is told in the itinerary. ErrStaleRevision carries the
// present itinerary; ErrVersionGone, errNoStop.
func (s *Service) EditItinerary(ctx context.Context, c Caller, tripID string, version, revision int64, e Edit) (Itinerary, error) {
	return writeOnce(ctx, s, c, func() (Itinerary, error) {
		return s.editItinerary(ctx, c, tripID, version, revision, e)
	}, s.presentItinerary(ctx, c, tripID, version))
}

// presentItinerary reads a version that a write changed, or the newest where it is not kept any more.
func (s *Service) presentItinerary(ctx context.Context, c Caller, tripID string, version int64) func([]string) (Itinerary, error) {
	return func([]string) (Itinerary, error) {
		it, err := s.Itineraries.Itinerary(ctx, c.Owner, tripID, version)
		if version != 0 && errors.Is(err, ErrVersionGone) {
			it, err = s.Itineraries.Itinerary(ctx, c.Owner, tripID, 0)
		}
		return it, err
	}
}

func (s *Service) editItinerary(ctx context.Context, c Caller, tripID string, version, revision int64, e Edit) (Itinerary, error) {
	t, before, err := s.edited(ctx, c, tripID, version)
	if err != nil {
		return Itinerary{}, err
	}
	if before.Revision != revision {
		return Itinerary{}, ErrStaleRevision.WithResource(before)
	}
	if err := s.checkEdit(before.Plan.Outline, &e); err != nil {
		return Itinerary{}, err
	}
	after, days, err := s.Planner.Replan(ctx, t.Profile(), before, &e)
	if err != nil {
		return Itinerary{}, err
	}
	return s.Itineraries.Edit(ctx, c.Owner, tripID, version, c.Once, func(it *Itinerary) ([]int, error) {
		if it.Revision != revision {
			return nil, ErrStaleRevision.WithResource(*it)
		}
		it.Plan = after
		return days, nil
	})
}

// edited reads a trip and one of its itineraries, at the same time.
func (s *Service) edited(ctx context.Context, c Caller, tripID string, version int64) (t Trip, it Itinerary, err error) {
	reading, ctx := errgroup.WithContext(ctx)
	reading.Go(func() (err error) {
		t, err = s.Get(ctx, c, tripID)
		return err
	})
	reading.Go(func() (err error) {
		it, err = s.Itineraries.Itinerary(ctx, c.Owner, tripID, version)
		return err
	})
	return t, it, reading.Wait()
}

func (s *Service) checkEdit(o Outline, e *Edit) error {
	switch e.Kind {
	case AddStop:
		e.Stop = s.IDs.New(id.Stop)
	default:
		if _, _, ok := o.Find(e.Stop); !ok {
			return errNoStop
		}
	}
	switch e.Kind {
	case MoveStop:
		if !o.HasDay(e.Day) {
			return noDay("to_day")
		}
	case AddStop:
		if !o.HasDay(e.Day) {
			return noDay("day")
		}
	}
	if e.Arrive != nil && (*e.Arrive < 0 || *e.Arrive >= minutesOfDay) {
		return errs.Invalid(errs.Field("arrive", "하루 안의 시각이어야 합니다.", "The time has to be within a day."))
	}
	return nil
}

// Versions lists the versions that are kept, newest first.
func (s *Service) Versions(ctx context.Context, c Caller, tripID string) ([]VersionInfo, error) {
	return s.Itineraries.Versions(ctx, c.Owner, tripID)
}

// Restore makes an older version the newest again, as a new version: ErrVersionGone.
func (s *Service) Restore(ctx context.Context, c Caller, tripID string, version int64) (Itinerary, error) {
	return writeOnce(ctx, s, c, func() (Itinerary, error) {
		old, err := s.Itineraries.Itinerary(ctx, c.Owner, tripID, version)
		if err != nil {
			return Itinerary{}, err
		}
		return s.Itineraries.AddVersion(ctx, c.Owner, tripID, c.Once, func(t *Trip) (Itinerary, error) {
			if t.Running != "" {
				return Itinerary{}, ErrGenerationRunning.With("generation", t.Running)
			}
			t.Looked = time.Time{} // nobody looked for what changed since that version was made
			return Itinerary{Origin: FromRestore, Generation: old.Generation, DayStart: old.DayStart, Plan: old.Plan}, nil
		})
	}, s.presentItinerary(ctx, c, tripID, 0))
}

// Compare gives two versions with what differs between them, by day and time.
func (s *Service) Compare(ctx context.Context, c Caller, tripID string, from, to int64) (a, b Itinerary, changes []StopChange, err error) {
	if a, err = s.Itineraries.Itinerary(ctx, c.Owner, tripID, from); err != nil {
		return
	}
	if b, err = s.Itineraries.Itinerary(ctx, c.Owner, tripID, to); err != nil {
		return
	}
	return a, b, Diff(a.Plan.Outline, b.Plan.Outline), nil
}
