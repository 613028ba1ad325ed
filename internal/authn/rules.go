package authn

import (
	"context"

	"github.com/tripgen/tripgen/internal/errs"
)

// Rule says who may call a procedure.
type Rule struct {
	// Internal procedures are for TripGen's own services: they demand [ScopeInternal].
	Internal bool
	// Scopes: one of them suffices, or [ScopeInternal]: a service may ask for others what they may ask for themselves.
	// Empty: any valid token does.
	Scopes []string
	// Anonymous procedures need no token.
	Anonymous bool
}

// Rules finds the rule of a procedure, such as "/tripgen.trip.v1.TripService/GetTrip". A procedure without one is
// refused.
type Rules func(procedure string) (Rule, bool)

// TokenVerifier checks an access token. *[Verifier] is one.
type TokenVerifier interface {
	Verify(ctx context.Context, token string) (Principal, error)
}

// Admit decides a call: it checks the token, if any, against the procedure's rule and gives the context that carries
// the caller. An anonymous procedure goes on without a caller where the token is missing or not valid.
func Admit(ctx context.Context, v TokenVerifier, rules Rules, procedure, token string) (context.Context, error) {
	rule, ok := rules(procedure)
	if !ok {
		return nil, errs.PermissionDenied(errs.ReasonScopeMissing,
			"이 작업을 할 권한이 없습니다.", "This procedure has no access rule.")
	}
	if token == "" {
		if rule.Anonymous {
			return ctx, nil
		}
		return nil, ErrUnauthenticated
	}
	p, err := v.Verify(ctx, token)
	switch {
	case err != nil && rule.Anonymous:
		return ctx, nil
	case err != nil:
		return nil, err
	case rule.Anonymous:
	case rule.Internal && !p.Has(ScopeInternal):
		return nil, missingScope([]string{ScopeInternal})
	case !rule.Internal && len(rule.Scopes) > 0 && !p.HasAny(rule.Scopes...) && !p.Has(ScopeInternal):
		return nil, missingScope(rule.Scopes)
	}
	return With(ctx, p), nil
}
