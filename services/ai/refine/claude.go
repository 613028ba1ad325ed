package refine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/tripgen/tripgen/services/ai"
)

// Config says how Claude is reached.
type Config struct {
	Key, BaseURL string
	// Model gives the model's name for the next call.
	Model func() string
	// HTTP is nil for a client of its own.
	HTTP *http.Client
}

// Claude is the model, reached over the Messages API. It neither retries nor bounds anything: that is the caller's,
// who knows what time there is.
type Claude struct {
	messages anthropic.MessageService
	model    func() string
}

// NewClaude makes a client. Nothing is taken from the environment.
func NewClaude(c Config) *Claude {
	options := []option.RequestOption{option.WithAPIKey(c.Key), option.WithBaseURL(c.BaseURL), option.WithMaxRetries(0), option.WithMiddleware(overhear)}
	if c.HTTP != nil {
		options = append(options, option.WithHTTPClient(c.HTTP))
	}
	return &Claude{messages: anthropic.NewMessageService(options...), model: c.Model}
}

const (
	// tokensPerDay bounds the answer: a day of a dozen stops with texts in two languages takes about half.
	tokensPerDay    = 4000
	tokensForWishes = 2000
)

// Days answers a brief.
func (c *Claude) Days(ctx context.Context, b Brief, yield func(Answer)) (ai.Cost, error) {
	message, err := ask(b)
	if err != nil {
		return ai.Cost{}, err
	}
	return c.stream(ctx, b.City, message, instructions, daysSchema(b.City), tokensPerDay*len(b.Days), func(r io.Reader) error {
		return elements(r, "days", func(a Answer) {
			if clean(&a, b) {
				yield(a)
			}
		})
	})
}

// Wishes says what became of the traveller's words.
func (c *Claude) Wishes(ctx context.Context, b Brief) ([]Wish, ai.Cost, error) {
	message, err := ask(b)
	if err != nil {
		return nil, ai.Cost{}, err
	}
	var wishes []Wish
	cost, err := c.stream(ctx, b.City, message, wishInstructions, wishesSchema(), tokensForWishes, func(r io.Reader) error {
		return elements(r, "wishes", func(w Wish) {
			text, ok := plain(w.Wish, wishMost)
			w.Wish, w.Why = text, plainText(w.Why, textMost)
			if ok && text != "" && w.Why != (Text{}) {
				wishes = append(wishes, w)
			}
		})
	})
	return wishes, cost, err
}

// stream makes a call and hands its output to read while it comes in.
func (c *Claude) stream(ctx context.Context, city City, message, system string, schema map[string]any, tokens int, read func(io.Reader) error) (ai.Cost, error) {
	model := c.model()
	params, err := params(model, city, message, system, schema, tokens)
	if err != nil {
		return ai.Cost{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream := c.messages.NewStreaming(ctx, params)
	defer func() { _ = stream.Close() }()

	output, input := io.Pipe()
	parsed := make(chan error, 1)
	go func() {
		err := read(output)
		// What follows the answer is not read: let the writer go on.
		_ = output.CloseWithError(io.ErrClosedPipe)
		parsed <- err
	}()
	var answer anthropic.Message
	for stream.Next() {
		event := stream.Current()
		if err := answer.Accumulate(event); err != nil {
			cancel()
			_ = input.CloseWithError(err)
			<-parsed
			return costOf(model, answer.Usage), fmt.Errorf("claude's stream: %w", err)
		}
		if delta, ok := event.AsAny().(anthropic.ContentBlockDeltaEvent); ok {
			_, _ = io.WriteString(input, delta.Delta.Text) // fails only after the answer was read
		}
	}
	_ = input.CloseWithError(io.EOF)
	parseErr := <-parsed
	cost := costOf(model, answer.Usage)
	switch {
	case stream.Err() != nil:
		return cost, describe(stream.Err())
	case answer.StopReason != anthropic.StopReasonEndTurn:
		return cost, fmt.Errorf("claude stopped with %q", answer.StopReason)
	case parseErr != nil:
		return cost, fmt.Errorf("claude's answer: %w", parseErr)
	}
	return cost, nil
}

func params(model string, city City, message, system string, schema map[string]any, tokens int) (anthropic.MessageNewParams, error) {
	places, err := catalogue(city)
	if err != nil {
		return anthropic.MessageNewParams{}, err
	}
	return anthropic.MessageNewParams{
		Model:     anthropic.Model(model),
		MaxTokens: int64(tokens),
		System: []anthropic.TextBlockParam{
			{Text: system},
			{Text: places, CacheControl: anthropic.NewCacheControlEphemeralParam()},
		},
		Messages:     []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(message))},
		OutputConfig: anthropic.OutputConfigParam{Format: anthropic.JSONOutputFormatParam{Schema: schema}},
	}, nil
}

// elements decodes the elements of the array that an object has under a name, each as soon as it is complete.
func elements[T any](r io.Reader, name string, yield func(T)) error {
	decoder := json.NewDecoder(r)
	for _, want := range []json.Token{json.Delim('{'), name, json.Delim('[')} {
		got, err := decoder.Token()
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("%v where %v was expected", got, want)
		}
	}
	for decoder.More() {
		var element T
		if err := decoder.Decode(&element); err != nil {
			return err
		}
		yield(element)
	}
	_, err := decoder.Token()
	return err
}

// BusyError says that the provider's limit is reached.
type BusyError struct {
	// RetryAfter is how long the provider asks to wait; zero if it does not say.
	RetryAfter time.Duration
	cause      error
}

// Error is the text for the log.
func (e *BusyError) Error() string {
	return fmt.Sprintf("claude is busy for %v: %v", e.RetryAfter, e.cause)
}

// Unwrap gives the cause.
func (e *BusyError) Unwrap() error { return e.cause }

// RefusedError says that the same call would fail again.
type RefusedError struct{ cause error }

// Error is the text for the log.
func (e *RefusedError) Error() string { return "claude refused: " + e.cause.Error() }

// Unwrap gives the cause.
func (e *RefusedError) Unwrap() error { return e.cause }

// The status of an overloaded provider, besides 429.
const statusOverloaded = 529

func describe(err error) error {
	api, ok := errors.AsType[*anthropic.Error](err)
	if !ok {
		return fmt.Errorf("claude: %w", err)
	}
	// The SDK's text holds the request's dump in some versions; status and id are enough.
	brief := fmt.Errorf("status %d, request %s", api.StatusCode, api.RequestID)
	switch {
	case api.StatusCode == http.StatusTooManyRequests || api.StatusCode == statusOverloaded:
		return &BusyError{RetryAfter: retryAfter(api.Response), cause: brief}
	case api.StatusCode >= 400 && api.StatusCode < 500 && api.StatusCode != http.StatusRequestTimeout:
		return &RefusedError{cause: brief}
	default:
		return fmt.Errorf("claude: %w", brief)
	}
}

func retryAfter(r *http.Response) time.Duration {
	if r == nil {
		return 0
	}
	seconds, err := strconv.Atoi(r.Header.Get("retry-after"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
