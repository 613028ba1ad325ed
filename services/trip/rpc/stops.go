package rpc

import (
	"context"

	"google.golang.org/protobuf/proto"

	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/services/trip"
)

// edited is what all edits' requests name: the itinerary, at the revision that the edit was made against.
type edited interface {
	proto.Message
	GetTripId() string
	GetVersion() int64
	GetRevision() int64
}

func (h *itineraries) edit(ctx context.Context, r edited, e trip.Edit) (*typev1.Itinerary, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	it, err := h.Service.EditItinerary(ctx, c, r.GetTripId(), r.GetVersion(), r.GetRevision(), e)
	if err != nil {
		return nil, err
	}
	return itineraryMessage(it)
}

func (h *itineraries) MoveStop(ctx context.Context, r *tripv1.MoveStopRequest) (*tripv1.MoveStopResponse, error) {
	position := int(r.GetPosition())
	it, err := h.edit(ctx, r, trip.Edit{
		Kind: trip.MoveStop, Stop: r.GetStopId(), Day: int(r.GetToDay()), Position: &position,
	})
	if err != nil {
		return nil, err
	}
	return &tripv1.MoveStopResponse{Itinerary: it}, nil
}

func (h *itineraries) AddStop(ctx context.Context, r *tripv1.AddStopRequest) (*tripv1.AddStopResponse, error) {
	it, err := h.edit(ctx, r, trip.Edit{
		Kind: trip.AddStop, Place: r.GetPlaceId(), Day: int(r.GetDay()), Position: intOf(r.Position),
		Stay: int(r.GetStayMinutes()),
	})
	if err != nil {
		return nil, err
	}
	return &tripv1.AddStopResponse{Itinerary: it}, nil
}

func (h *itineraries) RemoveStop(ctx context.Context, r *tripv1.RemoveStopRequest) (*tripv1.RemoveStopResponse, error) {
	it, err := h.edit(ctx, r, trip.Edit{Kind: trip.RemoveStop, Stop: r.GetStopId()})
	if err != nil {
		return nil, err
	}
	return &tripv1.RemoveStopResponse{Itinerary: it}, nil
}

func (h *itineraries) ReplaceStop(ctx context.Context, r *tripv1.ReplaceStopRequest) (*tripv1.ReplaceStopResponse, error) {
	it, err := h.edit(ctx, r, trip.Edit{Kind: trip.ReplaceStop, Stop: r.GetStopId(), Place: r.GetPlaceId()})
	if err != nil {
		return nil, err
	}
	return &tripv1.ReplaceStopResponse{Itinerary: it}, nil
}

func (h *itineraries) LockStop(ctx context.Context, r *tripv1.LockStopRequest) (*tripv1.LockStopResponse, error) {
	it, err := h.edit(ctx, r, trip.Edit{
		Kind: trip.LockStop, Stop: r.GetStopId(), Locked: r.GetLocked(), Arrive: minutesOf(r.GetArrive()),
	})
	if err != nil {
		return nil, err
	}
	return &tripv1.LockStopResponse{Itinerary: it}, nil
}

func (h *itineraries) SetStay(ctx context.Context, r *tripv1.SetStayRequest) (*tripv1.SetStayResponse, error) {
	it, err := h.edit(ctx, r, trip.Edit{Kind: trip.SetStay, Stop: r.GetStopId(), Stay: int(r.GetStayMinutes())})
	if err != nil {
		return nil, err
	}
	return &tripv1.SetStayResponse{Itinerary: it}, nil
}
