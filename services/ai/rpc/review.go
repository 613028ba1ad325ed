package rpc

import (
	"context"

	"github.com/tripgen/tripgen/internal/authn"
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

// GetRecommendation says why a place suits the group of one of the caller's trips.
func (h *Handlers) GetRecommendation(ctx context.Context, req *aiv1.GetRecommendationRequest) (*aiv1.GetRecommendationResponse, error) {
	caller, ok := authn.From(ctx)
	if !ok {
		return nil, authn.ErrUnauthenticated
	}
	r, err := h.Recommender.Recommend(ctx, caller.Subject, req.GetTripId(), req.GetPlaceId(), int(req.GetDay()))
	return &aiv1.GetRecommendationResponse{Recommendation: r}, err
}
