package local_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/local"
)

const bootstrap = `
admin:
  address: {socket_address: {address: 127.0.0.1, port_value: 0}}
static_resources:
  listeners:
  - name: edge
    address: {socket_address: {address: 127.0.0.1, port_value: %d}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: edge
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes: [{match: {prefix: /}, route: {cluster: backend}}]
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
  clusters:
  - name: backend
    load_assignment:
      cluster_name: backend
      endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}}]}]
`

// startEnvoy starts Envoy in front of the backend and gives the address that it listens on.
func startEnvoy(t *testing.T, backend *httptest.Server) (*local.Envoy, string) {
	t.Helper()
	port, err := local.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	var backendPort int
	if _, err := fmt.Sscanf(backend.URL, "http://127.0.0.1:%d", &backendPort); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "envoy.yaml")
	if err := os.WriteFile(config, fmt.Appendf(nil, bootstrap, port, backendPort), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := local.StartEnvoy(t.Context(), local.EnvoyConfig{
		Path: os.Getenv("TRIPGEN_TEST_ENVOY"), Bootstrap: config, LogFile: filepath.Join(dir, "envoy.log"),
		Concurrency: 1, Drain: 5 * time.Second,
	})
	needs(t, err, local.ErrNoEnvoy)
	t.Cleanup(func() {
		if err := e.Close(deadline(t, 10*time.Second)); err != nil {
			t.Error(err)
		}
	})
	return e, local.Address(port)
}

func get(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

func TestEnvoyServesAndLetsARequestInFlightEnd(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-release
		io.WriteString(w, "whole answer")
	}))
	defer backend.Close()
	envoy, addr := startEnvoy(t, backend)

	type answer struct {
		body string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		body, err := get(context.Background(), "http://"+addr)
		answers <- answer{body, err}
	}()
	<-arrived
	closed := make(chan error, 1)
	go func() { closed <- envoy.Close(deadline(t, 10*time.Second)) }()
	await(t, 5*time.Second, "readiness goes off", func() bool {
		body, err := get(t.Context(), "http://"+envoy.Admin()+"/ready")
		return err == nil && strings.Contains(body, "DRAINING")
	})
	close(release)
	if got := <-answers; got.err != nil || got.body != "whole answer" {
		t.Errorf("the request in flight got %q, %v", got.body, got.err)
	}
	if err := <-closed; err != nil {
		t.Errorf("Close = %v", err)
	}
	if _, err := get(t.Context(), "http://"+addr); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("after Close: %v", err)
	}
}

func TestAnEnvoyThatCrashesIsReported(t *testing.T) {
	t.Parallel()
	backend := httptest.NewServer(http.NotFoundHandler())
	defer backend.Close()
	envoy, _ := startEnvoy(t, backend)
	running := make(chan error, 1)
	go func() { running <- envoy.Run(context.Background()) }()
	if err := syscall.Kill(envoy.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-running; err == nil || !strings.Contains(err.Error(), "Envoy ended: signal: killed") {
		t.Errorf("Run = %v", err)
	}
}

func TestABadEnvoyConfigurationFailsWithItsReason(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := filepath.Join(dir, "envoy.yaml")
	if err := os.WriteFile(config, []byte("admin: {}\nlisteners: wrong\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := local.StartEnvoy(t.Context(), local.EnvoyConfig{
		Path: os.Getenv("TRIPGEN_TEST_ENVOY"), Bootstrap: config, LogFile: filepath.Join(dir, "envoy.log"),
	})
	if err == nil {
		t.Fatal("started on a bad configuration")
	}
	if !strings.Contains(err.Error(), "listeners") {
		needs(t, err, local.ErrNoEnvoy)
	}
}

func TestAMissingEnvoySaysWhatToDo(t *testing.T) {
	t.Parallel()
	_, err := local.FindEnvoy("/nowhere/envoy")
	if !errors.Is(err, local.ErrNoEnvoy) || !strings.Contains(err.Error(), "make envoy") {
		t.Errorf("FindEnvoy = %v", err)
	}
}
