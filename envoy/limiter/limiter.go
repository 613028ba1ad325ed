// Package limiter runs the global rate limiter, github.com/envoyproxy/ratelimit, as a process of its own on what
// envoy.Write has written.
package limiter

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/tripgen/tripgen/envoy"
	"github.com/tripgen/tripgen/internal/local"
	"github.com/tripgen/tripgen/internal/local/process"
)

// Config says where the limiter is and what it counts by.
type Config struct {
	// Program is its path; see [Find].
	Program string
	// Listen is where Envoy asks, host:port.
	Listen string
	// Dir is the folder that envoy.Write filled. The quotas in it may change at any time.
	Dir string
	// Redis is where the counters are: redis://[user:password@]host:port, or rediss://.
	Redis string
	// LogFile takes its log, appended.
	LogFile string
}

// ErrNone says that the limiter is not installed.
var ErrNone = errors.New("the global rate limiter is not installed: run `make ratelimit` in the source tree")

// Find looks for the program: beside Envoy's, where `make ratelimit` puts it, then below the working directory, then on
// the PATH.
func Find(envoyProgram string) (string, error) {
	for _, candidate := range []string{filepath.Join(filepath.Dir(envoyProgram), "ratelimit"), filepath.Join(".cache", "bin", "ratelimit"), "ratelimit"} {
		if found, err := exec.LookPath(candidate); err == nil {
			return filepath.Abs(found)
		}
	}
	return "", ErrNone
}

// Environment is how the program is told all this, wherever it runs; the health endpoint is at health, its debug
// endpoint at debug.
func (c Config) Environment(health, debug string) ([]string, error) {
	redis, err := url.Parse(c.Redis)
	if err != nil || redis.Host == "" {
		return nil, errors.New("address of the limiter's Redis: want redis://HOST:PORT")
	}
	vars := []string{
		"LOG_LEVEL=warn", "USE_STATSD=false", "DISABLE_STATS=true",
		"RUNTIME_ROOT=" + filepath.Join(c.Dir, envoy.LimiterRoot), "RUNTIME_SUBDIRECTORY=" + envoy.LimiterFolder, "RUNTIME_WATCH_ROOT=false",
		"REDIS_SOCKET_TYPE=tcp", "REDIS_URL=" + redis.Host, fmt.Sprintf("REDIS_TLS=%t", redis.Scheme == "rediss"),
		// Envoy waits no longer than 100 ms in all.
		"REDIS_TIMEOUT=80ms", "CACHE_KEY_PREFIX=tripgen:limit:",
		// Those over their limit are refused from memory.
		"LOCAL_CACHE_SIZE_IN_BYTES=1048576",
	}
	if password, ok := redis.User.Password(); ok {
		if name := redis.User.Username(); name != "" {
			password = name + ":" + password
		}
		vars = append(vars, "REDIS_AUTH="+password)
	}
	for _, at := range []struct{ prefix, address string }{{"GRPC_", c.Listen}, {"", health}, {"DEBUG_", debug}} {
		host, port, err := net.SplitHostPort(at.address)
		if err != nil {
			return nil, fmt.Errorf("address of the limiter: %w", err)
		}
		vars = append(vars, at.prefix+"HOST="+host, at.prefix+"PORT="+port)
	}
	return vars, nil
}

// Start starts the limiter and waits until it counts.
func Start(ctx context.Context, c Config) (*process.Process, error) {
	var ports [2]string
	for i := range ports {
		port, err := local.FreePort()
		if err != nil {
			return nil, err
		}
		ports[i] = local.Address(port)
	}
	vars, err := c.Environment(ports[0], ports[1])
	if err != nil {
		return nil, err
	}
	running, err := process.Start(process.Command{
		Name: "rate limiter", Path: c.Program, Env: append(os.Environ(), vars...), LogFile: c.LogFile,
		// It has nothing to save, and on SIGTERM it waits for Envoy to hang up.
		StopSignal: syscall.SIGKILL,
	})
	if err != nil {
		return nil, err
	}
	if err := running.Await(ctx, func(ctx context.Context) error { return healthy(ctx, ports[0]) }); err != nil {
		return nil, errors.Join(err, running.Close(context.WithoutCancel(ctx)))
	}
	return running, nil
}

func healthy(ctx context.Context, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/healthcheck", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // nothing is read
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the rate limiter is not healthy: %s", res.Status)
	}
	return nil
}
