// Package faults makes a simulated provider misbehave: slow by a distribution, failing, busy, cut short, with renamed or
// missing fields, or hanging; for all calls by configuration (flags or the admin call), or for one by a header.
package faults

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Header asks for faults of one call: "hang", "truncate", "rename", "missing", "status=503", "busy=2" (seconds to wait) and
// "latency=300ms", separated by commas.
const Header = "X-Simulate-Fault"

// maxBody bounds a question.
const maxBody = 1 << 20

// Config is how a provider misbehaves. Rates are shares of the calls, 0 to 1. The zero value does not misbehave.
type Config struct {
	// P50 and P99 of a call's time, log-normal between them.
	P50 Duration `json:"p50"`
	P99 Duration `json:"p99"`
	// ErrorRate of calls answered with Status; zero Status for 503.
	ErrorRate float64 `json:"error_rate"`
	Status    int     `json:"status"`
	// BusyRate of calls answered with 429, and the seconds that these are told to wait.
	BusyRate   float64 `json:"busy_rate"`
	RetryAfter int     `json:"retry_after"`
	// TruncateRate of answers that end in the middle, RenameRate of those whose fields have other names, MissingRate of
	// those that lack half of their fields, HangRate of calls that get no answer.
	TruncateRate float64 `json:"truncate_rate"`
	RenameRate   float64 `json:"rename_rate"`
	MissingRate  float64 `json:"missing_rate"`
	HangRate     float64 `json:"hang_rate"`
}

// Duration is a time.Duration that is written as in Go ("300ms").
type Duration time.Duration

// UnmarshalText reads it.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// MarshalText writes it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// Check says what is wrong with a configuration.
func (c Config) Check() error {
	for name, rate := range map[string]float64{
		"error_rate": c.ErrorRate, "busy_rate": c.BusyRate, "truncate_rate": c.TruncateRate, "rename_rate": c.RenameRate,
		"missing_rate": c.MissingRate, "hang_rate": c.HangRate,
	} {
		if math.IsNaN(rate) || rate < 0 || rate > 1 {
			return fmt.Errorf("%s is %v, not within 0 to 1", name, rate)
		}
	}
	if c.Status != 0 && (c.Status < 400 || c.Status > 599) {
		return fmt.Errorf("status is %d, not an error", c.Status)
	}
	if c.P50 < 0 || c.P99 < c.P50 {
		return errors.New("p99 is below p50, or one is negative")
	}
	return nil
}

// Provider is a simulated provider with faults.
type Provider struct {
	handler http.Handler
	config  atomic.Pointer[Config]
	calls   atomic.Int64

	mu     sync.Mutex
	random *rand.Rand
}

// New puts faults before a provider. Seed drives the drawing.
func New(handler http.Handler, c Config, seed uint64) *Provider {
	p := &Provider{handler: handler, random: rand.New(rand.NewPCG(seed, 1))}
	p.Configure(c)
	return p
}

// Configure changes how the provider misbehaves, from the next call on.
func (p *Provider) Configure(c Config) { p.config.Store(&c) }

// Calls is how many calls came so far.
func (p *Provider) Calls() int64 { return p.calls.Load() }

// plan is what happens to one call.
type plan struct {
	latency                         time.Duration
	status, retryAfter              int
	hang, truncate, rename, missing bool
}

// ServeHTTP answers a call, or does not.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.calls.Add(1)
	plan, err := p.plan(r.Header.Get(Header))
	if err != nil {
		http.Error(w, Header+": "+err.Error(), http.StatusBadRequest)
		return
	}
	if err := buffer(r); err != nil {
		http.Error(w, "the body cannot be read", http.StatusBadRequest)
		return
	}
	if plan.latency > 0 {
		timer := time.NewTimer(plan.latency)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
	}
	switch {
	case plan.hang:
		<-r.Context().Done()
	case plan.status != 0 && isGRPC(r):
		refuseGRPC(w, plan)
	case plan.status != 0:
		if plan.retryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(plan.retryAfter))
		}
		http.Error(w, `{"error":{"code":`+strconv.Itoa(plan.status)+`,"message":"simulated"}}`, plan.status)
	case plan.truncate || (plan.rename || plan.missing) && !isGRPC(r): // protobuf's fields have numbers, not names
		p.spoil(w, r, plan)
	default:
		p.handler.ServeHTTP(w, r)
	}
}

// buffer reads the body: only then does net/http notice that a caller over HTTP/1.1 hung up.
func buffer(r *http.Request) error {
	if r.ProtoMajor != 1 || r.ContentLength == 0 {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	r.Body = io.NopCloser(bytes.NewReader(body))
	return err
}

func (p *Provider) plan(header string) (plan, error) {
	c := *p.config.Load()
	p.mu.Lock()
	hit := func(rate float64) bool { return rate > 0 && p.random.Float64() < rate }
	made := plan{
		hang: hit(c.HangRate), truncate: hit(c.TruncateRate), rename: hit(c.RenameRate), missing: hit(c.MissingRate),
		latency: draw(p.random, time.Duration(c.P50), time.Duration(c.P99)),
	}
	if hit(c.ErrorRate) {
		made.status = c.Status
		if made.status == 0 {
			made.status = http.StatusServiceUnavailable
		}
	}
	if hit(c.BusyRate) {
		made.status, made.retryAfter = http.StatusTooManyRequests, c.RetryAfter
	}
	p.mu.Unlock()
	return made, made.read(header)
}

// read adds what a header asks for.
func (p *plan) read(header string) error {
	if header == "" {
		return nil
	}
	for _, fault := range strings.Split(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(fault), "=")
		var err error
		switch name {
		case "hang":
			p.hang = true
		case "truncate":
			p.truncate = true
		case "rename":
			p.rename = true
		case "missing":
			p.missing = true
		case "status":
			if p.status, err = strconv.Atoi(value); err == nil && (p.status < 400 || p.status > 599) {
				err = fmt.Errorf("%d is not an error", p.status)
			}
		case "busy":
			p.status = http.StatusTooManyRequests
			p.retryAfter, err = strconv.Atoi(value)
		case "latency":
			p.latency, err = time.ParseDuration(value)
		default:
			err = fmt.Errorf("no fault %q", name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// draw gives a time of the log-normal distribution with these quantiles.
func draw(random *rand.Rand, p50, p99 time.Duration) time.Duration {
	if p50 <= 0 {
		return 0
	}
	const z99 = 2.3263 // the normal distribution's
	sigma := math.Log(float64(max(p99, p50))/float64(p50)) / z99
	return time.Duration(float64(p50) * math.Exp(sigma*random.NormFloat64()))
}

// Admin answers GET (how a provider misbehaves) and PUT (from now on) of /PROVIDER.
func Admin(providers map[string]*Provider) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{provider}", func(w http.ResponseWriter, r *http.Request) {
		p, ok := providers[r.PathValue("provider")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(p.config.Load()) //nolint:errchkjson // plain data; a caller that hung up is not told
	})
	mux.HandleFunc("PUT /{provider}", func(w http.ResponseWriter, r *http.Request) {
		p, ok := providers[r.PathValue("provider")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		var c Config
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&c)
		if err == nil {
			err = c.Check()
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		p.Configure(c)
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}
