package peers

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/errs"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1/aiv1connect"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip"
)

// AI implements trip.Intake and trip.Planner by the AI service.
type AI struct {
	Intake  aiv1connect.GenerationIntakeServiceClient
	Planner aiv1connect.PlannerServiceClient
}

const (
	intakeTimeout = 5 * time.Second
	replanTimeout = 5 * time.Second
)

// Start hands a generation over.
func (a AI) Start(ctx context.Context, g trip.Generation) (trip.Receipt, error) {
	r := g.Request
	m := &aiv1.StartGenerationRequest{
		GenerationId: g.ID, TripId: g.TripID, Owner: g.Owner, ClientId: g.ClientID, Profile: profileMessage(r.Profile),
		Day: int32(r.Day), DayStart: timeMessage(&r.DayStart), SpecialRequest: r.Special, KeepStopIds: r.Keep,
		Language: string(r.Language), RequestTime: timestamppb.New(r.Asked),
	}
	if r.MaxChanges != nil {
		m.MaxChanges = proto.Int32(int32(*r.MaxChanges))
	}
	if len(r.Present) > 0 {
		m.Present = new(typev1.Itinerary)
		if err := proto.Unmarshal(r.Present, m.Present); err != nil {
			return nil, fmt.Errorf("read the present itinerary: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, intakeTimeout)
	defer cancel()
	res, err := a.Intake.StartGeneration(ctx, m)
	if err != nil {
		return nil, err
	}
	return receipt(res.GetGeneration())
}

// Result gives what a generation made.
func (a AI) Result(ctx context.Context, generationID string) (trip.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, intakeTimeout)
	defer cancel()
	res, err := a.Intake.GetGenerationResult(ctx, &aiv1.GetGenerationResultRequest{GenerationId: generationID})
	if errs.HasReason(err, errs.ReasonNotFound) {
		return trip.Result{}, fmt.Errorf("%w: %w", trip.ErrNoResult, err)
	}
	if err != nil {
		return trip.Result{}, err
	}
	switch g := res.GetGeneration(); g.GetState() {
	case aiv1.GenerationState_GENERATION_STATE_FAILED:
		return trip.Result{Ended: trip.GenerationFailed, Reason: g.GetFailure().GetReason()}, nil
	case aiv1.GenerationState_GENERATION_STATE_CANCELLED:
		return trip.Result{Ended: trip.GenerationCancelled}, nil
	}
	if len(res.GetItinerary().GetDays()) == 0 {
		return trip.Result{}, trip.ErrNoResult
	}
	plan, err := planOf(res.GetItinerary())
	if err != nil {
		return trip.Result{}, err
	}
	result := trip.Result{Ended: trip.GenerationReady, Plan: plan, Better: map[int][]byte{}}
	for _, day := range res.GetImprovements() {
		if result.Better[int(day.GetNumber())], err = proto.Marshal(day); err != nil {
			return trip.Result{}, err
		}
	}
	return result, nil
}

// Confirm tells that a result was stored.
func (a AI) Confirm(ctx context.Context, generationID string, version int64) (trip.Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, intakeTimeout)
	defer cancel()
	res, err := a.Intake.ConfirmStored(ctx, &aiv1.ConfirmStoredRequest{
		GenerationId: generationID, ItineraryVersion: version,
	})
	if err != nil {
		return nil, err
	}
	return receipt(res.GetGeneration())
}

// Replan applies an edit.
func (a AI) Replan(ctx context.Context, p trip.Profile, it trip.Itinerary, e *trip.Edit) (trip.Plan, []int, error) {
	m := &aiv1.ReplanRequest{
		Profile: profileMessage(p), Itinerary: new(typev1.Itinerary), Edit: editMessage(e), DayStart: timeMessage(&it.DayStart),
	}
	if err := proto.Unmarshal(it.Plan.Document, m.Itinerary); err != nil {
		return trip.Plan{}, nil, fmt.Errorf("read the itinerary: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, replanTimeout)
	defer cancel()
	res, err := a.Planner.Replan(ctx, m)
	if err != nil {
		return trip.Plan{}, nil, err
	}
	days := make([]int, len(res.GetDaysChanged()))
	for i, day := range res.GetDaysChanged() {
		days[i] = int(day)
	}
	plan, err := planOf(res.GetItinerary())
	return plan, days, err
}

func receipt(g *aiv1.Generation) (trip.Receipt, error) { return proto.Marshal(g) }
