package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/authn"
	"github.com/tripgen/tripgen/internal/page"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1/userv1connect"
)

const defaultPage = 20

// sessionOf is the session of the token that the call came with.
func sessionOf(ctx context.Context) string {
	p, _ := authn.From(ctx)
	return p.SessionID
}

// ListSessions gives the devices that are logged in.
func (h *Account) ListSessions(ctx context.Context, r *userv1.ListSessionsRequest) (*userv1.ListSessionsResponse, error) {
	id, err := authn.User(ctx)
	if err != nil {
		return nil, err
	}
	query := page.Query{userv1connect.AccountServiceListSessionsProcedure, id}
	before, err := h.pages.Open(query, r.GetPageToken())
	if err != nil {
		return nil, err
	}
	size := int(r.GetPageSize())
	if size == 0 {
		size = defaultPage
	}
	sessions, more, err := h.service.ListSessions(ctx, id, before, size)
	if err != nil {
		return nil, err
	}
	response := &userv1.ListSessionsResponse{Sessions: make([]*userv1.Session, len(sessions))}
	for i, s := range sessions {
		response.Sessions[i] = &userv1.Session{
			Id: s.ID, DeviceName: s.DeviceName, ClientId: s.ClientID, CreateTime: timestamppb.New(s.Created),
			LastSeenTime: timestamppb.New(s.LastSeen), Current: s.ID == sessionOf(ctx),
		}
	}
	if more {
		response.NextPageToken = h.pages.Seal(query, sessions[len(sessions)-1].ID)
	}
	return response, nil
}

// EndSession logs a device out.
func (h *Account) EndSession(ctx context.Context, r *userv1.EndSessionRequest) (*userv1.EndSessionResponse, error) {
	id, err := authn.User(ctx)
	if err != nil {
		return nil, err
	}
	if err := h.service.EndSession(ctx, id, r.GetSessionId()); err != nil {
		return nil, err
	}
	return &userv1.EndSessionResponse{}, nil
}

// LogOut logs this device out.
func (h *Account) LogOut(ctx context.Context, _ *userv1.LogOutRequest) (*userv1.LogOutResponse, error) {
	id, err := authn.User(ctx)
	if err != nil {
		return nil, err
	}
	if err := h.service.LogOut(ctx, id, sessionOf(ctx)); err != nil {
		return nil, err
	}
	return &userv1.LogOutResponse{}, nil
}
