package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/internal/clock"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
)

// Info serves ServiceInfoService.
type Info struct {
	Version, Commit string
	Clock           clock.Clock
}

// GetServiceInfo says what this deployment is.
func (i Info) GetServiceInfo(context.Context, *userv1.GetServiceInfoRequest) (*userv1.GetServiceInfoResponse, error) {
	return &userv1.GetServiceInfoResponse{
		Version: i.Version, Commit: i.Commit, ServerTime: timestamppb.New(i.Clock.Now()),
	}, nil
}
