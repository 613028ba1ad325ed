package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"github.com/tripgen/tripgen/envoy"
	"github.com/tripgen/tripgen/envoy/limiter"
	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/config"
	"github.com/tripgen/tripgen/internal/local"
)

// gateway is the Envoy that `up` puts in front of the services, with its limiter.
type gateway struct {
	// Listen and Admin are its addresses, Program its path (empty looks for it), Dir where its files go.
	Listen, Admin, Program, Dir string
	// TLS is its listener for others than this machine, if any.
	TLS *envoy.TLS
	Log *slog.Logger
}

// check tells of a taken port before anything is started.
func (w gateway) check() error {
	if err := local.CheckPort(w.Listen, "the gateway", "--listen HOST:PORT"); err != nil {
		return err
	}
	if err := local.CheckPort(w.Admin, "the gateway's admin interface", "--admin HOST:PORT"); err != nil {
		return err
	}
	if w.TLS != nil {
		if w.TLS.Certificate == "" || w.TLS.Key == "" {
			return errors.New("--tls: want --tls-cert and --tls-key with it")
		}
		if err := local.CheckPort(w.TLS.Listen, "the gateway with TLS", "--tls HOST:PORT"); err != nil {
			return err
		}
	}
	_, err := local.FindEnvoy(w.Program)
	return err
}

// machineQuotas let all tests and demos of a machine pass, which come from one address; what a caller may do by itself
// is limited as everywhere.
var machineQuotas = envoy.Quotas{IdentityPerAddress: 6000, TokenPerAddress: 60000, GenerationPerCaller: 600}

func (w gateway) start(ctx context.Context, g *app.Group, c config.Config) error {
	port, err := local.FreePort()
	if err != nil {
		return err
	}
	files := envoy.Config{
		Listen: w.Listen, TLS: w.TLS, Admin: w.Admin, Issuer: c.Auth.Issuer, Audience: c.Auth.Audience,
		AccessLog: filepath.Join(w.Dir, "access.log"), TraceURL: c.Trace.Endpoint, TraceRatio: c.Trace.Ratio,
		Limiters: []string{local.Address(port)}, Quotas: machineQuotas,
		Endpoints: map[envoy.Cluster][]string{
			envoy.User: {c.Listen.User}, envoy.Trip: {c.Listen.Trip}, envoy.AI: {c.Listen.AI}, envoy.Location: {c.Listen.Location},
		},
	}
	if err := envoy.Write(w.Dir, files); err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	if err := w.startLimiter(ctx, g, files.Limiters[0], c.Redis.URL.Reveal()); err != nil {
		return err
	}
	running, err := local.StartEnvoy(ctx, local.EnvoyConfig{
		Path: w.Program, Bootstrap: filepath.Join(w.Dir, envoy.Bootstrap), LogFile: filepath.Join(w.Dir, "envoy.log"),
	})
	if err != nil {
		return err
	}
	g.Add(app.Part{Name: "Envoy", Run: running.Run, Close: running.Close})
	part, err := revocationFiles(c, w.Dir, w.Log)
	if err != nil {
		return err
	}
	g.Add(part)
	return nil
}

// startLimiter goes on without a limiter where it is not installed: limits of each gateway hold without it.
func (w gateway) startLimiter(ctx context.Context, g *app.Group, listen, redis string) error {
	program, err := local.FindEnvoy(w.Program)
	if err != nil {
		return err
	}
	found, err := limiter.Find(program)
	if errors.Is(err, limiter.ErrNone) {
		w.Log.WarnContext(ctx, "nothing is counted across gateways", "error", err)
		return nil
	}
	if err != nil {
		return err
	}
	running, err := limiter.Start(ctx, limiter.Config{
		Program: found, Listen: listen, Dir: w.Dir, Redis: redis, LogFile: filepath.Join(w.Dir, "limiter.log"),
	})
	if err != nil {
		return err
	}
	g.Add(app.Part{Name: "rate limiter", Run: running.Run, Close: running.Close})
	return nil
}

const (
	openPoll  = 50 * time.Millisecond
	openLimit = 30 * time.Second
)

// awaitOpen waits until the gateway answers for every service and has the keys to check tokens with.
func (w gateway) awaitOpen(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, openLimit)
	defer cancel()
	for _, probe := range []struct {
		path string
		want int
	}{
		{"/.well-known/jwks.json", http.StatusOK},
		// Without a token; 401 says that the route and the keys are there.
		{"/tripgen.trip.v1.TripService/ListTrips", http.StatusUnauthorized},
	} {
		if err := w.await(ctx, probe.path, probe.want); err != nil {
			return err
		}
	}
	return nil
}

func (w gateway) await(ctx context.Context, path string, want int) error {
	ticker := time.NewTicker(openPoll)
	defer ticker.Stop()
	for {
		status, err := get(ctx, "http://"+w.Listen+path)
		if err == nil && status == want {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the gateway does not answer at %s (last: status %d, %w)", path, status, err)
		case <-ticker.C:
		}
	}
}

func get(ctx context.Context, url string) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}
