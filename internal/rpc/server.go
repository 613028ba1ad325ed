package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"
	"connectrpc.com/grpcreflect"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/lang"
)

const (
	readHeaderTimeout = 5 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 32 << 10
	// maxStreams is per connection: the gateway sends all its calls over a few.
	maxStreams   = 4096
	pingAfter    = 30 * time.Second
	pingTimeout  = 15 * time.Second
	defaultGrace = 5 * time.Second
)

// HugeBytes bounds what any service takes; requests that say that they are larger are refused unread.
const HugeBytes = 8 << 20

// ServerConfig is what a [Server] is made from.
type ServerConfig struct {
	// Name stands in log lines: the role.
	Name string
	// Addr is where to listen, such as "127.0.0.1:7001"; port 0 takes a free one.
	Addr string
	// Grace is how long calls under way may go on when the server stops; zero for 5 seconds.
	Grace time.Duration
	// Log gets what net/http has to say.
	Log *slog.Logger
	// Ready is what /readyz and the gRPC health service tell.
	Ready *app.Readiness
	// Metrics is what /metrics shows.
	Metrics prometheus.Gatherer
}

// Server is a role's HTTP server: its RPC services, gRPC health and reflection, and the probes /livez, /readyz and
// /metrics, on one address.
type Server struct {
	config   ServerConfig
	mux      *http.ServeMux
	services []string
	listener net.Listener
}

// NewServer makes a server without services.
func NewServer(c ServerConfig) *Server {
	if c.Grace == 0 {
		c.Grace = defaultGrace
	}
	return &Server{config: c, mux: http.NewServeMux()}
}

// Handle serves an RPC service; it takes what the generated New…Handler functions give. The handler's options are those
// of [HandlerOptions].
func (s *Server) Handle(path string, h http.Handler) {
	s.services = append(s.services, strings.Trim(path, "/"))
	s.mux.Handle(path, receive(h))
}

// receive answers requests that say themselves that they are larger than any service takes, in their own protocol and
// with the field that makes them so, where one does. What
// is smaller and still too large for its service, or does not say how large it is, connect refuses while it reads. Of
// streams it keeps only headers that are read behind it.
func receive(next http.Handler) http.Handler {
	writer := connect.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > HugeBytes && writer.IsSupported(r) {
			// The caller has gone if this fails; nobody is left to be told.
			_ = writer.Write(w, r, told(tooLarge(heavyField(r)), lang.Parse(r.Header.Get("Accept-Language")), nil))
			return
		}
		if isStream(r.Header) {
			r.Header = kept(r.Header)
		}
		next.ServeHTTP(w, r)
	})
}

// Mount serves plain HTTP at a pattern of http.ServeMux, outside of all interceptors.
func (s *Server) Mount(pattern string, h http.Handler) { s.mux.Handle(pattern, h) }

// Listen takes the address, so that a port that is in use is a failed start, and gives the part that serves on it.
// It is called once, after all Handle and Mount.
func (s *Server) Listen(ctx context.Context) (app.Part, error) {
	s.mountStandard()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.config.Addr)
	if err != nil {
		return app.Part{}, fmt.Errorf("%s: listen on %s: %w", s.config.Name, s.config.Addr, err)
	}
	s.listener = listener
	return app.Part{
		Name: s.config.Name + " server",
		Run:  s.serve,
		Close: func(context.Context) error {
			if err := listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
				return err
			}
			return nil
		},
	}, nil
}

// Addr is the address that Listen took.
func (s *Server) Addr() string { return s.listener.Addr().String() }

func (s *Server) mountStandard() {
	s.mux.Handle(grpchealth.NewHandler(&healthChecker{ready: s.config.Ready, services: s.services}))
	reflector := grpcreflect.NewStaticReflector(append([]string{grpchealth.HealthV1ServiceName}, s.services...)...)
	s.mux.Handle(grpcreflect.NewHandlerV1(reflector))
	s.mux.Handle(grpcreflect.NewHandlerV1Alpha(reflector))
	mountProbes(s.mux, s.config.Ready, s.config.Metrics)
	s.mux.Handle("/", unknownProcedure())
}

// unknownProcedure answers RPCs that no service has in their own protocol, and anything else with a plain 404.
func unknownProcedure() http.Handler {
	writer := connect.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || !writer.IsSupported(r) {
			http.NotFound(w, r)
			return
		}
		// The caller has gone if this fails; nobody is left to be told.
		_ = writer.Write(w, r, unknownProcedureError(r.Header))
	})
}

// serve works until ctx ends; then it refuses new connections, ends the streams and lets unary calls finish.
func (s *Server) serve(ctx context.Context) error {
	draining, drain := context.WithCancel(context.Background())
	defer drain()
	base := context.WithValue(context.Background(), drainKey{}, draining)
	server := &http.Server{
		Handler:           s.mux,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		Protocols:         new(http.Protocols),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams, SendPingTimeout: pingAfter, PingTimeout: pingTimeout,
		},
		BaseContext: func(net.Listener) context.Context { return base },
		ErrorLog:    slog.NewLogLogger(s.config.Log.Handler(), slog.LevelWarn),
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)

	served := make(chan error, 1)
	go func() { served <- server.Serve(s.listener) }()
	s.config.Log.InfoContext(ctx, "listening", "server", s.config.Name, "address", s.Addr())
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	drain()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.Grace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		s.config.Log.Warn("cut calls that did not end in time", "server", s.config.Name)
		if err := server.Close(); err != nil {
			s.config.Log.Warn("close server", "server", s.config.Name, "error", err)
		}
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
