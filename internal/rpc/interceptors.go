package rpc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/tripgen/tripgen/internal/authn"
	"github.com/tripgen/tripgen/internal/errs"
)

// recoverPanics turns a handler's panic into an internal error that carries the stack.
func recoverPanics() around {
	return func(ctx context.Context, _ call, next func(context.Context) error) (err error) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler: // net/http's own way to cut a connection
				panic(p)
			default:
				err = errs.Internal(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
			}
		}()
		return next(ctx)
	}
}

// boundTime gives unary calls a deadline even where the caller asked for none.
func boundTime(limit time.Duration) around {
	return func(ctx context.Context, c call, next func(context.Context) error) error {
		if c.spec.StreamType != connect.StreamTypeUnary {
			return next(ctx)
		}
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return next(ctx)
	}
}

type drainKey struct{}

var errDraining = errors.New("the server is going down")

// endStreamsOnDrain ends streams when the server starts to go down, with an error that makes clients resume elsewhere.
func endStreamsOnDrain() around {
	return func(ctx context.Context, c call, next func(context.Context) error) error {
		draining, ok := ctx.Value(drainKey{}).(context.Context)
		if !ok || c.spec.StreamType == connect.StreamTypeUnary {
			return next(ctx)
		}
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		defer context.AfterFunc(draining, func() { cancel(errDraining) })()
		err := next(ctx)
		if errors.Is(context.Cause(ctx), errDraining) {
			return errs.Unavailable(errDraining).Retry(time.Second)
		}
		return err
	}
}

// authenticate admits the call by the procedure's rule and puts the caller into the context.
func authenticate(tokens authn.TokenVerifier, rules authn.Rules) around {
	return func(ctx context.Context, c call, next func(context.Context) error) error {
		ctx, err := authn.Admit(ctx, tokens, rules, c.spec.Procedure, bearer(c.header))
		if err != nil {
			return err
		}
		return next(ctx)
	}
}

// bearer is the token of the Authorization header (RFC 6750, 2.1), or empty.
func bearer(h http.Header) string {
	scheme, token, _ := strings.Cut(h.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
