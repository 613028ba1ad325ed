package oauth

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// queued is how many may wait for each one that is under way, and queuePatience for how long: enough for many who come
	// in the same moment, too little for a queue that never ends.
	queued        = 3
	queuePatience = 250 * time.Millisecond
	// retryAfter is what those who are shed are told, in seconds.
	retryAfter = "1"
	shed       = `{"error":"temporarily_unavailable"}` + "\n"
)

// gate lets so many requests in at once, some more wait a little, and refuses the others.
type gate struct {
	running *semaphore.Weighted
	present atomic.Int64
	most    int64
}

func newGate(atOnce int) *gate {
	return &gate{running: semaphore.NewWeighted(int64(atOnce)), most: int64(atOnce) * (1 + queued)}
}

// enter tells whether the request may go on; then leave follows.
func (g *gate) enter(ctx context.Context) bool {
	if g.present.Add(1) <= g.most && g.turn(ctx) {
		return true
	}
	g.present.Add(-1)
	return false
}

func (g *gate) turn(ctx context.Context) bool {
	if g.running.TryAcquire(1) {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, queuePatience)
	defer cancel()
	return g.running.Acquire(ctx, 1) == nil
}

func (g *gate) leave() {
	g.running.Release(1)
	g.present.Add(-1)
}

// admit sheds what is too much. It stands before everything else: a refusal must cost far less than an answer.
func (s *Server) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.gate.enter(r.Context()) {
			if s.Shed != nil {
				s.Shed()
			}
			header := w.Header()
			header.Set("Cache-Control", "no-store")
			header.Set("Content-Type", "application/json")
			header.Set("Retry-After", retryAfter)
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, shed) // the client has gone if this fails
			return
		}
		defer s.gate.leave()
		next.ServeHTTP(w, r)
	})
}
