// Package rpc answers the AI service's calls: convert, call, convert.
package rpc

import (
	"context"
	"log/slog"

	"connectrpc.com/connect"

	"github.com/tripgen/tripgen/internal/authn"
	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/page"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/internal/seal"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1/aiv1connect"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/progress"
	"github.com/tripgen/tripgen/services/ai/recommend"
	"github.com/tripgen/tripgen/services/ai/review"
)

// Deps is what the handlers are made from.
type Deps struct {
	Intake *ai.Intake
	Queue  *ai.Queue
	Reader ai.Reader
	Ender  ai.Ender
	// Reviewer changes and checks itineraries.
	Reviewer *review.Reviewer
	// Recommender says why places suit groups.
	Recommender *recommend.Recommender
	Log         *progress.Log
	Hub         *progress.Hub
	Pages       *page.Tokens
	Seal        *seal.Sealer
	Clock       clock.Clock
	Logger      *slog.Logger
}

// Handlers answer the AI service's public and internal RPCs.
type Handlers struct {
	Deps
	// opening has a place for each watch that is being opened.
	opening chan struct{}
}

// New makes the handlers.
func New(d Deps) *Handlers {
	return &Handlers{Deps: d, opening: make(chan struct{}, openingAtOnce)}
}

// Mount puts the services on a server.
func (h *Handlers) Mount(s *rpc.Server, options ...connect.HandlerOption) {
	s.Handle(aiv1connect.NewGenerationServiceHandler(h, options...))
	s.Handle(aiv1connect.NewGenerationIntakeServiceHandler(h, options...))
	s.Handle(aiv1connect.NewPlannerServiceHandler(h, options...))
	s.Handle(aiv1connect.NewItineraryCheckServiceHandler(h, options...))
	s.Handle(aiv1connect.NewRecommendationServiceHandler(h, options...))
}

// owned gives a generation of the caller; somebody else's does not exist.
func (h *Handlers) owned(ctx context.Context, generationID string) (ai.Generation, error) {
	caller, ok := authn.From(ctx)
	if !ok {
		return ai.Generation{}, authn.ErrUnauthenticated
	}
	g, err := h.Reader.Get(ctx, generationID)
	if err != nil {
		return g, err
	}
	if g.Owner != caller.Subject {
		return ai.Generation{}, ai.ErrNoGeneration
	}
	return g, nil
}
