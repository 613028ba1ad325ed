package rpc

import (
	"context"
	"errors"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
)

const heartbeatEvery = 10 * time.Second

// WatchGeneration streams a generation's events after a sequence number, until it ends.
func (h *Handlers) WatchGeneration(ctx context.Context, req *aiv1.WatchGenerationRequest, stream *connect.ServerStream[aiv1.WatchGenerationResponse]) error {
	g, err := h.owned(ctx, req.GetGenerationId())
	if err != nil {
		return err
	}
	follower := h.Hub.Follow(ctx, g.ID, req.GetAfterSequence())
	defer follower.Close()
	if g.State.Final() && !follower.Over() {
		h.end(ctx, g, max(follower.Last(), req.GetAfterSequence()))
	}
	for !follower.Over() {
		waiting, cancel := context.WithTimeout(ctx, heartbeatEvery)
		events, err := follower.Next(waiting)
		cancel()
		switch {
		case err == nil:
			for _, event := range events {
				if err := stream.Send(&aiv1.WatchGenerationResponse{Event: event}); err != nil {
					return err
				}
			}
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, context.DeadlineExceeded):
			if err := stream.Send(h.heartbeat()); err != nil {
				return err
			}
		default:
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
