package trip

import (
	"context"
	"errors"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
)

// The steps of a generation's saga, in their order. Each may be repeated, also after the process died in its middle:
// what is done is done once. An error that Temporary holds for is to be tried again; any other means to call GiveBack.

// HandOver hands an accepted generation over to the AI service. A refusal comes back as the error.
func (s *Service) HandOver(ctx context.Context, id string) (Receipt, error) {
	g, err := s.Generations.Generation(ctx, id)
	if err != nil {
		return nil, err
	}
	if g.State != GenerationAccepted {
		return g.Receipt, nil
	}
	receipt, err := s.Intake.Start(ctx, g)
	if err != nil {
		return nil, err
	}
	g, err = s.Generations.Advance(ctx, id, func(a *Advance) error {
		if a.Generation.State != GenerationAccepted {
			return ErrUnchanged
		}
		a.Generation.State, a.Generation.Receipt = GenerationHandedOver, receipt
		return nil
	})
	return g.Receipt, err
}

// Collect fetches what the AI service made and stores it as the trip's newest version, which it gives. ErrNoResult
// while there is nothing, errEnded where the generation ended without an itinerary.
func (s *Service) Collect(ctx context.Context, id string) (int64, error) {
	g, err := s.Generations.Generation(ctx, id)
	if err != nil {
		return 0, err
	}
	if g.Version > 0 {
		return g.Version, nil
	}
	result, err := s.Intake.Result(ctx, id)
	if err != nil {
		return 0, err
	}
	if result.Ended != GenerationReady {
		return 0, &Ended{State: result.Ended, Reason: result.Reason}
	}
	g, err = s.Generations.Advance(ctx, id, func(a *Advance) error {
		if a.Generation.State.Final() || a.Generation.Version > 0 {
			return ErrUnchanged
		}
		a.Trip.Itinerary++
		a.Trip.Looked = s.now()
		a.Generation.State, a.Generation.Version = GenerationStored, a.Trip.Itinerary
		a.NewVersion = &Itinerary{
			Origin: g.Origin(), Generation: id, DayStart: a.Generation.Request.DayStart, Plan: result.Plan,
		}
		return nil
	})
	if err == nil && g.Version == 0 {
		return 0, &Ended{State: g.State, Reason: g.Reason}
	}
	return g.Version, err
}

// Ended is the error of a generation that ended without an itinerary.
type Ended struct {
	State  GenerationState
	Reason string
}

// Error is for the log.
func (e *Ended) Error() string { return "the generation ended as " + string(e.State) + ": " + e.Reason }

// Confirm tells the AI service which version was stored; with that the generation is ready for everybody.
func (s *Service) Confirm(ctx context.Context, id string, version int64) error {
	_, err := s.Intake.Confirm(ctx, id, version)
	return err
}

// Finish ends a generation as ready, frees the trip for the next one, and asks for the details of the places.
func (s *Service) Finish(ctx context.Context, id string) error {
	g, err := s.Generations.Generation(ctx, id)
	if err != nil {
		return err
	}
	it, err := s.Itineraries.Itinerary(ctx, g.Owner, g.TripID, g.Version)
	if err != nil && !errs.HasReason(err, errs.ReasonVersionGone) && !errs.HasReason(err, errs.ReasonNotFound) {
		return err // where newer versions pushed it out or the trip was deleted, there is nothing to ask for
	}
	_, err = s.Generations.Advance(ctx, id, func(a *Advance) error {
		if a.Generation.State.Final() {
			return ErrUnchanged
		}
		a.end(GenerationReady, "", s.now())
		a.Enrich = it.Plan.Outline.Places()
		return nil
	})
	return err
}

// GiveBack is the compensation: the generation ends as state for a reason, its regeneration is given back and the trip
// is free for the next one. The trip's itinerary is untouched. A refused request may be made again under the same key.
func (s *Service) GiveBack(ctx context.Context, id string, state GenerationState, reason string) error {
	_, err := s.Generations.Advance(ctx, id, func(a *Advance) error {
		if a.Generation.State.Final() || a.Generation.State == GenerationStored {
			return ErrUnchanged
		}
		a.ForgetKey = state == GenerationRefused
		a.end(state, reason, s.now())
		if day := a.Generation.CountedOn; !day.IsZero() {
			a.Trip.Regenerations.GiveBack(day)
		}
		// What it was to answer to may be there still, though its alert has ended.
		a.Trip.Looked = time.Time{}
		return nil
	})
	return err
}

func (a *Advance) end(state GenerationState, reason string, now time.Time) {
	a.Generation.State, a.Generation.Reason, a.Generation.Ended = state, reason, now
	a.Generation.Request = Request{}
	if a.Trip.Running == a.Generation.ID {
		a.Trip.Running = ""
	}
}

// ReasonOf is what to tell about a generation that cannot go on because of err.
func ReasonOf(err error) string {
	if e, ok := errs.Of(err); ok && e.Reason != "" {
		return e.Reason
	}
	return errs.ReasonInternal
}

// Temporary tells whether the step that gave err may work later: a part that it needs is away.
func Temporary(err error) bool {
	return temporary(err) || errors.Is(err, context.DeadlineExceeded)
}
