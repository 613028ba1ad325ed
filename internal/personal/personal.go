// Package personal is how a service forgets a person, and tells all that it has of one, when the user service asks:
// the RPC handler over a [Keeper], the client, and the [Ledger] that makes forgetting exact and repeatable.
package personal

import (
	"context"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	privacyv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/privacy/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/privacy/v1/privacyv1connect"
)

// Keeper is a service that has data of persons. All of it but Collect is for one deletion, and may be repeated.
type Keeper interface {
	// Hold takes nothing new of the owner from now on: ErrUndone.
	Hold(ctx context.Context, deletionID, owner string) error
	// Release takes a hold back for good: ErrDone.
	Release(ctx context.Context, deletionID, owner string) error
	// Forget removes all data of the owner, also without a Hold before, and tells how many of each kind in all, and when:
	// ErrUndone.
	Forget(ctx context.Context, deletionID, owner string) (removed map[string]int64, at time.Time, err error)
	// Collect gives all data of the owner, a document at a time.
	Collect(ctx context.Context, owner string, add func(path string, content []byte) error) error
}

// Handler serves PersonalDataService.
type Handler struct{ Keeper Keeper }

var _ privacyv1connect.PersonalDataServiceHandler = Handler{}

// Hold takes nothing new.
func (h Handler) Hold(ctx context.Context, r *privacyv1.HoldRequest) (*privacyv1.HoldResponse, error) {
	d := r.GetDeletion()
	if err := h.Keeper.Hold(ctx, d.GetId(), d.GetUserId()); err != nil {
		return nil, err
	}
	return &privacyv1.HoldResponse{}, nil
}

// Release takes a hold back.
func (h Handler) Release(ctx context.Context, r *privacyv1.ReleaseRequest) (*privacyv1.ReleaseResponse, error) {
	d := r.GetDeletion()
	if err := h.Keeper.Release(ctx, d.GetId(), d.GetUserId()); err != nil {
		return nil, err
	}
	return &privacyv1.ReleaseResponse{}, nil
}

// Forget removes all data.
func (h Handler) Forget(ctx context.Context, r *privacyv1.ForgetRequest) (*privacyv1.ForgetResponse, error) {
	d := r.GetDeletion()
	removed, at, err := h.Keeper.Forget(ctx, d.GetId(), d.GetUserId())
	if err != nil {
		return nil, err
	}
	return &privacyv1.ForgetResponse{Removed: removed, Time: timestamppb.New(at)}, nil
}

// Collect gives all data.
func (h Handler) Collect(
	ctx context.Context, r *privacyv1.CollectRequest, stream *connect.ServerStream[privacyv1.CollectResponse],
) error {
	return h.Keeper.Collect(ctx, r.GetUserId(), func(path string, content []byte) error {
		return stream.Send(&privacyv1.CollectResponse{Path: path, Content: content})
	})
}

// Remote is a Keeper in another service.
type Remote struct {
	Client privacyv1connect.PersonalDataServiceClient
}

var _ Keeper = Remote{}

// forgetTimeout bounds the removal of one person's data; collectTimeout the reading of it.
const (
	forgetTimeout  = time.Minute
	collectTimeout = 5 * time.Minute
)

func deletion(id, owner string) *privacyv1.Deletion {
	return &privacyv1.Deletion{Id: id, UserId: owner}
}

// Hold asks the service to.
func (r Remote) Hold(ctx context.Context, deletionID, owner string) error {
	_, err := r.Client.Hold(ctx, &privacyv1.HoldRequest{Deletion: deletion(deletionID, owner)})
	return err
}

// Release asks the service to.
func (r Remote) Release(ctx context.Context, deletionID, owner string) error {
	_, err := r.Client.Release(ctx, &privacyv1.ReleaseRequest{Deletion: deletion(deletionID, owner)})
	return err
}

// Forget asks the service to.
func (r Remote) Forget(ctx context.Context, deletionID, owner string) (map[string]int64, time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, forgetTimeout)
	defer cancel()
	res, err := r.Client.Forget(ctx, &privacyv1.ForgetRequest{Deletion: deletion(deletionID, owner)})
	return res.GetRemoved(), res.GetTime().AsTime(), err
}

// Collect asks the service to.
func (r Remote) Collect(ctx context.Context, owner string, add func(path string, content []byte) error) error {
	ctx, cancel := context.WithTimeout(ctx, collectTimeout)
	defer cancel()
	stream, err := r.Client.Collect(ctx, &privacyv1.CollectRequest{UserId: owner})
	if err != nil {
		return err
	}
	for stream.Receive() {
		if err := add(stream.Msg().GetPath(), stream.Msg().GetContent()); err != nil {
			_ = stream.Close()
			return err
		}
	}
	if err := stream.Err(); err != nil {
		_ = stream.Close()
		return err
	}
	return stream.Close()
}
