package rpc

import (
	"net/http"

	"connectrpc.com/connect"

	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1/userv1connect"
)

// Bounds of request messages: pictures are up to 5 MB.
const maxRequest = 6 << 20

// Mount hands the RPC services to a server; options are those of internal/rpc.
func Mount(handle func(path string, h http.Handler), account *Account, info Info, options ...connect.HandlerOption) {
	handle(userv1connect.NewAccountServiceHandler(account, append(options,
		connect.WithInterceptors(NoteOrigin()), connect.WithReadMaxBytes(maxRequest))...))
	handle(userv1connect.NewServiceInfoServiceHandler(info, options...))
	handle(userv1connect.NewUsageServiceHandler(userv1connect.UnimplementedUsageServiceHandler{}, options...))
}
