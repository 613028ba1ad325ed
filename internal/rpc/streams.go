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

// streams does for handlers of streams what trace, log, errors, recover, authenticate and validate do for unary calls,
// and ends streams when the server starts to go down. It does so in few frames, one after the other instead of one
// inside the other, and what is deep of it [Aside]: the stack of a stream is held as long as the stream.
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
		b, err := s.begin(ctx, conn)
		if err == nil {
			err = run(b, next, &asideConn{conn})
		}
		return s.end(ctx, b, conn, start, err)
	}
}

// begun is a stream that has begun.
type begun struct {
	ctx context.Context //nolint:containedctx // it is the stream's
	// stop lets go of what ctx holds.
	stop func()
}

// begin starts the stream's span, admits the caller, and sees to it that the stream ends when the server goes down.
func (s *streams) begin(ctx context.Context, conn connect.StreamingHandlerConn) (b *begun, err error) {
	defer caught(&err)
	b = &begun{ctx: ctx}
	Aside(func() {
		b.ctx = startSpan(ctx, conn)
		h := conn.RequestHeader()
		admitted, refused := authn.Admit(lang.With(b.ctx, lang.Parse(h.Get("Accept-Language"))),
			s.tokens, s.rules, conn.Spec().Procedure, bearer(h))
		if err = refused; err != nil {
			return
		}
		h.Del("Authorization") // it would be held as long as the stream
		b.ctx, b.stop = endOnDrain(admitted)
	})
	return b, err
}

// endOnDrain cancels the context with errDraining when the server starts to go down.
func endOnDrain(ctx context.Context) (ending context.Context, stop func()) {
	ending, cancel := context.WithCancelCause(ctx)
	draining, ok := ctx.Value(drainKey{}).(context.Context)
	if !ok {
		return ending, func() { cancel(nil) }
	}
	forget := context.AfterFunc(draining, func() { cancel(errDraining) })
	return ending, func() {
		forget()
		cancel(nil)
	}
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

// run runs the stream until it ends.
func run(b *begun, next connect.StreamingHandlerFunc, conn *asideConn) (err error) {
	defer b.stop()
	defer caught(&err)
	return next(b.ctx, conn)
}

// end ends the span, logs the stream and gives what the caller is told; ctx is that of the request.
func (s *streams) end(ctx context.Context, b *begun, conn connect.StreamingHandlerConn, start time.Time, err error) error {
	h := conn.RequestHeader()
	span := trace.SpanFromContext(b.ctx)
	defer span.End()
	if errors.Is(context.Cause(b.ctx), errDraining) {
		err = errs.Unavailable(errDraining).Retry(time.Second) // clients resume elsewhere
	}
	if err != nil {
		err = told(classify(ctx, err), lang.Parse(h.Get("Accept-Language")), s.resource)
		span.SetAttributes(semconv.RPCResponseStatusCode(strings.ToUpper(connect.CodeOf(err).String())))
		if level(err) >= slog.LevelWarn {
			span.SetStatus(codes.Error, err.Error())
		}
	}
	countUse(b.ctx, s.meter, conn.Spec().Procedure, err)
	logCall(b.ctx, s.log, s.durations, call{conn.Spec(), h}, time.Since(start), err)
	return err
}
