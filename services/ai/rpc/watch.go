package rpc

import (
	"context"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/rpc"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/services/ai/progress"
)

// openingAtOnce bounds the watches that are being opened, a few for each connection to the database: more would only
// hold memory while they wait.
const openingAtOnce = 16

// WatchGeneration streams a generation's events after a sequence number, until it ends. Very many wait here at once:
// what needs a lot of the stack is done aside.
func (h *Handlers) WatchGeneration(ctx context.Context, req *aiv1.WatchGenerationRequest, stream *connect.ServerStream[aiv1.WatchGenerationResponse]) error {
	follower, err := h.follow(ctx, req.GetGenerationId(), req.GetAfterSequence())
	if err != nil {
		return err
	}
	defer follower.Close()
	for !follower.Over() {
		events, err := follower.Next(ctx)
		if err == nil {
			err = h.send(stream, events)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// follow starts to follow a generation of the caller.
func (h *Handlers) follow(ctx context.Context, generationID string, after int64) (follower *progress.Follower, err error) {
	select {
	case h.opening <- struct{}{}:
		defer func() { <-h.opening }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	rpc.Aside(func() {
		g, unknown := h.owned(ctx, generationID)
		if err = unknown; err != nil {
			return
		}
		follower = h.Hub.Follow(ctx, g.ID, after)
		if g.State.Final() && !follower.Over() {
			h.end(ctx, g, max(follower.Last(), after))
		}
	})
	return follower, err
}

// send sends events, or a heartbeat where there is none.
func (h *Handlers) send(stream *connect.ServerStream[aiv1.WatchGenerationResponse], events []*aiv1.GenerationEvent) error {
	if len(events) == 0 {
		return stream.Send(h.heartbeat())
	}
	for _, event := range events {
		if err := stream.Send(&aiv1.WatchGenerationResponse{Event: event}); err != nil {
			return err
		}
	}
	return nil
}

func (h *Handlers) heartbeat() *aiv1.WatchGenerationResponse {
	return &aiv1.WatchGenerationResponse{Event: &aiv1.GenerationEvent{
		Time: timestamppb.New(h.Clock.Now()), Event: &aiv1.GenerationEvent_Heartbeat{Heartbeat: &aiv1.GenerationHeartbeat{}},
	}}
}
