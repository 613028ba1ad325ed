package anthropic_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	sdk "github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/tripgen/tripgen/internal/simulator/anthropic"
)

func client(t *testing.T, s *anthropic.Simulator) sdk.MessageService {
	t.Helper()
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return sdk.NewMessageService(option.WithBaseURL(server.URL), option.WithAPIKey("any"), option.WithMaxRetries(0))
}

func ask(text string) sdk.MessageNewParams {
	return sdk.MessageNewParams{
		Model: sdk.ModelClaudeHaiku4_5, MaxTokens: 100, System: []sdk.TextBlockParam{{Text: "system"}},
		Messages: []sdk.MessageParam{sdk.NewUserMessage(sdk.NewTextBlock(text))},
	}
}

func TestTheSDKReadsWholeAndStreamedAnswersThatSayTheyAreSimulated(t *testing.T) {
	t.Parallel()
	messages := client(t, anthropic.New(anthropic.Config{}))
	whole, err := messages.New(t.Context(), ask("hello"))
	if err != nil {
		t.Fatal(err)
	}
	stream := messages.NewStreaming(t.Context(), ask("hello"))
	var streamed sdk.Message
	for stream.Next() {
		if err := streamed.Accumulate(stream.Current()); err != nil {
			t.Fatal(err)
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	for _, m := range []*sdk.Message{whole, &streamed} {
		if len(m.Content) != 1 || !strings.Contains(m.Content[0].Text, "simulated") || m.StopReason != sdk.StopReasonEndTurn {
			t.Errorf("answer is %v, stopped by %s", m.Content, m.StopReason)
		}
		if m.Usage.OutputTokens == 0 {
			t.Error("no output tokens are counted")
		}
	}
	if whole.Usage.CacheCreationInputTokens == 0 || streamed.Usage.CacheReadInputTokens != whole.Usage.CacheCreationInputTokens {
		t.Errorf("cache: written %d, then read %d", whole.Usage.CacheCreationInputTokens, streamed.Usage.CacheReadInputTokens)
	}
}

func TestBusyCallsAreToldWhenToComeBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config anthropic.Config
		least  int // seconds
	}{
		"by rate":            {anthropic.Config{BusyRate: 1, RetryAfter: 7 * time.Second}, 7},
		"by calls":           {anthropic.Config{CallsPerMinute: 1, RetryAfter: 7 * time.Second}, 60},
		"by tokens taken in": {anthropic.Config{InputTokensPerMinute: 1}, 60},
		"by tokens given":    {anthropic.Config{OutputTokensPerMinute: 1, RetryAfter: 90 * time.Second}, 90},
	} {
		messages := client(t, anthropic.New(c.config))
		var err error
		for range 2 {
			_, err = messages.New(t.Context(), ask("hello"))
		}
		var api *sdk.Error
		if !errors.As(err, &api) || api.StatusCode != http.StatusTooManyRequests {
			t.Fatalf("%s: %v", name, err)
		}
		if after, err := strconv.Atoi(api.Response.Header.Get("Retry-After")); err != nil || after < c.least {
			t.Errorf("%s: told to wait %d s, %v", name, after, err)
		}
	}
}

func TestLimitsAreToldInTheHeadersAndWhatIsCachedIsFree(t *testing.T) {
	t.Parallel()
	messages := client(t, anthropic.New(anthropic.Config{CallsPerMinute: 10, InputTokensPerMinute: 100_000, OutputTokensPerMinute: 10_000}))
	question := ask("hello")
	question.System = []sdk.TextBlockParam{{Text: strings.Repeat("four", 20_000)}}
	for call, want := range []map[string]string{
		{"Requests-Remaining": "9", "Input-Tokens-Remaining": "80000", "Output-Tokens-Remaining": "10000"},
		{"Requests-Remaining": "8", "Input-Tokens-Remaining": "80000", "Output-Tokens-Remaining": "10000"},
	} {
		var answer *http.Response
		if _, err := messages.New(t.Context(), question, option.WithResponseInto(&answer)); err != nil {
			t.Fatal(err)
		}
		want["Requests-Limit"], want["Input-Tokens-Limit"], want["Output-Tokens-Limit"] = "10", "100000", "10000"
		for name, value := range want {
			if got := answer.Header.Get("Anthropic-Ratelimit-" + name); got != value {
				t.Errorf("call %d: %s is %q, want %q", call, name, got, value)
			}
		}
		if reset, err := time.Parse(time.RFC3339, answer.Header.Get("Anthropic-Ratelimit-Requests-Reset")); err != nil || !reset.After(time.Now()) {
			t.Errorf("call %d: reset is %v, %v", call, reset, err)
		}
	}
}

func TestFailuresComeBeforeAndInTheMiddleOfAnswers(t *testing.T) {
	t.Parallel()
	messages := client(t, anthropic.New(anthropic.Config{ErrorRate: 1}))
	before, midway := 0, 0
	for range 40 {
		stream := messages.NewStreaming(t.Context(), ask("hello"))
		events := 0
		for stream.Next() {
			events++
		}
		switch {
		case stream.Err() == nil:
			t.Fatal("a call that fails has no error")
		case events == 0:
			before++
		default:
			midway++
		}
	}
	if before == 0 || midway == 0 {
		t.Errorf("%d failed before and %d in the middle", before, midway)
	}
}

func TestLatencyHasItsPercentiles(t *testing.T) {
	t.Parallel()
	s := anthropic.New(anthropic.Config{P50: 100 * time.Millisecond, P99: 480 * time.Millisecond, Seed: 1})
	messages := client(t, s)
	const n = 120
	took := make([]float64, n)
	done := make(chan struct{})
	for i := range n {
		go func() {
			defer func() { done <- struct{}{} }()
			began := time.Now()
			if _, err := messages.New(context.Background(), ask("hello")); err != nil {
				t.Error(err)
			}
			took[i] = time.Since(began).Seconds()
		}()
	}
	for range n {
		<-done
	}
	slices.Sort(took)
	// A busy machine makes calls longer, never shorter.
	if p50 := took[n/2]; p50 < 0.060 {
		t.Errorf("p50 is %.3f s", p50)
	}
	if longest := took[n-1]; longest < 0.25 {
		t.Errorf("longest is %.3f s: there is no tail", longest)
	}
}

func TestAnAbandonedCallIsNoticed(t *testing.T) {
	t.Parallel()
	s := anthropic.New(anthropic.Config{Hang: true})
	messages := client(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := messages.New(ctx, ask("hello")); err == nil {
		t.Fatal("a hanging call has answered")
	}
	for deadline := time.Now().Add(5 * time.Second); s.Counts().Abandoned == 0; {
		if time.Now().After(deadline) {
			t.Fatal("the abandoned call was not noticed")
		}
		time.Sleep(time.Millisecond) // nothing tells when the server's side has ended
	}
}

func TestDaysUseOnlyOfferedPlaces(t *testing.T) {
	t.Parallel()
	messages := client(t, anthropic.New(anthropic.Config{}))
	params := ask(`{"days":[{"number":2,"draft":[{"id":"a"},{"id":"b","fixed":true}],"options":["c"]}]}`)
	params.System = []sdk.TextBlockParam{{Text: `Catalogue:
{"places":[{"id":"a","ko":"가","en":"A","category":"X"},{"id":"c","ko":"다","en":"C","category":"X"},{"id":"z","category":"X"}]}`}}
	params.OutputConfig.Format.Schema = map[string]any{"type": "object", "properties": map[string]any{"days": map[string]any{}}}
	m, err := messages.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Days []struct {
			Number int
			Stops  []struct{ ID string }
		}
	}
	if err := json.Unmarshal([]byte(m.Content[0].Text), &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Days) != 1 || answer.Days[0].Number != 2 || len(answer.Days[0].Stops) != 2 || answer.Days[0].Stops[1].ID != "b" {
		t.Fatalf("answer is %+v", answer)
	}
	if first := answer.Days[0].Stops[0].ID; first != "a" && first != "c" {
		t.Errorf("%q was not offered", first)
	}
}
