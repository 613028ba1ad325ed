package rpc

import (
	"context"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/services/user"
)

// Revocation serves RevocationService from the process's feed.
type Revocation struct {
	feed *user.Feed
	// beat is how often something is sent when there is nothing to tell.
	beat time.Duration
}

const revocationBeat = 5 * time.Second

// NewRevocation makes the handler.
func NewRevocation(feed *user.Feed) *Revocation { return &Revocation{feed: feed, beat: revocationBeat} }

// WatchRevocations sends what holds, and then what is new.
func (h *Revocation) WatchRevocations(
	ctx context.Context, r *userv1.WatchRevocationsRequest, stream *connect.ServerStream[userv1.WatchRevocationsResponse],
) error {
	beat := time.NewTicker(h.beat)
	defer beat.Stop()
	for after := r.GetAfter(); ; {
		fresh, last, loaded, changed := h.feed.After(after)
		if loaded {
			if err := stream.Send(revocationMessage(fresh, last)); err != nil {
				return err
			}
			after = last
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-beat.C:
		}
	}
}

func revocationMessage(fresh []user.Revocation, last int64) *userv1.WatchRevocationsResponse {
	m := &userv1.WatchRevocationsResponse{Sequence: last}
	for _, r := range fresh {
		m.Revocations = append(m.Revocations, &userv1.Revocation{
			Subject: r.Subject, RevokeTime: timestamppb.New(r.At), ExpireTime: timestamppb.New(r.Expires),
		})
	}
	return m
}
