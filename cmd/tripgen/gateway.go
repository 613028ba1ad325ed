package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"time"

	"github.com/tripgen/tripgen/envoy"
	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/config"
	"github.com/tripgen/tripgen/internal/local"
)

// gateway is the Envoy that `up` puts in front of the services.
type gateway struct {
	// Listen and Admin are its addresses, Program its path (empty looks for it), Dir where its files go.
	Listen, Admin, Program, Dir string
}

// check tells of a taken port before anything is started.
func (w gateway) check() error {
	if err := local.CheckPort(w.Listen, "the gateway", "--listen HOST:PORT"); err != nil {
		return err
	}
	if err := local.CheckPort(w.Admin, "the gateway's admin interface", "--admin HOST:PORT"); err != nil {
		return err
	}
	_, err := local.FindEnvoy(w.Program)
	return err
}

func (w gateway) start(ctx context.Context, g *app.Group, c config.Config) error {
	if err := envoy.Write(w.Dir, envoy.Config{
		Listen: w.Listen, Admin: w.Admin, Issuer: c.Auth.Issuer, Audience: c.Auth.Audience,
		AccessLog: filepath.Join(w.Dir, "access.log"),
		Endpoints: map[envoy.Cluster][]string{
			envoy.User: {c.Listen.User}, envoy.Trip: {c.Listen.Trip}, envoy.AI: {c.Listen.AI}, envoy.Location: {c.Listen.Location},
		},
	}); err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	running, err := local.StartEnvoy(ctx, local.EnvoyConfig{
		Path: w.Program, Bootstrap: filepath.Join(w.Dir, envoy.Bootstrap), LogFile: filepath.Join(w.Dir, "envoy.log"),
	})
	if err != nil {
		return err
	}
	g.Add(app.Part{Name: "Envoy", Run: running.Run, Close: running.Close})
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
