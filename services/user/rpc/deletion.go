package rpc

import (
	"context"
	"maps"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/authn"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/services/user"
)

// DeleteAccount begins the deletion of the caller's account.
func (h *Account) DeleteAccount(ctx context.Context, r *userv1.DeleteAccountRequest) (*userv1.DeleteAccountResponse, error) {
	id, err := authn.User(ctx)
	if err != nil {
		return nil, err
	}
	d, err := h.service.DeleteAccount(ctx, id, r.GetCurrentPassword())
	if err != nil {
		return nil, err
	}
	return &userv1.DeleteAccountResponse{DeletionId: d.ID, State: deletionState(d.State)}, nil
}

// GetDeletion tells how far a deletion is.
func (h *Account) GetDeletion(ctx context.Context, r *userv1.GetDeletionRequest) (*userv1.GetDeletionResponse, error) {
	d, err := h.service.Deletion(ctx, r.GetDeletionId())
	if err != nil {
		return nil, err
	}
	m := &userv1.GetDeletionResponse{DeletionId: d.ID, State: deletionState(d.State), RequestTime: timestamppb.New(d.Requested)}
	if !d.Ended.IsZero() {
		m.EndTime = timestamppb.New(d.Ended)
	}
	for _, service := range slices.Sorted(maps.Keys(d.Forgotten)) {
		f := d.Forgotten[service]
		m.Deleted = append(m.Deleted, &userv1.DeletedData{Service: service, Removed: f.Removed, Time: timestamppb.New(f.Time)})
	}
	return m, nil
}

func deletionState(s user.DeletionState) userv1.JobState {
	switch s {
	case user.Deleted:
		return userv1.JobState_JOB_STATE_DONE
	case user.Undone:
		return userv1.JobState_JOB_STATE_FAILED
	default:
		return userv1.JobState_JOB_STATE_RUNNING
	}
}
