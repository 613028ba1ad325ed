package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/tripgen/tripgen/internal/local/process"
)

// EnvoyConfig says how to start Envoy.
type EnvoyConfig struct {
	// Path of the program; empty looks for it with [FindEnvoy].
	Path string
	// Bootstrap is the configuration file. It must have an admin address; port 0 there takes a free one.
	Bootstrap string
	// LogFile takes Envoy's log, appended.
	LogFile string
	// LogLevel is one of Envoy's; empty means warning.
	LogLevel string
	// Concurrency is the number of worker threads; zero means one for each core.
	Concurrency int
	// Drain is how long Close lets requests in flight go on; zero means two seconds.
	Drain time.Duration
}

// Envoy is a running Envoy.
type Envoy struct {
	process *process.Process
	admin   string
	drain   time.Duration
	client  *http.Client
}

// ErrNoEnvoy says that Envoy is not installed, and what to do.
var ErrNoEnvoy = errors.New("Envoy is not installed: run `make envoy` in the source tree, " +
	"or name the program with --envoy")

// FindEnvoy looks for the program: the given path if any, then .cache/bin below the working directory, where
// `make envoy` puts it, then the PATH.
func FindEnvoy(path string) (string, error) {
	candidates := []string{path}
	if path == "" {
		candidates = []string{filepath.Join(".cache", "bin", "envoy"), "envoy"}
	}
	for _, candidate := range candidates {
		found, err := exec.LookPath(candidate)
		if err == nil {
			return filepath.Abs(found)
		}
	}
	if path != "" {
		return "", fmt.Errorf("no program at %s: %w", path, ErrNoEnvoy)
	}
	return "", ErrNoEnvoy
}

const (
	defaultDrain = 2 * time.Second
	adminTimeout = 2 * time.Second
)

// StartEnvoy starts Envoy and waits until it serves. Check the ports of its listeners with [CheckPort] first: of a
// taken one Envoy tells only in its log.
func StartEnvoy(ctx context.Context, c EnvoyConfig) (*Envoy, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	path, err := FindEnvoy(c.Path)
	if err != nil {
		return nil, err
	}
	adminFile, err := os.CreateTemp("", "envoy-admin-")
	if err != nil {
		return nil, fmt.Errorf("start Envoy: %w", err)
	}
	defer os.Remove(adminFile.Name())
	if err := adminFile.Close(); err != nil {
		return nil, fmt.Errorf("start Envoy: %w", err)
	}
	e := &Envoy{drain: c.Drain, client: &http.Client{Timeout: adminTimeout}}
	if e.drain == 0 {
		e.drain = defaultDrain
	}
	e.process, err = process.Start(process.Command{
		Name:    "Envoy",
		Path:    path,
		Args:    envoyArgs(c, adminFile.Name(), e.drain),
		LogFile: c.LogFile,
	})
	if err != nil {
		return nil, err
	}
	if err := e.process.Await(ctx, func(ctx context.Context) error { return e.ready(ctx, adminFile.Name()) }); err != nil {
		return nil, errors.Join(err, abandon(ctx, e.process))
	}
	return e, nil
}

func envoyArgs(c EnvoyConfig, adminFile string, drain time.Duration) []string {
	args := []string{
		"--config-path", c.Bootstrap,
		"--admin-address-path", adminFile,
		// With hot restart on, Envoy shares memory by number with any other Envoy of the machine.
		"--disable-hot-restart",
		// A misspelt field in a watched file must be refused, not passed over.
		"--reject-unknown-dynamic-fields",
		"--drain-time-s", strconv.Itoa(max(1, int(drain.Seconds()))),
		"--log-level", "warning",
	}
	if c.LogLevel != "" {
		args[len(args)-1] = c.LogLevel
	}
	if c.Concurrency > 0 {
		args = append(args, "--concurrency", strconv.Itoa(c.Concurrency))
	}
	return args
}

// ready learns the admin address on the first call that finds it and asks Envoy whether it serves.
func (e *Envoy) ready(ctx context.Context, adminFile string) error {
	if e.admin == "" {
		address, err := os.ReadFile(adminFile)
		if err != nil {
			return err
		}
		if len(address) == 0 {
			return errors.New("no admin address yet")
		}
		e.admin = strings.TrimSpace(string(address))
	}
	_, err := e.ask(ctx, http.MethodGet, "/ready")
	return err
}

// Admin is the host:port of Envoy's admin interface.
func (e *Envoy) Admin() string { return e.admin }

// Pid is Envoy's process id.
func (e *Envoy) Pid() int { return e.process.Pid() }

// Run waits until ctx ends, which is nil, or Envoy does, which is an error.
func (e *Envoy) Run(ctx context.Context) error { return e.process.Run(ctx) }

// Close stops new connections, lets requests in flight end for at most the drain time, and stops Envoy. At the end of
// ctx it is killed.
func (e *Envoy) Close(ctx context.Context) error {
	select {
	case <-e.process.Done():
		return nil
	default:
	}
	if err := e.drained(ctx); err != nil {
		return errors.Join(fmt.Errorf("drain Envoy: %w", err), e.process.Close(ctx))
	}
	return e.process.Close(ctx)
}

// drained turns health off, drains the listeners and waits for requests in flight. That some outlast the drain time is
// no error: a progress stream goes on for as long as its client listens.
func (e *Envoy) drained(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, e.drain)
	defer cancel()
	for _, command := range []string{"/healthcheck/fail", "/drain_listeners?graceful&skip_exit"} {
		if _, err := e.ask(ctx, http.MethodPost, command); err != nil {
			return err
		}
	}
	err := e.process.Await(ctx, func(ctx context.Context) error {
		active, err := e.activeRequests(ctx)
		if err == nil && active > 0 {
			err = fmt.Errorf("%d requests in flight", active)
		}
		return err
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// activeRequests counts the requests in flight on all listeners but the admin's own.
func (e *Envoy) activeRequests(ctx context.Context) (int, error) {
	body, err := e.ask(ctx, http.MethodGet, "/stats?format=json&filter="+url.QueryEscape(`^http\..*\.downstream_rq_active$`))
	if err != nil {
		return 0, err
	}
	var answer struct {
		Stats []struct {
			Name  string `json:"name"`
			Value int    `json:"value"`
		} `json:"stats"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, fmt.Errorf("read Envoy's statistics: %w", err)
	}
	active := 0
	for _, stat := range answer.Stats {
		if !strings.HasPrefix(stat.Name, "http.admin.") {
			active += stat.Value
		}
	}
	return active, nil
}

// ask calls the admin interface.
func (e *Envoy) ask(ctx context.Context, method, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+e.admin+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := e.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("Envoy says %s to %s: %s", response.Status, path, strings.TrimSpace(string(body)))
	}
	return body, nil
}
