package rpc

import (
	"context"

	"github.com/tripgen/tripgen/internal/authn"
	"github.com/tripgen/tripgen/internal/metering"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1/aiv1connect"
)

// meter counts the unary calls of clients.
func meter(m *metering.Meter) around {
	return func(ctx context.Context, c call, next func(context.Context) error) error {
		err := next(ctx)
		countUse(ctx, m, c.spec.Procedure, err)
		return err
	}
}

// countUse counts a call that has ended, unless it is one of TripGen's own services'.
func countUse(ctx context.Context, m *metering.Meter, procedure string, err error) {
	p, ok := authn.From(ctx)
	if !ok || p.Has(authn.ScopeInternal) {
		return
	}
	m.Count(p.ClientID, metering.Calls)
	if procedure == aiv1connect.ItineraryCheckServiceCheckItineraryProcedure && err == nil {
		m.Count(p.ClientID, metering.Checks)
	}
}
