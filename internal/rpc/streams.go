package rpc

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/authn"
	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/lang"
	"github.com/tripgen/tripgen/internal/metering"
)

// streams does for handlers of streams what trace, log, errors, recover and authenticate do for unary calls, and ends
// streams when the server starts to go down. It does so in few frames, one after the other instead of one inside the
// other, and what is deep of it [Aside]: the stack of a stream is held as long as the stream.
type streams struct {
	log       *slog.Logger
	durations *prometheus.HistogramVec
	resource  func(any) proto.Message
	tokens    authn.TokenVerifier
	rules     authn.Rules
	meter     *metering.Meter
}

func (s *streams) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc { return next }

func (s *streams) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (s *streams) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		start := time.Now()
		ctx, err := s.begin(ctx, conn)
		if err == nil {
			err = run(ctx, conn, next)
		}
		return s.end(ctx, conn, start, err)
	}
}

// begin starts the stream's span and admits the caller.
func (s *streams) begin(ctx context.Context, conn connect.StreamingHandlerConn) (begun context.Context, err error) {
	defer caught(&err)
	begun = ctx
	Aside(func() {
		begun = startSpan(ctx, conn)
		h := conn.RequestHeader()
		admitted, refused := authn.Admit(lang.With(begun, lang.Parse(h.Get("Accept-Language"))),
			s.tokens, s.rules, conn.Spec().Procedure, bearer(h))
		if err = refused; err == nil {
			begun = admitted
		}
	})
	return begun, err
}

// startSpan starts the stream's span as a child of the caller's.
func startSpan(ctx context.Context, conn connect.StreamingHandlerConn) context.Context {
	ctx = otel.GetTextMapPropagator().Extract(ctx, propagation.HeaderCarrier(conn.RequestHeader()))
	system := semconv.RPCSystemNameConnectrpc
	if conn.Peer().Protocol != connect.ProtocolConnect {
		system = semconv.RPCSystemNameGRPC
	}
	method := strings.TrimPrefix(conn.Spec().Procedure, "/")
	ctx, _ = otel.Tracer("github.com/tripgen/tripgen/internal/rpc").Start(ctx, method,
		trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(system, semconv.RPCMethod(method)))
	return ctx
}

// run runs the stream until it ends, or the server starts to go down.
func run(ctx context.Context, conn connect.StreamingHandlerConn, next connect.StreamingHandlerFunc) (err error) {
	defer caught(&err)
	draining, ok := ctx.Value(drainKey{}).(context.Context)
	if !ok {
		return next(ctx, conn)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(draining, func() { cancel(errDraining) })()
	err = next(ctx, conn)
	if errors.Is(context.Cause(ctx), errDraining) {
		return errs.Unavailable(errDraining).Retry(time.Second) // clients resume elsewhere
	}
	return err
}

// end ends the span, logs the stream and gives what the caller is told.
func (s *streams) end(ctx context.Context, conn connect.StreamingHandlerConn, start time.Time, err error) error {
	h := conn.RequestHeader()
	span := trace.SpanFromContext(ctx)
	defer span.End()
	if err != nil {
		err = told(classify(ctx, err), lang.Parse(h.Get("Accept-Language")), s.resource)
		span.SetAttributes(semconv.RPCResponseStatusCode(strings.ToUpper(connect.CodeOf(err).String())))
		if level(err) >= slog.LevelWarn {
			span.SetStatus(codes.Error, err.Error())
		}
	}
	countUse(ctx, s.meter, conn.Spec().Procedure, err)
	logCall(ctx, s.log, s.durations, call{conn.Spec(), h}, time.Since(start), err)
	return err
}

// aside makes handlers of streams receive and send [Aside]; it is the innermost interceptor.
type aside struct{}

func (aside) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc { return next }

func (aside) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (aside) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		return next(ctx, &asideConn{conn})
	}
}
