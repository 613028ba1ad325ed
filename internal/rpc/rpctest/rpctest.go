// Package rpctest serves a service's handlers in a test as they are served in life: on a real port, with all the
// interceptors and an issuer of tokens.
package rpctest

import (
	"context"
	"log/slog"
	"net/http"
	"testing"

	"connectrpc.com/connect"
	"golang.org/x/oauth2"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/authn/authntest"
	"github.com/tripgen/tripgen/internal/rpc"
)

// Server is a running server with its issuer.
type Server struct {
	*authntest.Issuer
	// BaseURL is where the handlers are.
	BaseURL string
	// Ready is the server's readiness.
	Ready *app.Readiness
	// Stop stops the server as a process does and awaits its end. It may be called once; the test's end does it too.
	Stop func()
}

// Mount adds handlers that are made with the given options to a server.
type Mount func(s *rpc.Server, options []connect.HandlerOption)

// Start serves until the test ends. deps may leave Log and Tokens empty.
func Start(t testing.TB, deps rpc.Deps, mount Mount) *Server {
	t.Helper()
	issuer := authntest.New(t)
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	if deps.Log == nil {
		deps.Log = log
	}
	if deps.Tokens == nil {
		deps.Tokens = issuer.Verifier()
	}
	options, err := rpc.HandlerOptions(deps)
	if err != nil {
		t.Fatal(err)
	}
	ready := new(app.Readiness)
	server := rpc.NewServer(rpc.ServerConfig{Name: "test", Addr: "127.0.0.1:0", Log: log, Ready: ready})
	mount(server, options)
	part, err := server.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- part.Run(ctx) }()
	stopped := false
	stop := func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("server: %v", err)
		}
	}
	t.Cleanup(stop)
	return &Server{Issuer: issuer, BaseURL: "http://" + server.Addr(), Ready: ready, Stop: stop}
}

// Client is an HTTP client that sends the token (empty for none).
func (s *Server) Client(t testing.TB, token string) *http.Client {
	t.Helper()
	var source oauth2.TokenSource
	if token != "" {
		source = oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token})
	}
	transport := rpc.Transport()
	t.Cleanup(transport.CloseIdleConnections)
	return rpc.NewHTTPClient(transport, source)
}
