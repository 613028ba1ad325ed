// Package rpc serves the trip service's contract: it converts, calls the domain, and converts back.
package rpc

import (
	"context"
	"net/http"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/authn"
	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/lang"
	"github.com/tripgen/tripgen/internal/page"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1/tripv1connect"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/export"
)

// Deps is what the handlers work with.
type Deps struct {
	Service *trip.Service
	Pages   *page.Tokens
	Clock   clock.Clock
	// Fingerprint is a keyed hash, to tell a repeated request from another one under its idempotency key.
	Fingerprint func(request []byte) []byte
	Renderer    *export.Renderer
	// ExportWait is how long a caller waits for a file before it is told where it will be; zero for 300 ms.
	ExportWait time.Duration
	// Heartbeat is how often a quiet stream gives a sign of life; zero for 10 seconds.
	Heartbeat time.Duration
}

// Mount hands the RPC services to a server; options are those of internal/rpc.
func Mount(handle func(path string, h http.Handler), d Deps, options ...connect.HandlerOption) {
	if d.Heartbeat == 0 {
		d.Heartbeat = 10 * time.Second
	}
	if d.ExportWait == 0 {
		d.ExportWait = 300 * time.Millisecond
	}
	handle(tripv1connect.NewTripServiceHandler(&trips{d}, options...))
	handle(tripv1connect.NewItineraryServiceHandler(&itineraries{Deps: d}, options...))
	handle(tripv1connect.NewShareServiceHandler(&shares{d}, options...))
	handle(tripv1connect.NewExportServiceHandler(&exports{d}, options...))
	handle(tripv1connect.NewWebhookServiceHandler(&webhooks{d}, options...))
}

const (
	headerKey    = "Idempotency-Key"
	maxKeyLength = 255
)

// reader is the caller of a read.
func (d Deps) reader(ctx context.Context) (trip.Caller, error) {
	p, ok := authn.From(ctx)
	if !ok {
		return trip.Caller{}, authn.ErrUnauthenticated
	}
	return trip.Caller{Owner: p.Subject, ClientID: p.ClientID, Language: lang.From(ctx)}, nil
}

// writer is the caller of a write, with its idempotency key.
func (d Deps) writer(ctx context.Context, request proto.Message) (trip.Caller, error) {
	c, err := d.reader(ctx)
	if err != nil {
		return c, err
	}
	info, ok := connect.CallInfoForHandlerContext(ctx)
	if !ok {
		return c, nil
	}
	key := info.RequestHeader().Get(headerKey)
	if key == "" {
		return c, nil
	}
	if len(key) > maxKeyLength {
		return c, errs.Invalid(errs.Field(headerKey, "요청 번호는 255자까지입니다.", "An idempotency key has at most 255 characters."))
	}
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(request)
	if err != nil {
		return c, err
	}
	c.Once = trip.Once{Key: key, Fingerprint: d.Fingerprint(append([]byte(info.Spec().Procedure+"\n"), body...))}
	return c, nil
}

const defaultPageSize = 20

func pageSize(asked int32) int {
	if asked == 0 {
		return defaultPageSize
	}
	return int(asked)
}
