package rpc

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/otelconnect"
	"golang.org/x/oauth2"

	"github.com/tripgen/tripgen/internal/lang"
)

const (
	dialTimeout   = 2 * time.Second
	clientTimeout = 10 * time.Second
)

// Transport speaks HTTP/2 only: without TLS to http URLs, with TLS to https ones. Dead connections are found by pings.
func Transport() *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	protocols.SetHTTP2(true)
	return &http.Transport{
		Protocols:       protocols,
		DialContext:     (&net.Dialer{Timeout: dialTimeout, KeepAlive: pingTimeout}).DialContext,
		IdleConnTimeout: idleTimeout,
		HTTP2:           &http.HTTP2Config{SendPingTimeout: pingTimeout, PingTimeout: pingTimeout},
	}
}

// NewHTTPClient makes the client with which a service calls others: over [Transport], with the service's own token
// (nil for none) and the language of the person behind the call. Redirects are not followed, so that tokens stay.
func NewHTTPClient(base http.RoundTripper, tokens oauth2.TokenSource) *http.Client {
	var transport http.RoundTripper = languageForwarder{base}
	if tokens != nil {
		transport = &oauth2.Transport{Source: tokens, Base: transport}
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type languageForwarder struct{ base http.RoundTripper }

func (f languageForwarder) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Accept-Language", string(lang.From(r.Context())))
	return f.base.RoundTrip(r)
}

// ClientOptions are the options of every client: traces go along, unary calls get a deadline of 10 seconds where ctx
// has none, and errors come back as *errs.Error (see [Error]).
func ClientOptions() ([]connect.ClientOption, error) {
	trace, err := otelconnect.NewInterceptor(otelconnect.WithTrustRemote(), otelconnect.WithoutMetrics())
	if err != nil {
		return nil, fmt.Errorf("trace interceptor: %w", err)
	}
	return []connect.ClientOption{
		connect.WithInterceptors(clientErrors{}, trace),
		// Between services the wire is faster than packing and unpacking.
		connect.WithAcceptCompression("gzip", nil, nil),
	}, nil
}

// clientErrors bounds unary calls and reads errors back.
type clientErrors struct{}

func (clientErrors) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if _, ok := ctx.Deadline(); !ok {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, clientTimeout)
			defer cancel()
		}
		res, err := next(ctx, req)
		return res, Error(err)
	}
}

func (clientErrors) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		return clientStream{next(ctx, spec)}
	}
}

func (clientErrors) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

type clientStream struct{ connect.StreamingClientConn }

func (s clientStream) Send(m any) error    { return Error(s.StreamingClientConn.Send(m)) }
func (s clientStream) Receive(m any) error { return Error(s.StreamingClientConn.Receive(m)) }
