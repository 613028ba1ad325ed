package rpc

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/tripgen/tripgen/internal/authn"
	"github.com/tripgen/tripgen/internal/page"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1/aiv1connect"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/ai"
	"github.com/tripgen/tripgen/services/ai/contract"
)

const (
	pollQueued  = time.Second
	pollRunning = 500 * time.Millisecond
	defaultPage = 20
	// tellTimeout bounds what is told to those who watch after a change was stored.
	tellTimeout = 300 * time.Millisecond
)

// GetGeneration gives a generation as it stands.
func (h *Handlers) GetGeneration(ctx context.Context, req *aiv1.GetGenerationRequest) (*aiv1.GetGenerationResponse, error) {
	g, err := h.owned(ctx, req.GetGenerationId())
	if err != nil {
		return nil, err
	}
	m, err := h.message(ctx, g)
	return &aiv1.GetGenerationResponse{Generation: m}, err
}

// message tells a generation with what its log and the queue know besides.
func (h *Handlers) message(ctx context.Context, g ai.Generation) (*aiv1.Generation, error) {
	m := contract.Generation(g)
	if g.HasClashes {
		itinerary, _, err := h.result(ctx, g.ID)
		if err != nil {
			return nil, err
		}
		m.Clashes = itinerary.GetClashes()
	}
	summary, err := h.Log.Summary(ctx, g.ID)
	if err != nil {
		h.Logger.WarnContext(ctx, "progress is told as stored", "error", err)
	}
	m.LastSequence = max(m.GetLastSequence(), summary.Sequence)
	if g.State.Final() {
		return m, nil
	}
	p := m.GetProgress()
	p.Percent = max(p.GetPercent(), int32(summary.Percent))
	if summary.Stage > p.GetStage() {
		p.Stage, p.Message = summary.Stage, contract.StageText(summary.Stage)
	}
	p.EtaSeconds = int32(summary.Eta)
	if len(summary.Ready) > len(m.GetDaysReady()) {
		m.DaysReady, m.DaysRefined = summary.Ready, summary.Refined
	}
	m.PollAfter = durationpb.New(pollRunning)
	if g.State == ai.Queued {
		m.PollAfter = durationpb.New(pollQueued)
		return m, h.queued(ctx, g, p)
	}
	return m, nil
}

// queued tells what is ahead of a queued generation.
func (h *Handlers) queued(ctx context.Context, g ai.Generation, p *aiv1.Progress) error {
	ahead, eta, err := h.Queue.Estimate(ctx, g)
	if err != nil {
		return err
	}
	p.QueueAhead, p.EtaSeconds = int32(ahead), int32(eta.Round(time.Second)/time.Second)
	return nil
}

// ListGenerations gives the caller's generations, newest first.
func (h *Handlers) ListGenerations(ctx context.Context, req *aiv1.ListGenerationsRequest) (*aiv1.ListGenerationsResponse, error) {
	caller, ok := authn.From(ctx)
	if !ok {
		return nil, authn.ErrUnauthenticated
	}
	query := page.Query{aiv1connect.GenerationServiceListGenerationsProcedure, caller.Subject, req.GetTripId()}
	before, err := h.Pages.Open(query, req.GetPageToken())
	if err != nil {
		return nil, err
	}
	size := int(req.GetPageSize())
	if size == 0 {
		size = defaultPage
	}
	found, err := h.Reader.List(ctx, ai.Query{Owner: caller.Subject, TripID: req.GetTripId(), Before: before, Limit: size + 1})
	if err != nil {
		return nil, err
	}
	resp := &aiv1.ListGenerationsResponse{}
	if len(found) > size {
		found = found[:size]
		resp.NextPageToken = h.Pages.Seal(query, found[size-1].ID)
	}
	for _, g := range found {
		resp.Generations = append(resp.Generations, contract.Generation(g))
	}
	return resp, nil
}

// CancelGeneration stops a generation; one that has ended, or whose itinerary is being stored, is given unchanged.
func (h *Handlers) CancelGeneration(ctx context.Context, req *aiv1.CancelGenerationRequest) (*aiv1.CancelGenerationResponse, error) {
	if _, err := h.owned(ctx, req.GetGenerationId()); err != nil {
		return nil, err
	}
	g, cancelled, err := h.Ender.Cancel(ctx, req.GetGenerationId())
	if err != nil {
		return nil, err
	}
	if cancelled {
		h.tellEnd(ctx, g)
	}
	m, err := h.message(ctx, g)
	return &aiv1.CancelGenerationResponse{Generation: m}, err
}

// tellEnd tells those who watch that a generation ended. Where that fails, they find out by themselves.
func (h *Handlers) tellEnd(ctx context.Context, g ai.Generation) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellTimeout)
	defer cancel()
	if _, err := h.Log.Append(ctx, g.ID, contract.Finished(g), g.Percent, g.LastSequence); err != nil {
		h.Logger.WarnContext(ctx, "end is not told", "generation", g.ID, "error", err)
	}
}

// result reads what a generation made.
func (h *Handlers) result(ctx context.Context, generationID string) (*typev1.Itinerary, []*typev1.Day, error) {
	body, better, err := h.Reader.Result(ctx, generationID)
	if err != nil {
		return nil, nil, err
	}
	itinerary := &typev1.Itinerary{}
	if err := proto.Unmarshal(body, itinerary); err != nil {
		return nil, nil, fmt.Errorf("stored itinerary of %s: %w", generationID, err)
	}
	var improvements []*typev1.Day
	for _, b := range better {
		day := &typev1.Day{}
		if err := proto.Unmarshal(b, day); err != nil {
			return nil, nil, fmt.Errorf("stored improvement of %s: %w", generationID, err)
		}
		improvements = append(improvements, day)
	}
	return itinerary, improvements, nil
}
