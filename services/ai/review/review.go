// Package review looks at itineraries that a person changed, or brought from elsewhere, with the planner and the rules.
package review

import (
	"context"
	"log/slog"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai/pipeline"
	"github.com/tripgen/tripgen/services/ai/planner"
	"github.com/tripgen/tripgen/services/ai/planning"
)

// Reviewer changes and checks itineraries. It stores nothing.
type Reviewer struct {
	Locations pipeline.Locations
	Clock     clock.Clock
	IDs       id.Source
	Log       *slog.Logger
}

// gatherTimeout bounds the fetching of places and weather.
const gatherTimeout = 3 * time.Second

func (r *Reviewer) gather(ctx context.Context, req planning.Request) (*planning.Facts, error) {
	ctx, cancel := context.WithTimeout(ctx, gatherTimeout)
	defer cancel()
	return pipeline.Gather(ctx, r.Locations, req, func(err error) {
		r.Log.WarnContext(ctx, "reviewed without the weather", "error", err)
	})
}

// Replan applies an edit; without one it only checks. It gives the itinerary and the numbers of the days that changed.
func (r *Reviewer) Replan(ctx context.Context, req *aiv1.ReplanRequest) (*typev1.Itinerary, []int32, error) {
	start := planning.DayStart(req.GetItinerary())
	if req.GetDayStart() != nil {
		start = int(req.GetDayStart().GetMinutes())
	}
	facts, err := r.gather(ctx, planning.Request{
		Profile: req.GetProfile(), Present: req.GetItinerary(), Wanted: planning.Wanted(req.GetEdit()), DayStart: start,
	})
	if err != nil {
		return nil, nil, err
	}
	return facts.Edit(req.GetItinerary(), req.GetEdit(), r.IDs, r.Clock.Now())
}

// A plan from elsewhere says when its stops are, not when its days start and end: days are as long as people's are.
const (
	usualStart = 9 * 60
	latestEnd  = 23 * 60
	onTheWay   = 60
)

// Check matches a plan to places, says what it breaks, and repairs it.
func (r *Reviewer) Check(ctx context.Context, req *aiv1.CheckItineraryRequest) (*aiv1.CheckItineraryResponse, error) {
	var wanted []string
	earliest := usualStart
	for _, day := range req.GetDays() {
		for _, stop := range day.GetStops() {
			wanted = append(wanted, stop.GetPlaceId())
			if stop.GetArrive() != nil {
				earliest = min(earliest, max(1, int(stop.GetArrive().GetMinutes())-onTheWay))
			}
		}
	}
	facts, err := r.gather(ctx, planning.Request{Profile: req.GetProfile(), Wanted: wanted, DayStart: earliest, DayEnd: latestEnd})
	if err != nil {
		return nil, err
	}
	return facts.Check(req.GetDays(), planner.Budget{}, r.IDs, r.Clock.Now())
}
