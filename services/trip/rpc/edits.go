package rpc

import (
	"context"

	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	"github.com/tripgen/tripgen/services/trip"
)

func (h *trips) UpdateTrip(ctx context.Context, r *tripv1.UpdateTripRequest) (*tripv1.UpdateTripResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	basics, err := basicsOf(r)
	if err != nil {
		return nil, err
	}
	t, err := h.Service.Update(ctx, c, r.GetTripId(), r.GetRevision(), basics)
	if err != nil {
		return nil, err
	}
	return &tripv1.UpdateTripResponse{Trip: h.message(t)}, nil
}

func basicsOf(r *tripv1.UpdateTripRequest) (trip.Basics, error) {
	var b trip.Basics
	for _, path := range r.GetUpdateMask().GetPaths() {
		switch path {
		case "name":
			name := r.GetBasics().GetName()
			b.Name = &name
		case "transport_mode":
			mode := trip.Mode(r.GetBasics().GetTransportMode())
			b.Mode = &mode
		case "start_date":
			start := dateOf(r.GetBasics().GetStartDate())
			b.Start = &start
		default:
			return b, noMask(path)
		}
	}
	return b, nil
}

func (h *trips) AddMember(ctx context.Context, r *tripv1.AddMemberRequest) (*tripv1.AddMemberResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	t, err := h.Service.AddMember(ctx, c, r.GetTripId(), r.GetRevision(), memberOf(r.GetMember()))
	if err != nil {
		return nil, err
	}
	return &tripv1.AddMemberResponse{Trip: h.message(t)}, nil
}

func (h *trips) UpdateMember(ctx context.Context, r *tripv1.UpdateMemberRequest) (*tripv1.UpdateMemberResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	change, err := memberChange(r)
	if err != nil {
		return nil, err
	}
	t, err := h.Service.UpdateMember(ctx, c, r.GetTripId(), r.GetRevision(), r.GetMemberId(), change)
	if err != nil {
		return nil, err
	}
	return &tripv1.UpdateMemberResponse{Trip: h.message(t)}, nil
}

func memberChange(r *tripv1.UpdateMemberRequest) (func(*trip.Member), error) {
	to := memberOf(r.GetMember())
	paths := r.GetUpdateMask().GetPaths()
	for _, path := range paths {
		switch path {
		case "name", "age", "gender", "health", "preferences":
		default:
			return nil, noMask(path)
		}
	}
	return func(m *trip.Member) {
		for _, path := range paths {
			switch path {
			case "name":
				m.Name = to.Name
			case "age":
				m.Age = to.Age
			case "gender":
				m.Gender = to.Gender
			case "health":
				m.Health = to.Health
			case "preferences":
				m.Preferences = to.Preferences
			}
		}
	}, nil
}

func (h *trips) RemoveMember(ctx context.Context, r *tripv1.RemoveMemberRequest) (*tripv1.RemoveMemberResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	t, err := h.Service.RemoveMember(ctx, c, r.GetTripId(), r.GetRevision(), r.GetMemberId())
	if err != nil {
		return nil, err
	}
	return &tripv1.RemoveMemberResponse{Trip: h.message(t)}, nil
}

func (h *trips) AddDestination(ctx context.Context, r *tripv1.AddDestinationRequest) (*tripv1.AddDestinationResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	t, err := h.Service.AddDestination(
		ctx, c, r.GetTripId(), r.GetRevision(), destinationOf(r.GetDestination()), intOf(r.Position))
	if err != nil {
		return nil, err
	}
	return &tripv1.AddDestinationResponse{Trip: h.message(t)}, nil
}

func (h *trips) UpdateDestination(
	ctx context.Context, r *tripv1.UpdateDestinationRequest,
) (*tripv1.UpdateDestinationResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	change, err := destinationChange(r)
	if err != nil {
		return nil, err
	}
	t, err := h.Service.UpdateDestination(ctx, c, r.GetTripId(), r.GetRevision(), r.GetDestinationId(), change)
	if err != nil {
		return nil, err
	}
	return &tripv1.UpdateDestinationResponse{Trip: h.message(t)}, nil
}

func destinationChange(r *tripv1.UpdateDestinationRequest) (func(*trip.Destination), error) {
	to := destinationOf(r.GetDestination())
	paths := r.GetUpdateMask().GetPaths()
	for _, path := range paths {
		switch path {
		case "name", "nights", "lodging":
		default:
			return nil, noMask(path)
		}
	}
	return func(d *trip.Destination) {
		for _, path := range paths {
			switch path {
			case "name":
				d.Name = to.Name
			case "nights":
				d.Nights = to.Nights
			case "lodging":
				d.Lodging = to.Lodging
			}
		}
	}, nil
}

func (h *trips) RemoveDestination(
	ctx context.Context, r *tripv1.RemoveDestinationRequest,
) (*tripv1.RemoveDestinationResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	t, err := h.Service.RemoveDestination(ctx, c, r.GetTripId(), r.GetRevision(), r.GetDestinationId())
	if err != nil {
		return nil, err
	}
	return &tripv1.RemoveDestinationResponse{Trip: h.message(t)}, nil
}

func (h *trips) MoveDestination(
	ctx context.Context, r *tripv1.MoveDestinationRequest,
) (*tripv1.MoveDestinationResponse, error) {
	c, err := h.writer(ctx, r)
	if err != nil {
		return nil, err
	}
	t, err := h.Service.MoveDestination(
		ctx, c, r.GetTripId(), r.GetRevision(), r.GetDestinationId(), int(r.GetPosition()))
	if err != nil {
		return nil, err
	}
	return &tripv1.MoveDestinationResponse{Trip: h.message(t)}, nil
}
