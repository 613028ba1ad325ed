package rpc

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/app"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/contract"
)

const (
	// Each is looked after once in lookEvery, a part of them at a time.
	lookEvery   = time.Second
	lookParts   = 10
	lookTimeout = 5 * time.Second
	// quietFor is how long nothing may be heard of a watched generation before it is looked after.
	quietFor = 1500 * time.Millisecond
)

// Looking looks after the generations that are watched in this process and that nothing is heard of: those that ended
// without anybody telling (who ended it died, or Redis was away), and those that wait in the queue, whose place is told.
// One question to the store serves many.
func (h *Handlers) Looking() app.Part {
	return app.Part{Name: "watched generations", Run: func(ctx context.Context) error {
		tick := time.NewTicker(lookEvery / lookParts)
		defer tick.Stop()
		for part := 0; ; part = (part + 1) % lookParts {
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
				h.look(ctx, part)
			}
		}
	}}
}

func (h *Handlers) look(ctx context.Context, part int) {
	quiet := h.Hub.Quiet(quietFor, part, lookParts)
	if len(quiet) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	ids := make([]string, 0, len(quiet))
	for generationID := range quiet {
		ids = append(ids, generationID)
	}
	found, err := h.Reader.Idle(ctx, ids)
	if err != nil {
		h.Logger.WarnContext(ctx, "quiet generations are not known", "error", err)
		return
	}
	for _, g := range found {
		switch {
		case g.State.Final():
			h.end(ctx, g, quiet[g.ID])
		case g.State == ai.Queued:
			h.place(ctx, g, quiet[g.ID])
		}
	}
}

// end makes those who watch see the end of a generation, whose last event they know by its number: by the log, or where
// that cannot be had, from here.
func (h *Handlers) end(ctx context.Context, g ai.Generation, known int64) {
	ctx, cancel := context.WithTimeout(ctx, tellTimeout)
	defer cancel()
	end := contract.Finished(g)
	reached := max(g.LastSequence, known)
	sequence, err := h.Log.Append(ctx, g.ID, end, g.Percent, reached)
	if err != nil && h.Hub.Refresh(ctx, g.ID) { // it is there and had not come
		return
	}
	if err == nil {
		reached = sequence - 1
	}
	h.Hub.Inject(g.ID, end, reached)
}

// place tells where a generation stands in the queue. Of several processes that would, the first does: the others find
// the log further on.
func (h *Handlers) place(ctx context.Context, g ai.Generation, known int64) {
	ahead, eta, err := h.Queue.Estimate(ctx, g)
	if err != nil {
		h.Logger.WarnContext(ctx, "the queue is not known", "error", err)
		return
	}
	h.tellQueued(ctx, g, known, ahead, eta)
}

// tellQueued tells those who watch that a generation waits, right behind what they know; ahead and eta are zero where
// they are not known yet.
func (h *Handlers) tellQueued(ctx context.Context, g ai.Generation, known int64, ahead int, eta time.Duration) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellTimeout)
	defer cancel()
	stage := aiv1.GenerationStage_GENERATION_STAGE_QUEUED
	err := h.Log.AppendAt(ctx, g.ID, &aiv1.GenerationEvent{
		Time: timestamppb.New(h.Clock.Now()),
		Event: &aiv1.GenerationEvent_Progress{Progress: &aiv1.Progress{
			Stage: stage, Message: contract.StageText(stage), QueueAhead: int32(ahead), EtaSeconds: int32(eta.Round(time.Second) / time.Second),
		}},
	}, known)
	if err != nil {
		h.Logger.WarnContext(ctx, "queueing is not told", "generation", g.ID, "error", err)
	}
}
