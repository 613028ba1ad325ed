// Package upstream is how the hand-written adapters talk to providers: JSON over HTTP with bounded answers, and errors
// that say whether the provider is failing, busy, or at work and refusing. Keys never get into an error.
package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/tripgen/tripgen/internal/resilience"
)

// maxBody bounds an answer.
const maxBody = 4 << 20

// BusyError says that the provider wants fewer calls.
type BusyError struct {
	// RetryAfter is what it asks to wait; zero if it does not say.
	RetryAfter time.Duration
}

// Error is the text for the log.
func (e *BusyError) Error() string {
	return fmt.Sprintf("the provider is busy (asks to wait %v)", e.RetryAfter)
}

// ErrShape marks an answer that is not what the provider's documentation says: cut short, or with fields renamed.
var ErrShape = errors.New("the answer is not in the documented format")

// GetJSON asks for url and reads the answer into a value. An answer of 4xx other than 408 and 429 is permanent
// (resilience.Permanent): the provider works, and the same question would be refused again.
func GetJSON(ctx context.Context, client *http.Client, address string, header http.Header, into any) error {
	return ask(ctx, client, http.MethodGet, address, header, nil, into)
}

// PostJSON is [GetJSON] for a question with a body.
func PostJSON(ctx context.Context, client *http.Client, address string, header http.Header, body io.Reader, into any) error {
	return ask(ctx, client, http.MethodPost, address, header, body, into)
}

func ask(ctx context.Context, client *http.Client, method, address string, header http.Header, body io.Reader, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return errors.New("the provider's address is not a URL") // with the reason the key might get out
	}
	for name, values := range header {
		req.Header[name] = values
	}
	resp, err := client.Do(req)
	if err != nil {
		return WithoutURL(err)
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is lost when a read body does not close
	if err := Status(resp.StatusCode, resp.Header.Get("Retry-After")); err != nil {
		return err
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxBody)).Decode(into); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%w: %w", ErrShape, err)
	}
	return nil
}

// Status is the error that an HTTP status stands for; nil for 200.
func Status(code int, retryAfter string) error {
	switch {
	case code == http.StatusOK:
		return nil
	case code == http.StatusTooManyRequests:
		seconds, err := strconv.Atoi(retryAfter)
		if err != nil || seconds < 0 {
			seconds = 0
		}
		return &BusyError{RetryAfter: time.Duration(seconds) * time.Second}
	case code >= 400 && code < 500 && code != http.StatusRequestTimeout:
		return resilience.Permanent(fmt.Errorf("status %d", code))
	default:
		return fmt.Errorf("status %d", code)
	}
}

// OfTransport tells whether an error came of the way to the provider, or of time that ran out, rather than of an answer.
func OfTransport(err error) bool {
	_, ofURL := errors.AsType[*url.Error](err)
	_, ofNet := errors.AsType[net.Error](err)
	return ofURL || ofNet || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// WithoutURL takes the address, which may carry a key, out of an error of net/http.
func WithoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
