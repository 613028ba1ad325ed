package rpc

import (
	"net/http"

	"connectrpc.com/connect"

	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1/userv1connect"
)

// maxRequest bounds request messages: a picture has up to 5 MiB, and in JSON a third more.
const maxRequest = 7 << 20

// Handlers are the service's RPC handlers.
type Handlers struct {
	Account    *Account
	Revocation *Revocation
	Info       Info
	Usage      Usage
}

// Mount hands the RPC services to a server; options are those of internal/rpc.
func (h Handlers) Mount(handle func(path string, h http.Handler), options ...connect.HandlerOption) {
	handle(userv1connect.NewAccountServiceHandler(h.Account, append(options,
		connect.WithInterceptors(NoteOrigin()), connect.WithReadMaxBytes(maxRequest))...))
	handle(userv1connect.NewServiceInfoServiceHandler(h.Info, options...))
	handle(userv1connect.NewRevocationServiceHandler(h.Revocation, options...))
	handle(userv1connect.NewUsageServiceHandler(h.Usage, options...))
}
