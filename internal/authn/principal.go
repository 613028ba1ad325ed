// Package authn says who is calling: it checks access tokens (JWT, RFC 9068) against the issuer's published keys, holds
// the caller in the context, and gets the tokens with which one service calls another.
package authn

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
)

// ScopeInternal is the scope that only TripGen's own services get; internal RPCs demand it.
const ScopeInternal = "internal"

// Principal is a caller whose token was checked.
type Principal struct {
	// Subject is the user's id (user_…), or the client's id for a client that acts for itself.
	Subject string
	// ClientID is the OAuth2 client that the token was given to.
	ClientID string
	// Scopes are what the token allows.
	Scopes []string
	// TokenID is the token's jti.
	TokenID string
	// SessionID is the token's sid: the session (sess_…) that it belongs to; empty for a client that acts for itself.
	SessionID string
	// KeyID is the kid of the key that signed the token.
	KeyID string
	// Issued and Expires bound the token's life, in UTC.
	Issued, Expires time.Time
}

// Has tells whether the token carries the scope.
func (p Principal) Has(scope string) bool { return slices.Contains(p.Scopes, scope) }

// HasAny tells whether the token carries one of the scopes at least.
func (p Principal) HasAny(scopes ...string) bool { return slices.ContainsFunc(scopes, p.Has) }

// IsUser tells whether a person stands behind the call, and not a client that acts for itself.
func (p Principal) IsUser() bool {
	return p.Subject != p.ClientID && strings.HasPrefix(p.Subject, "user_")
}

type contextKey struct{}

// With gives a context that carries the caller.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From is the caller that ctx carries, if any.
func From(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(contextKey{}).(Principal)
	return p, ok
}

// User is the id of the person who is calling; an error for anonymous calls and for clients that act for themselves.
func User(ctx context.Context) (string, error) {
	p, ok := From(ctx)
	if !ok {
		return "", ErrUnauthenticated
	}
	if !p.IsUser() {
		return "", errs.PermissionDenied(errs.ReasonScopeMissing,
			"사용자 계정으로만 이용할 수 있습니다.", "This needs a user's account; the token is a client's own.")
	}
	return p.Subject, nil
}

// Require refuses a caller whose token carries none of the scopes.
func Require(ctx context.Context, scopes ...string) error {
	p, ok := From(ctx)
	switch {
	case !ok:
		return ErrUnauthenticated
	case !p.HasAny(scopes...):
		return missingScope(scopes)
	}
	return nil
}

// ErrUnauthenticated refuses a call without a token, or with one that is not valid (any more).
var ErrUnauthenticated = errs.Unauthenticated(errs.ReasonUnauthenticated, "로그인이 필요합니다.", "Please log in.")

func missingScope(scopes []string) error {
	return errs.PermissionDenied(errs.ReasonScopeMissing,
		"이 작업을 할 권한이 없습니다.", "The access token lacks the scope for this.").
		With("scopes", strings.Join(scopes, " "))
}
