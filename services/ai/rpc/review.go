package rpc

import (
	"context"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
)

// Replan applies an edit to an itinerary.
func (h *Handlers) Replan(ctx context.Context, req *aiv1.ReplanRequest) (*aiv1.ReplanResponse, error) {
	it, changed, err := h.Reviewer.Replan(ctx, req)
	if err != nil {
		return nil, err
	}
	return &aiv1.ReplanResponse{Itinerary: it, DaysChanged: changed}, nil
}

// CheckItinerary checks a plan from anywhere.
func (h *Handlers) CheckItinerary(ctx context.Context, req *aiv1.CheckItineraryRequest) (*aiv1.CheckItineraryResponse, error) {
	return h.Reviewer.Check(ctx, req)
}
