package refine

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/tripgen/tripgen/services/ai"
)

// The provider's limits: calls, tokens of input (without what is served from the prompt cache) and tokens of output, each
// a minute.
const (
	ofRequests = iota
	ofInput
	ofOutput
	ofAll
)

var allowanceNames = [ofAll]string{"requests", "input-tokens", "output-tokens"}

// amounts are counted by limit.
type amounts [ofAll]float64

// allowance is one limit as the provider told it in an answer's headers: what remained then, filling up evenly since
// (a token bucket of a minute), without what calls under way will still take.
type allowance struct {
	limit, remaining float64 // a limit of zero was never told: there is none
	at               time.Time
	reserved         float64
	// kept is left alone: the provider tells tokens rounded to thousands.
	kept float64
}

// left is what remains now.
func (a *allowance) left(now time.Time) float64 {
	return min(a.limit, a.remaining+a.limit*now.Sub(a.at).Minutes())
}

// room is what may be taken now.
func (a *allowance) room(now time.Time) float64 {
	if a.limit == 0 {
		return math.Inf(1)
	}
	return a.left(now) - a.kept - a.reserved
}

// wait is how long it takes until there is room, if nothing else changes. What needs more than the whole limit waits
// until all of it is there.
func (a *allowance) wait(need float64, now time.Time) time.Duration {
	missing := min(need, a.limit-a.kept) - a.room(now)
	if a.limit == 0 || missing <= 0 {
		return 0
	}
	return max(time.Duration(missing/a.limit*float64(time.Minute)), time.Millisecond)
}

// heard takes in what an answer's headers tell of the limit; they count all callers of the provider. Answers overtake each
// other: of calls, which are counted exactly, and of tokens, unless it is the latest call's answer, only bad news is news.
func (a *allowance) heard(h http.Header, of int, latest bool, now time.Time) {
	name := "Anthropic-Ratelimit-" + allowanceNames[of]
	limit, err := strconv.ParseFloat(h.Get(name+"-Limit"), 64)
	remaining, err2 := strconv.ParseFloat(h.Get(name+"-Remaining"), 64)
	if err != nil || err2 != nil || !(limit > 0 && remaining >= 0) {
		return // an endpoint without this limit
	}
	if known := limit == a.limit; known && of == ofRequests {
		remaining = min(remaining, a.left(now)-1)
	} else if known && !latest {
		remaining = min(remaining, a.left(now))
	}
	a.limit, a.remaining, a.at = limit, remaining, now
	if of != ofRequests {
		a.kept = min(tokensRounded/2, limit/keptAtMost)
	}
}

const (
	// tokensRounded is what the provider rounds tokens to.
	tokensRounded = 1000
	// keptAtMost of a limit is the part of it that is left alone at most.
	keptAtMost = 20
)

// size is what a call is expected to need at most, before it is made.
type size struct {
	input, output float64
}

const (
	// bytesPerToken is on the low side for the prompts' mixture of JSON, English and Korean.
	bytesPerToken = 3
	// headroom is for calls that need more than the average.
	headroom = 1.25
	// learnShare is the weight of the latest call in the averages.
	learnShare = 1.0 / 8
)

// sizeOf measures a question about a city whose answer may have so many tokens.
func sizeOf(instructions string, city City, question any, output int) (size, error) {
	places, err := json.Marshal(city)
	if err != nil {
		return size{}, fmt.Errorf("catalogue of %s: %w", city.ID, err)
	}
	asked, err := json.Marshal(question)
	if err != nil {
		return size{}, fmt.Errorf("question: %w", err)
	}
	return size{float64(len(instructions)+len(places)+len(asked)) / bytesPerToken, float64(output)}, nil
}

// shares are what calls really took of their sizes, averaged: of the input less where it is cached, of the output less
// than the most.
type shares struct{ input, output float64 }

// need is what is to be reserved for a call.
func (s shares) need(z size) amounts {
	return amounts{1, z.input * min(1, s.input*headroom), z.output * min(1, s.output*headroom)}
}

func (s *shares) learn(z size, took amounts) {
	if z.input > 0 && z.output > 0 {
		s.input += learnShare * (took[ofInput]/z.input - s.input)
		s.output += learnShare * (took[ofOutput]/z.output - s.output)
	}
}

// counted is what the provider's limits count of a call.
func counted(c ai.Cost) amounts {
	return amounts{1, float64(c.InputTokens + c.CacheWriteTokens), float64(c.OutputTokens)}
}

type (
	listenerKey struct{}
	optionalKey struct{}
)

// listening lets listen hear the headers of the answers to calls made with the context.
func listening(ctx context.Context, listen func(http.Header)) context.Context {
	return context.WithValue(ctx, listenerKey{}, listen)
}

// overhear hands an answer's headers to who listens.
func overhear(q *http.Request, next func(*http.Request) (*http.Response, error)) (*http.Response, error) {
	answer, err := next(q)
	if listen, ok := q.Context().Value(listenerKey{}).(func(http.Header)); ok && answer != nil {
		listen(answer.Header)
	}
	return answer, err
}

// Optional marks calls that are worth making only while the provider's limits leave room: where they would have to wait,
// they fail with a [BusyError].
func Optional(ctx context.Context) context.Context {
	return context.WithValue(ctx, optionalKey{}, true)
}

func isOptional(ctx context.Context) bool { return ctx.Value(optionalKey{}) != nil }
