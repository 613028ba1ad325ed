package rpc

import (
	"context"
	"errors"
	"slices"
	"time"

	"connectrpc.com/connect"

	"github.com/tripgen/tripgen/internal/resilience"
)

// GuardPolicy is how a service is called by another: nothing is repeated here, and while it cannot be reached, calls fail
// at once as unavailable.
func GuardPolicy(service string) resilience.Policy {
	return resilience.Policy{Name: service, Failures: 10, Cooldown: 2 * time.Second}
}

// Guarded puts a breaker before a service's unary calls. Any answer of the service shows that it works.
func Guarded(guard *resilience.Guard) connect.ClientOption {
	return connect.WithInterceptors(connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			res, err := resilience.Call(ctx, guard, func(ctx context.Context) (connect.AnyResponse, error) {
				res, err := next(ctx, req)
				if !slices.Contains(unreachable, connect.CodeOf(err)) {
					err = resilience.Permanent(err)
				}
				return res, err
			})
			if errors.Is(err, resilience.ErrOpen) {
				err = connect.NewError(connect.CodeUnavailable, err)
			}
			return res, err
		}
	}))
}

// unreachable are the codes of calls that nobody answered, or somebody on the way.
var unreachable = []connect.Code{connect.CodeUnavailable, connect.CodeDeadlineExceeded}
