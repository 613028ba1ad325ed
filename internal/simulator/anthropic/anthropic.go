// Package anthropic simulates Anthropic's Messages API, in its wire format, for machines without a key and for tests:
// streaming or not, with structured output, usage, errors in the middle of streams, limits with retry-after, and a
// latency of its own. What it answers is made of the question alone: it picks among the ids that the question offers,
// writes texts from the facts that stand in it, and every text says that it is simulated.
package anthropic

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Config says how the simulated provider behaves. It may be changed while it serves, see [Simulator.Configure].
type Config struct {
	// P50 and P99 of a call's time, log-normal between them; zero answers at once.
	P50, P99 time.Duration
	// ErrorRate is the share of calls that fail, half of them before and half of them in the middle of the answer.
	ErrorRate float64
	// BusyRate is the share of calls that are told to come back later.
	BusyRate float64
	// RetryAfter is what calls that are told to come back later are told; zero for a second. Where a limit refuses a call,
	// it is told to wait until the limit admits it if that is longer.
	RetryAfter time.Duration
	// CallsPerMinute, InputTokensPerMinute (without what is read from the cache) and OutputTokensPerMinute are the
	// provider's limits, told in every answer's headers; zero for no bound.
	CallsPerMinute, InputTokensPerMinute, OutputTokensPerMinute int
	// SilentLimits keeps the limits out of the headers, as some endpoints of the API do.
	SilentLimits bool
	// Hang keeps calls open without an answer.
	Hang bool
	// Seed drives the drawing of times and errors.
	Seed uint64
	// Answer replaces the answer to a question, for tests of hostile models; nil, or an empty text, for the usual one.
	Answer func(question json.RawMessage) string `json:"-"`
}

// Counts are what happened so far.
type Counts struct {
	Calls, Answered, Failed, Busy, Abandoned int64
	InputTokens, OutputTokens                int64
}

// Simulator is a simulated provider.
type Simulator struct {
	config atomic.Pointer[Config]

	mu     sync.Mutex
	random *rand.Rand
	counts Counts
	cached map[uint64]time.Time

	calls, input, output bucket
}

// New makes a simulator.
func New(c Config) *Simulator {
	s := &Simulator{random: rand.New(rand.NewPCG(c.Seed, 1)), cached: map[uint64]time.Time{}}
	s.config.Store(&c)
	return s
}

// Configure changes how the provider behaves from now on.
func (s *Simulator) Configure(c Config) { s.config.Store(&c) }

// Counts tells what happened so far.
func (s *Simulator) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// Handler answers POST /v1/messages.
func (s *Simulator) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/messages", s.messages)
	return mux
}

// request is what is read of a request.
type request struct {
	Model     string          `json:"model"`
	MaxTokens int             `json:"max_tokens"`
	Stream    bool            `json:"stream"`
	System    json.RawMessage `json:"system"`
	Messages  []struct {
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
	} `json:"messages"`
	OutputConfig struct {
		Format struct {
			Type   string          `json:"type"`
			Schema json.RawMessage `json:"schema"`
		} `json:"format"`
	} `json:"output_config"`
}

type usage struct {
	InputTokens              int `json:"input_tokens"`
	CacheCreationInputTokens int `json:"cache_creation_input_tokens"`
	CacheReadInputTokens     int `json:"cache_read_input_tokens"`
	OutputTokens             int `json:"output_tokens"`
}

// fate is what becomes of a call.
type fate struct {
	takes         time.Duration
	fails, midway bool
	busy          bool
}

const (
	maxRequest    = 8 << 20
	cacheLifetime = 5 * time.Minute
	charsPerToken = 4
	// z99 is the standard normal's 99th percentile.
	z99 = 2.3263478740408408
)

func (s *Simulator) messages(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Request-Id", fmt.Sprintf("req_simulated_%d", s.called()))
	w.Header().Set("X-Simulated", "true")
	if r.Header.Get("X-Api-Key") == "" {
		refuse(w, http.StatusUnauthorized, "authentication_error", "x-api-key header is required")
		return
	}
	var q request
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest)).Decode(&q); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request_error", "the body is not JSON: "+err.Error())
		return
	}
	if q.Model == "" || q.MaxTokens <= 0 || len(q.Messages) == 0 {
		refuse(w, http.StatusBadRequest, "invalid_request_error", "model, max_tokens and messages are required")
		return
	}
	c := *s.config.Load()
	f := s.draw(c)
	text, u := s.answer(c, q)
	wait := s.admit(c, u, w.Header())
	if f.busy || wait > 0 {
		s.count(func(n *Counts) { n.Busy++ })
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(max(c.RetryAfter, wait).Seconds())))))
		refuse(w, http.StatusTooManyRequests, "rate_limit_error", "this request would exceed the rate limit")
		return
	}
	s.remember(q)
	if q.Stream {
		s.stream(w, r, c, f, q.Model, text, u)
		return
	}
	s.whole(w, r, c, f, q.Model, text, u)
}

// draw decides what becomes of a call.
func (s *Simulator) draw(c Config) fate {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := fate{busy: s.random.Float64() < c.BusyRate}
	if s.random.Float64() < c.ErrorRate {
		f.fails, f.midway = true, s.random.IntN(2) == 0
	}
	if c.P50 > 0 {
		sigma := math.Log(float64(max(c.P99, c.P50))/float64(c.P50)) / z99
		f.takes = time.Duration(float64(c.P50) * math.Exp(sigma*s.random.NormFloat64()))
	}
	return f
}

// answer makes the text and counts its tokens; the system prompt is served from the cache where it was sent lately.
func (s *Simulator) answer(c Config, q request) (string, usage) {
	question := lastText(q)
	var text string
	if c.Answer != nil {
		text = c.Answer(json.RawMessage(question))
	}
	if text == "" {
		text = respond(q, question)
	}
	u := usage{InputTokens: len(question) / charsPerToken, OutputTokens: len(text)/charsPerToken + 1}
	prefix := len(q.System) / charsPerToken
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.cached[q.prefix()]) < cacheLifetime {
		u.CacheReadInputTokens = prefix
	} else {
		u.CacheCreationInputTokens = prefix
	}
	return text, u
}

// prefix names the system prompt.
func (q request) prefix() uint64 {
	h := fnv.New64a()
	_, _ = h.Write(q.System) // never fails
	return h.Sum64()
}

// remember keeps the system prompt of a call that was admitted in the cache.
func (s *Simulator) remember(q request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cached[q.prefix()] = time.Now()
}

func (s *Simulator) called() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.Calls++
	return s.counts.Calls
}

func (s *Simulator) count(change func(*Counts)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.counts)
}

func (s *Simulator) done(u usage) {
	s.count(func(n *Counts) {
		n.Answered++
		n.InputTokens += int64(u.InputTokens + u.CacheCreationInputTokens + u.CacheReadInputTokens)
		n.OutputTokens += int64(u.OutputTokens)
	})
}

// refuse answers with an error as the API does.
func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// The caller that hung up is the only thing that can go wrong here, and nobody is left to be told.
	_ = json.NewEncoder(w).Encode(map[string]any{ //nolint:errchkjson // plain data
		"type": "error", "error": map[string]string{"type": kind, "message": message},
	})
}

// lastText is the text of the last message of the user.
func lastText(q request) string {
	content := q.Messages[len(q.Messages)-1].Content
	var text string
	if json.Unmarshal(content, &text) == nil {
		return text
	}
	return joinBlocks(content)
}

// joinBlocks joins the texts of content blocks.
func joinBlocks(content json.RawMessage) string {
	var blocks []struct {
		Text string `json:"text"`
	}
	if json.Unmarshal(content, &blocks) != nil {
		return ""
	}
	joined := ""
	for _, b := range blocks {
		joined += b.Text
	}
	return joined
}
