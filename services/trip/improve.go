package trip

import (
	"context"
	"maps"
	"slices"

	"github.com/tripgen/tripgen/internal/errs"
)

// Accept takes better days that the model finished after a generation was due, all that are offered or those named, as
// a new version; the one before is kept beside it. The generation has to be the one that the newest version comes from:
// else ErrStaleRevision with the present itinerary.
func (s *Service) Accept(ctx context.Context, c Caller, tripID, generationID string, days []int) (Itinerary, error) {
	return writeOnce(ctx, s, c, func() (Itinerary, error) {
		return s.accept(ctx, c, tripID, generationID, days)
	}, s.presentItinerary(ctx, c, tripID, 0))
}

func (s *Service) accept(ctx context.Context, c Caller, tripID, generationID string, days []int) (Itinerary, error) {
	t, err := s.Get(ctx, c, tripID)
	if err != nil {
		return Itinerary{}, err
	}
	present, err := s.Itineraries.Itinerary(ctx, c.Owner, tripID, 0)
	if err != nil {
		return Itinerary{}, err
	}
	plan, err := s.improved(ctx, &t, present, generationID, days)
	if err != nil {
		return Itinerary{}, err
	}
	return s.Itineraries.AddVersion(ctx, c.Owner, tripID, c.Once, func(t *Trip) (Itinerary, error) {
		if t.Running != "" {
			return Itinerary{}, ErrGenerationRunning.With("generation", t.Running)
		}
		if t.Itinerary != present.Version {
			return Itinerary{}, ErrStaleRevision.WithResource(present)
		}
		return Itinerary{Origin: FromImprovement, Generation: generationID, DayStart: present.DayStart, Plan: plan}, nil
	})
}

// improved puts better days into an itinerary and checks it anew.
func (s *Service) improved(ctx context.Context, t *Trip, present Itinerary, generationID string, days []int) (Plan, error) {
	if present.Generation != generationID {
		return Plan{}, ErrStaleRevision.WithResource(present)
	}
	result, err := s.Intake.Result(ctx, generationID)
	if err != nil {
		return Plan{}, err
	}
	if len(days) == 0 {
		days = slices.Collect(maps.Keys(result.Better))
	}
	better := make(map[int][]byte, len(days))
	for _, day := range days {
		if result.Better[day] == nil {
			return Plan{}, errNoImprovement
		}
		better[day] = result.Better[day]
	}
	if len(better) == 0 {
		return Plan{}, errNoImprovement
	}
	if present.Plan.Document, err = s.Documents.ReplaceDays(present.Plan.Document, better); err != nil {
		return Plan{}, err
	}
	plan, _, err := s.Planner.Replan(ctx, t.Profile(), present, nil)
	return plan, err
}

var errNoImprovement = errs.Invalid(errs.Field("days", "더 나은 일정이 없는 날입니다.", "No better version of that day is offered."))
