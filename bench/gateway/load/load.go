// Package load makes calls and measures them.
package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Config says what to call and how.
type Config struct {
	URL, Body string
	// ContentType is JSON if empty.
	ContentType string
	// Authorization are values of that header, one after the other; none sends none.
	Authorization []string
	// Connections is how many HTTP/2 connections are used, without TLS; 0 is HTTP/1.1 with as many as are needed.
	Connections int
}

// Target is one way to one call.
type Target struct {
	Config
	clients []*http.Client
	next    atomic.Uint64
}

// New makes a target; it connects with the first call.
func New(c Config) *Target {
	t := &Target{Config: c}
	for range max(1, c.Connections) {
		transport := &http.Transport{Protocols: new(http.Protocols), MaxIdleConnsPerHost: 1000}
		transport.Protocols.SetUnencryptedHTTP2(c.Connections > 0)
		transport.Protocols.SetHTTP1(c.Connections == 0)
		t.clients = append(t.clients, &http.Client{Transport: transport})
	}
	return t
}

// Call makes one call and wants it to go well.
func (t *Target) Call(ctx context.Context) error {
	n := t.next.Add(1)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL, strings.NewReader(t.Body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", cmp.Or(t.ContentType, "application/json"))
	if len(t.Authorization) > 0 {
		req.Header.Set("Authorization", t.Authorization[n%uint64(len(t.Authorization))])
	}
	res, err := t.clients[n%uint64(len(t.clients))].Do(req)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s %s", t.URL, res.Status, body)
	}
	return nil
}

// Result is what a run measured.
type Result struct {
	times []time.Duration
	span  time.Duration
	// Dropped are calls that were not made, as too many were under way.
	Dropped int
}

// PerSecond is how many calls ended well in a second.
func (r Result) PerSecond() float64 { return float64(len(r.times)) / r.span.Seconds() }

// Count is how many calls ended well.
func (r Result) Count() int { return len(r.times) }

// Quantile is in milliseconds.
func (r Result) Quantile(q float64) float64 {
	if len(r.times) == 0 {
		return 0
	}
	slices.Sort(r.times)
	return float64(r.times[int(q*float64(len(r.times)-1))]) / float64(time.Millisecond)
}

// Times wraps what a caller measured by itself.
func Times(times []time.Duration, span time.Duration) Result { return Result{times: times, span: span} }

// Closed calls with so many callers, each as soon as its last call is answered.
func (t *Target) Closed(ctx context.Context, callers int, span time.Duration) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, span+10*time.Second)
	defer cancel()
	all := make([][]time.Duration, callers)
	failures := make(chan error, callers)
	began := time.Now()
	var done sync.WaitGroup
	for i := range callers {
		done.Go(func() {
			for time.Since(began) < span {
				at := time.Now()
				if err := t.Call(ctx); err != nil {
					failures <- err
					return
				}
				all[i] = append(all[i], time.Since(at))
			}
		})
	}
	done.Wait()
	r := Result{times: slices.Concat(all...), span: time.Since(began)}
	select {
	case err := <-failures:
		return r, err
	default:
		return r, nil
	}
}

// Open calls at a steady rate, whatever the answers do; times count from when a call was due. Calls that would be more
// than 1,000 under way are Dropped and told.
func (t *Target) Open(ctx context.Context, perSecond float64, span time.Duration) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, span+10*time.Second)
	defer cancel()
	var (
		mu       sync.Mutex
		r        Result
		failure  error
		done     sync.WaitGroup
		underWay = make(chan struct{}, 1000)
	)
	began := time.Now()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for sent := 0; time.Since(began) < span; <-ticker.C {
		for ; float64(sent) < time.Since(began).Seconds()*perSecond; sent++ {
			due := began.Add(time.Duration(float64(sent) / perSecond * float64(time.Second)))
			select {
			case underWay <- struct{}{}:
			default:
				r.Dropped++
				continue
			}
			done.Go(func() {
				err := t.Call(ctx)
				took := time.Since(due)
				<-underWay
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					failure = err
					return
				}
				r.times = append(r.times, took)
			})
		}
	}
	done.Wait()
	r.span = time.Since(began)
	return r, failure
}
