package rpc

import (
	"context"
	"errors"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/contract"
	"github.com/tripgen/tripgen/services/ai/progress"
)

const (
	heartbeatEvery = 10 * time.Second
	// lookEvery is how long a watcher may hear nothing before it is looked whether the generation ended unheard.
	lookEvery = 2 * time.Second
)

// WatchGeneration streams a generation's events after a sequence number, until it ends.
func (h *Handlers) WatchGeneration(ctx context.Context, req *aiv1.WatchGenerationRequest, stream *connect.ServerStream[aiv1.WatchGenerationResponse]) error {
	g, err := h.owned(ctx, req.GetGenerationId())
	if err != nil {
		return err
	}
	follower := h.Hub.Follow(ctx, g.ID, req.GetAfterSequence())
	defer follower.Close()
	w := &watch{h: h, stream: stream, follower: follower, last: req.GetAfterSequence(), beat: h.Clock.Now()}
	if g.State.Final() {
		return w.rest(ctx, g)
	}
	for {
		over, err := w.next(ctx, g.ID)
		if over || err != nil {
			return err
		}
	}
}

// watch is one stream.
type watch struct {
	h        *Handlers
	stream   *connect.ServerStream[aiv1.WatchGenerationResponse]
	follower *progress.Follower
	last     int64
	beat     time.Time
}

// next sends what comes next; true when the generation is over.
func (w *watch) next(ctx context.Context, generationID string) (over bool, err error) {
	waiting, cancel := context.WithTimeout(ctx, lookEvery)
	events, err := w.follower.Next(waiting)
	cancel()
	if err == nil {
		return w.send(events)
	}
	if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
		return false, err
	}
	g, err := w.h.Reader.Get(ctx, generationID)
	switch {
	case err == nil && g.State.Final():
		return true, w.rest(ctx, g)
	case err == nil && g.State == ai.Queued:
		w.tellPlace(ctx, g)
		return false, nil
	}
	if now := w.h.Clock.Now(); now.Sub(w.beat) >= heartbeatEvery {
		w.beat = now
		return false, w.stream.Send(&aiv1.WatchGenerationResponse{Event: &aiv1.GenerationEvent{
			Time: timestamppb.New(now), Event: &aiv1.GenerationEvent_Heartbeat{Heartbeat: &aiv1.GenerationHeartbeat{}},
		}})
	}
	return false, nil
}

// tellPlace tells all who watch where a generation stands in the queue. Of several that would, the first does: the others
// find the log further on.
func (w *watch) tellPlace(ctx context.Context, g ai.Generation) {
	ahead, eta, err := w.h.Queue.Estimate(ctx, g)
	if err != nil {
		w.h.Logger.WarnContext(ctx, "the queue is not known", "error", err)
		return
	}
	w.h.tellQueued(ctx, g, w.last, ahead, eta)
}

// rest sends what is left of a generation that is over. Where its end was not told, or its log is gone, the end is told
// here.
func (w *watch) rest(ctx context.Context, g ai.Generation) error {
	if over, err := w.send(w.follower.Ready()); over || err != nil {
		return err
	}
	if w.follower.Over() { // the caller has seen the end before
		return nil
	}
	telling, cancel := context.WithTimeout(ctx, tellTimeout)
	defer cancel()
	end := contract.Finished(g)
	reached := max(g.LastSequence, w.last)
	sequence, err := w.h.Log.Append(telling, g.ID, end, g.Percent, reached)
	if errors.Is(err, progress.ErrOver) { // it is there and has not come yet
		w.follower.Refresh(telling)
		if over, err := w.send(w.follower.Ready()); over || err != nil {
			return err
		}
	}
	if err != nil {
		sequence = reached + 1
	}
	end.Sequence = sequence
	_, err = w.send([]*aiv1.GenerationEvent{end})
	return err
}

// send sends events; true if the last one ends the generation.
func (w *watch) send(events []*aiv1.GenerationEvent) (over bool, err error) {
	for _, event := range events {
		if err := w.stream.Send(&aiv1.WatchGenerationResponse{Event: event}); err != nil {
			return false, err
		}
		w.last, w.beat = event.GetSequence(), w.h.Clock.Now()
		over = over || event.GetFinished() != nil
	}
	return over, nil
}
