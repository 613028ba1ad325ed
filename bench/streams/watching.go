package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"connectrpc.com/connect"

	"github.com/tripgen/tripgen/bench/report"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1/aiv1connect"
)

// streamsPerConnection is a little below what the gateway allows a connection.
const streamsPerConnection = 90

func connections(watchers int) int {
	return (watchers + streamsPerConnection - 1) / streamsPerConnection
}

// watching is many watchers and what they see.
type watching struct {
	cancel  context.CancelFunc
	running sync.WaitGroup
	opened  chan struct{}

	mu sync.Mutex
	// closing tells that streams end because we end them.
	closing bool
	took    report.Times
	wrong   int
	err     error
}

func newWatching(n int) *watching {
	return &watching{opened: make(chan struct{}, n), cancel: func() {}}
}

const openLimit = time.Minute

// open opens a watcher for each generation and waits until each has its first event.
func (w *watching) open(ctx context.Context, url, token string, generations []string) error {
	// As in life, nobody says beforehand when they will stop watching.
	unbounded, cancel := context.WithCancel(context.WithoutCancel(ctx))
	w.cancel = cancel
	for first := 0; first < len(generations); first += streamsPerConnection {
		transport := &http.Transport{Protocols: new(http.Protocols)}
		transport.Protocols.SetUnencryptedHTTP2(true)
		client := aiv1connect.NewGenerationServiceClient(&http.Client{Transport: transport}, url)
		group := generations[first:min(first+streamsPerConnection, len(generations))]
		w.running.Go(func() {
			// One call before the others makes the connection: all at once would dial one each.
			_, _ = client.GetGeneration(unbounded, &aiv1.GetGenerationRequest{GenerationId: group[0]})
			for _, id := range group {
				w.running.Go(func() { w.follow(unbounded, client, token, id) })
			}
		})
	}
	timer := time.NewTimer(openLimit)
	defer timer.Stop()
	for n := range generations {
		select {
		case <-w.opened:
		case <-timer.C:
			return fmt.Errorf("%d of %d watchers are open after %v: %w", n, len(generations), openLimit, w.failed())
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (w *watching) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// follow watches one generation.
func (w *watching) follow(ctx context.Context, client aiv1connect.GenerationServiceClient, token, id string) {
	ctx, info := connect.NewClientContext(ctx)
	info.RequestHeader().Set("Authorization", "Bearer "+token)
	stream, err := client.WatchGeneration(ctx, &aiv1.WatchGenerationRequest{GenerationId: id})
	if err != nil {
		w.note(err)
		return
	}
	defer stream.Close() //nolint:errcheck // a read stream
	last := int64(0)
	for stream.Receive() {
		event := stream.Msg().GetEvent()
		if event.GetHeartbeat() != nil {
			continue
		}
		if last == 0 {
			w.opened <- struct{}{}
		} else {
			w.arrived(time.Since(event.GetTime().AsTime()), event.GetSequence() == last+1)
		}
		last = event.GetSequence()
	}
	w.note(stream.Err())
}

func (w *watching) arrived(took time.Duration, next bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.took = append(w.took, took)
	if !next {
		w.wrong++
	}
}

func (w *watching) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.took)
}

func (w *watching) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil && !w.closing {
		w.err = err
	}
}

// close ends all watchers.
func (w *watching) close() {
	w.mu.Lock()
	w.closing = true
	w.mu.Unlock()
	w.cancel()
	w.running.Wait()
}
