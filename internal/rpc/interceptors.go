package rpc

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/tripgen/tripgen/internal/authn"
)

// recoverPanics turns a handler's panic into an internal error that carries the stack.
func recoverPanics() around {
	return func(ctx context.Context, _ call, next func(context.Context) error) (err error) {
		defer caught(&err)
		return next(ctx)
	}
}

// boundTime gives unary calls a deadline even where the caller asked for none.
func boundTime(limit time.Duration) around {
	return func(ctx context.Context, _ call, next func(context.Context) error) error {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		return next(ctx)
	}
}

type drainKey struct{}

var errDraining = errors.New("the server is going down")

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
