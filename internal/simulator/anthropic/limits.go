package anthropic

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// bucket is one of the provider's limits: it holds a minute's worth at most and fills evenly.
type bucket struct {
	limit int // per minute; zero for no bound
	level float64
	at    time.Time
}

// fill brings the level up to now. A changed limit starts full.
func (b *bucket) fill(limit int, now time.Time) {
	if b.limit != limit {
		b.limit, b.level = limit, float64(limit)
	} else {
		b.level = min(float64(limit), b.level+now.Sub(b.at).Minutes()*float64(limit))
	}
	b.at = now
}

// wait is how long it takes until the bucket holds so much; what is larger than the limit has to find it full.
func (b *bucket) wait(need float64) time.Duration {
	missing := min(need, float64(b.limit)) - b.level
	if b.limit == 0 || missing <= 0 {
		return 0
	}
	return time.Duration(missing / float64(b.limit) * float64(time.Minute))
}

// tell writes the headers of a limit, rounded as the provider does.
func (b *bucket) tell(h http.Header, name string, round float64, now time.Time) {
	if b.limit == 0 {
		return
	}
	name = "Anthropic-Ratelimit-" + name
	h.Set(name+"-Limit", strconv.Itoa(b.limit))
	remaining := math.Floor(b.level)
	if round > 1 {
		remaining = math.Round(b.level/round) * round
	}
	h.Set(name+"-Remaining", strconv.Itoa(max(0, int(remaining))))
	h.Set(name+"-Reset", now.Add(b.wait(float64(b.limit))).UTC().Format(time.RFC3339))
}

// admit takes a call from the limits as the provider does: the call and its uncached input at once, the output as it is
// produced (see produced), so that a call is admitted as long as any output is left. A wait above zero refuses the call.
// The limits are told in the headers either way, unless they are silent.
func (s *Simulator) admit(c Config, u usage, h http.Header) (wait time.Duration) {
	const tokensRounded = 1000
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.calls.fill(c.CallsPerMinute, now)
	s.input.fill(c.InputTokensPerMinute, now)
	s.output.fill(c.OutputTokensPerMinute, now)
	input := float64(u.InputTokens + u.CacheCreationInputTokens)
	wait = max(s.calls.wait(1), s.input.wait(input), s.output.wait(1))
	if wait == 0 {
		s.calls.level--
		s.input.level -= input
	}
	if c.SilentLimits {
		return wait
	}
	s.calls.tell(h, "Requests", 1, now)
	s.input.tell(h, "Input-Tokens", tokensRounded, now)
	s.output.tell(h, "Output-Tokens", tokensRounded, now)
	return wait
}

// produced takes output from its limit.
func (s *Simulator) produced(tokens float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.output.level -= tokens
}
