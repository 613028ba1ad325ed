package rpc

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/contract"
	"github.com/tripgen/tripgen/services/ai/planning"
)

// StartGeneration accepts a generation as one durable step.
func (h *Handlers) StartGeneration(ctx context.Context, req *aiv1.StartGenerationRequest) (*aiv1.StartGenerationResponse, error) {
	request, err := h.requestOf(req)
	if err != nil {
		return nil, err
	}
	g, err := h.Intake.Start(ctx, request)
	if err != nil {
		return nil, err
	}
	if g.State == ai.Queued {
		h.tellQueued(ctx, g, 0, 0, 0)
	}
	m := contract.Generation(g)
	return &aiv1.StartGenerationResponse{Generation: m}, nil
}

func (h *Handlers) requestOf(req *aiv1.StartGenerationRequest) (ai.Request, error) {
	days := planning.Days(req.GetProfile())
	if days > planning.MaxDays {
		return ai.Request{}, planning.ErrTooLong
	}
	if req.GetDay() > 0 {
		days = 1
	}
	body, err := proto.Marshal(req)
	if err != nil {
		return ai.Request{}, fmt.Errorf("marshal request: %w", err)
	}
	// The same wish repeated a moment later is the same wish.
	asked := proto.CloneOf(req)
	asked.RequestTime = nil
	canonical, err := proto.MarshalOptions{Deterministic: true}.Marshal(asked)
	if err != nil {
		return ai.Request{}, fmt.Errorf("marshal request: %w", err)
	}
	requestTime := req.GetRequestTime().AsTime()
	if now := h.Clock.Now(); requestTime.After(now) {
		requestTime = now // clocks differ; nobody jumps the queue by that
	}
	return ai.Request{
		ID: req.GetGenerationId(), TripID: req.GetTripId(), Owner: req.GetOwner(), ClientID: req.GetClientId(), Day: int(req.GetDay()),
		Size:        ai.Size{Days: days, Members: len(req.GetProfile().GetMembers()), Destinations: len(req.GetProfile().GetDestinations())},
		RequestTime: requestTime, Fingerprint: h.Seal.BlindIndex("ai/request", string(canonical)), Body: body,
	}, nil
}

// GetGenerationResult gives what a generation made, or how one ended that made nothing.
func (h *Handlers) GetGenerationResult(ctx context.Context, req *aiv1.GetGenerationResultRequest) (*aiv1.GetGenerationResultResponse, error) {
	// In this order, or a result made between the two would come with a generation from before it.
	itinerary, improvements, missing := h.result(ctx, req.GetGenerationId())
	if missing != nil && !errors.Is(missing, ai.ErrNoResult) {
		return nil, missing
	}
	g, err := h.Reader.Get(ctx, req.GetGenerationId())
	if err != nil {
		return nil, err
	}
	if missing != nil && !g.State.Final() {
		return nil, missing
	}
	return &aiv1.GetGenerationResultResponse{Generation: contract.Generation(g), Itinerary: itinerary, Improvements: improvements}, nil
}

// ConfirmStored ends a generation as ready.
func (h *Handlers) ConfirmStored(ctx context.Context, req *aiv1.ConfirmStoredRequest) (*aiv1.ConfirmStoredResponse, error) {
	g, err := h.Ender.Confirm(ctx, req.GetGenerationId(), req.GetItineraryVersion())
	if err != nil {
		return nil, err
	}
	h.tellEnd(ctx, g)
	return &aiv1.ConfirmStoredResponse{Generation: contract.Generation(g)}, nil
}
