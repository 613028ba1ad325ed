package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/authn/authntest"
	"github.com/tripgen/tripgen/internal/config"
	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/internal/rpc"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1/tripv1connect"
)

// machine is a configuration whose database, Redis and Kafka are there.
func machineConfig(t *testing.T, issuer *authntest.Issuer) config.Config {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	c := config.Default()
	c.Postgres.Trip, c.Postgres.Migrate = config.Secret(postgrestest.NewURL(t)), true
	c.Redis.URL = config.Secret("redis://" + miniredis.RunT(t).Addr() + "/0")
	c.Kafka.Brokers = cluster.ListenAddrs()
	c.Seal.KeyFile, c.Seal.Create = filepath.Join(t.TempDir(), "keys.json"), true
	c.Auth.Issuer, c.Auth.JWKSURL = issuer.URL(), issuer.URL()
	c.Clients.Trip.Secret = "s"
	c.Listen.Trip = "127.0.0.1:0"
	return c
}

// trips reads its database, so that a call shows the whole way.
type trips struct {
	tripv1connect.UnimplementedTripServiceHandler
	*role
}

func (s *trips) GetTrip(ctx context.Context, _ *tripv1.GetTripRequest) (*tripv1.GetTripResponse, error) {
	var name string
	if err := s.Pool.QueryRow(ctx, "SELECT name FROM trip").Scan(&name); err != nil {
		return nil, err
	}
	return nil, errs.NotFound(errs.ReasonNotFound, name, name)
}

func TestARoleIsWiredRunsAndStops(t *testing.T) {
	t.Parallel()
	issuer := authntest.New(t)
	settings := machineConfig(t, issuer)
	if err := settings.Validate(app.Trip); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	var wired *role
	w := wiring{
		needs: wirings()[app.Trip].needs,
		migrations: fstest.MapFS{"00001_trip.sql": {Data: []byte(
			"-- +goose Up\nCREATE TABLE trip (name text); INSERT INTO trip VALUES ('from the database');\n",
		)}},
		wire: func(_ context.Context, r *role) error {
			options, err := r.Handlers(rpc.Deps{})
			if err != nil {
				return err
			}
			r.Server.Handle(tripv1connect.NewTripServiceHandler(&trips{role: r}, options...))
			wired = r
			return nil
		},
	}
	err := app.Run(ctx, app.Options{Log: log, Shutdown: 10 * time.Second}, func(ctx context.Context, g *app.Group) error {
		p, err := newProcess(ctx, g, settings, log)
		if err != nil {
			return err
		}
		if err := p.take(ctx, app.Trip, w); err != nil {
			return err
		}
		g.Add(app.Part{Name: "test", Run: func(ctx context.Context) error {
			use(ctx, t, "http://"+wired.Server.Addr(), issuer.Token("user_1", "trips.read"))
			cancel() // as a signal does
			<-ctx.Done()
			return nil
		}})
		return nil
	})
	if err != nil {
		t.Errorf("Run = %v", err)
	}
	if err := wired.Pool.Ping(context.Background()); err == nil {
		t.Error("the pool is open after the end")
	}
}

// use calls the running role.
func use(ctx context.Context, t *testing.T, base, token string) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", nil)
	if err != nil {
		t.Error(err)
		return
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = res.Body.Close() }()
	var report app.Report
	if err := json.NewDecoder(res.Body).Decode(&report); err != nil || !report.Ready {
		t.Errorf("readiness is %+v, %v", report, err)
	}
	for _, part := range []string{"postgres", "redis", "kafka"} {
		if report.Dependencies[part].State != "ok" {
			t.Errorf("%s is %+v", part, report.Dependencies[part])
		}
	}
	req, err = http.NewRequestWithContext(ctx, http.MethodPost, base+tripv1connect.TripServiceGetTripProcedure,
		strings.NewReader(`{"tripId":"trip_01890a5d-ac96-774b-bcce-b302099a8057"}`))
	if err != nil {
		t.Error(err)
		return
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	res, err = http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = res.Body.Close() }()
	var body struct{ Code, Message string }
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil || body.Code != "not_found" || body.Message != "from the database" {
		t.Errorf("GetTrip is %d %+v, %v", res.StatusCode, body, err)
	}
}

func TestEveryRoleIsInTheMap(t *testing.T) {
	t.Parallel()
	for _, name := range app.Roles() {
		if w, ok := wirings()[name]; !ok || w.wire == nil || len(w.needs) == 0 {
			t.Errorf("%s is not wired", name)
		}
	}
}

func TestAStartThatFailsSaysWhyInOneLine(t *testing.T) {
	t.Parallel()
	settings := config.Default()
	settings.Seal.KeyFile = "/nowhere/keys.json"
	err := app.Run(t.Context(), app.Options{Log: slog.New(slog.DiscardHandler), Shutdown: time.Second},
		func(ctx context.Context, g *app.Group) error {
			return build(ctx, g, settings, slog.New(slog.DiscardHandler), []app.Role{app.Trip})
		})
	if !errors.Is(err, os.ErrNotExist) || strings.Contains(app.OneLine(err), "\n") || !strings.HasPrefix(err.Error(), "start: trip: ") {
		t.Errorf("Run = %v", err)
	}
}
