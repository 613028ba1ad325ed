package rpc

import (
	"context"
	"net"
	"net/http"
	"strings"

	"connectrpc.com/connect"

	"github.com/tripgen/tripgen/internal/authn"
	"github.com/tripgen/tripgen/services/user"
)

// NoteOrigin puts where a call came from into its context, for the journal. It belongs after authentication.
func NoteOrigin() connect.UnaryInterceptorFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			p, _ := authn.From(ctx)
			return next(user.WithOrigin(ctx, user.Origin{
				Address: Address(req.Header(), req.Peer().Addr), SessionID: p.SessionID, ClientID: p.ClientID,
			}), req)
		}
	}
}

// Address is the address of the person's side: the last that the gateway has noted (what stands before it was claimed by
// the caller), or the peer itself.
func Address(h http.Header, peer string) string {
	if chain := h.Get("X-Forwarded-For"); chain != "" {
		return strings.TrimSpace(chain[strings.LastIndexByte(chain, ',')+1:])
	}
	host, _, err := net.SplitHostPort(peer)
	if err != nil {
		return peer
	}
	return host
}

// OriginOf is where a plain HTTP request came from.
func OriginOf(r *http.Request) user.Origin {
	return user.Origin{Address: Address(r.Header, r.RemoteAddr)}
}
