package tripgen

import (
	"context"
	"crypto/rand"
	"math"
	mathrand "math/rand/v2"
	"net/http"
	"time"

	"connectrpc.com/connect"
)

// unaryOnly makes the stream side of an interceptor a pass-through.
type unaryOnly struct{}

func (unaryOnly) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

func (unaryOnly) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

type headersInterceptor struct{ userAgent, language string }

func (h headersInterceptor) set(header http.Header) {
	header.Set("User-Agent", h.userAgent)
	if h.language != "" && header.Get("Accept-Language") == "" {
		header.Set("Accept-Language", h.language)
	}
}

func (h headersInterceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		h.set(req.Header())
		return next(ctx, req)
	}
}

func (h headersInterceptor) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, spec)
		h.set(conn.RequestHeader())
		return conn
	}
}

func (h headersInterceptor) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

// IdempotencyKeyHeader names the header by which the server knows a repeated call; a caller may set its own
// with connect.NewClientContext.
const IdempotencyKeyHeader = "Idempotency-Key"

// idempotencyInterceptor gives every unsafe call a key. It stands outside of the retries, so they share it.
type idempotencyInterceptor struct{ unaryOnly }

func (idempotencyInterceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if req.Spec().IdempotencyLevel != connect.IdempotencyNoSideEffects && req.Header().Get(IdempotencyKeyHeader) == "" {
			req.Header().Set(IdempotencyKeyHeader, rand.Text())
		}
		return next(ctx, req)
	}
}

// retryInterceptor tries calls again that may succeed later: reads, and writes with an idempotency key.
type retryInterceptor struct {
	unaryOnly
	maxAttempts int
}

const (
	firstBackoff = 100 * time.Millisecond
	maxBackoff   = 10 * time.Second
)

func (r retryInterceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		for attempt := 1; ; attempt++ {
			resp, err := next(ctx, req)
			if err == nil || attempt == r.maxAttempts || !retryable(err) {
				return resp, err
			}
			if !wait(ctx, retryDelay(err, attempt)) {
				return resp, err
			}
		}
	}
}

// retryable says whether the same call may succeed later. RESOURCE_EXHAUSTED counts only with a time to wait:
// without one it is a quota that waiting does not fill.
func retryable(err error) bool {
	switch connect.CodeOf(err) {
	case connect.CodeUnavailable:
		return true
	case connect.CodeResourceExhausted:
		e, _ := AsError(err)
		return e.RetryAfter > 0 && e.RetryAfter <= maxBackoff
	default:
		return false
	}
}

// retryDelay is what the server asked for, or an exponential backoff with full jitter.
func retryDelay(err error, attempt int) time.Duration {
	if e, ok := AsError(err); ok && e.RetryAfter > 0 {
		return min(e.RetryAfter, maxBackoff)
	}
	ceiling := min(float64(maxBackoff), float64(firstBackoff)*math.Pow(2, float64(attempt-1)))
	return time.Duration(mathrand.Float64() * ceiling)
}

// wait returns false if the context ended first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
