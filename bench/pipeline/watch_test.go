package pipeline

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tripgen/tripgen/envoy"
	"github.com/tripgen/tripgen/internal/local"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1/aiv1connect"
	"github.com/tripgen/tripgen/services/ai/aitest"

	"github.com/tripgen/tripgen/bench/report"
)

const (
	watchers    = 1000
	watched     = 100 // generations, ten watchers each
	watchEvents = 40  // per generation
	watchRate   = 100 // events a second over all generations
	watchConns  = 16
)

// benchWatch measures from the writing of an event to each client that watches through Envoy.
func benchWatch(t *testing.T, r *report.Report) {
	s := aitest.Start(t, aitest.Options{Real: true, Log: quiet(), NoWorker: true, Conns: 16})
	url := startEnvoy(t, s)
	var generations []string
	for range watched {
		q := aitest.Request("munich", 1)
		s.Begin(t, q)
		generations = append(generations, q.GetGenerationId())
	}
	token := s.Server.Token(aitest.Owner, "generations")
	probe := aiv1connect.NewGenerationServiceClient(s.Server.Client(t, token), url)
	aitest.Await(t, func() bool { // Envoy fetches the issuer's keys after its start
		_, err := probe.ListGenerations(t.Context(), &aiv1.ListGenerationsRequest{})
		return err == nil
	})
	w := &watching{open: make(chan struct{}, watchers)}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	began := time.Now()
	for i := range watchConns {
		client := aiv1connect.NewGenerationServiceClient(s.Server.Client(t, token), url)
		for j := i; j < watchers; j += watchConns {
			running.Go(func() { w.follow(ctx, client, generations[j%watched]) })
		}
	}
	for range watchers {
		select {
		case <-w.open:
		case <-time.After(30 * time.Second):
			t.Fatalf("the watchers are not open after 30 s: %v", w.failed())
		}
	}
	opening := time.Since(began)
	paced(watched*watchEvents, watchRate, func(i int) {
		event := &aiv1.GenerationEvent{Time: timestamppb.Now(), Event: &aiv1.GenerationEvent_Progress{Progress: &aiv1.Progress{Percent: int32(i % 100), Stage: aiv1.GenerationStage_GENERATION_STAGE_REFINE}}}
		if _, err := s.Log.Append(ctx, generations[i%watched], event, i/watched, 0); err != nil {
			t.Error(err)
		}
	})
	time.Sleep(time.Second)
	cancel()
	running.Wait()
	want := watched * watchEvents * watchers / watched
	r.Add("## (e) From an event's writing to the clients, through Envoy\n\n%d watchers of %d generations over %d connections, all open after %.1f s; %d events a second, each to ten clients.\n", watchers, watched, watchConns, opening.Seconds(), watchRate)
	r.Add("| deliveries | missing | p50 | p99 | longest |\n|---|---|---|---|---|")
	r.Add("| %d | %d | %.1f ms | %.1f ms | %.1f ms |\n", len(w.took), want-len(w.took), millis(w.took.At(.5)), millis(w.took.At(.99)), millis(w.took.At(1)))
	r.Goal("event to client p99 at 1,000 watchers, ms", millis(w.took.At(.99)), "<=", 10)
	r.Goal("events missing", float64(want-len(w.took)), "<=", 0)
}

// watching collects what clients see.
type watching struct {
	open chan struct{}
	mu   sync.Mutex
	took report.Times
	err  error
}

// failed gives the first error of a watcher.
func (w *watching) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

func (w *watching) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
}

// follow watches one generation; the first event, which is there from the start, tells that the watching is on.
func (w *watching) follow(ctx context.Context, client aiv1connect.GenerationServiceClient, generationID string) {
	stream, err := client.WatchGeneration(ctx, &aiv1.WatchGenerationRequest{GenerationId: generationID})
	if err != nil {
		w.note(err)
		return
	}
	defer func() { _ = stream.Close() }()
	opened := false
	for stream.Receive() {
		now, event := time.Now(), stream.Msg().GetEvent()
		switch {
		case !opened:
			opened = true
			w.open <- struct{}{}
		case event.GetProgress() != nil && event.GetProgress().GetStage() != aiv1.GenerationStage_GENERATION_STAGE_QUEUED:
			w.mu.Lock()
			w.took = append(w.took, now.Sub(event.GetTime().AsTime()))
			w.mu.Unlock()
		}
	}
	w.note(stream.Err())
}

// startEnvoy puts Envoy in front of the stack as in life.
func startEnvoy(t *testing.T, s *aitest.Stack) string {
	t.Helper()
	address := func(url string) string { return strings.TrimPrefix(url, "http://") }
	var ports [2]string
	for i := range ports {
		port, err := local.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		ports[i] = local.Address(port)
	}
	dir := t.TempDir()
	ai := address(s.Server.BaseURL)
	err := envoy.Write(dir, envoy.Config{
		Listen: ports[0], Admin: ports[1], Issuer: s.Server.URL(), Audience: "tripgen", AccessLog: filepath.Join(dir, "access.log"),
		Endpoints: map[envoy.Cluster][]string{envoy.User: {ai}, envoy.Trip: {ai}, envoy.AI: {ai}, envoy.Location: {ai}},
	})
	if err != nil {
		t.Fatal(err)
	}
	running, err := local.StartEnvoy(t.Context(), local.EnvoyConfig{
		Path: os.Getenv("TRIPGEN_TEST_ENVOY"), Bootstrap: filepath.Join(dir, envoy.Bootstrap), LogFile: filepath.Join(dir, "envoy.log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = running.Close(context.Background()) })
	// All watchers come from one address and one client: what limits those is off.
	switches := "http://" + ports[1] + "/runtime_modify?gateway.limit.per_caller=0&gateway.limit.per_address=0"
	resp, err := http.Post(switches, "text/plain", nil) //nolint:noctx // a test's own gateway
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return "http://" + ports[0]
}
