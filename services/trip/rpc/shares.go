package rpc

import (
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1/tripv1connect"
)

// shares serves ShareService.
type shares struct {
	tripv1connect.UnimplementedShareServiceHandler
	Deps
}
