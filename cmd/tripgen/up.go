package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tripgen/tripgen/envoy"
	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/config"
	"github.com/tripgen/tripgen/internal/local"
	"github.com/tripgen/tripgen/internal/telemetry"
)

// upCmd runs everything on one machine.
type upCmd struct {
	Listen    string `help:"Where the gateway listens." default:"127.0.0.1:8080"`
	Admin     string `help:"Where Envoy's admin interface listens; never make it public." default:"127.0.0.1:9901"`
	TLS       string `name:"tls" help:"Where the gateway listens with TLS as well, for others than this machine; with --tls-cert and --tls-key." placeholder:"HOST:PORT"`
	TLSCert   string `name:"tls-cert" help:"Certificate chain (PEM) of --tls; a new file in its place is taken." placeholder:"FILE" type:"path"`
	TLSKey    string `name:"tls-key" help:"Private key (PEM) of --tls." placeholder:"FILE" type:"path"`
	State     string `help:"The folder that everything is kept in." default:".tripgen" type:"path"`
	Postgres  string `help:"Use this PostgreSQL server (postgres://…) instead of our own; databases tripgen_… are made on it." placeholder:"URL"`
	Redis     string `help:"Use this Redis (redis://…) instead of the one in this process." placeholder:"URL"`
	Kafka     string `help:"Use this Kafka broker instead of the one in this process." placeholder:"HOST:PORT"`
	Envoy     string `help:"Envoy's program; default: .cache/bin/envoy, then the PATH." placeholder:"FILE"`
	Workers   int    `help:"How many workers." default:"2"`
	Providers string `help:"What stands in for a provider that there is no key for: simulated, or real, which is Open-Meteo for the weather and nobody for what needs a key." enum:"simulated,real" default:"simulated"`
	Demo      bool   `help:"Plan a trip as a new traveller, print it, and end."`
	claudeFlags
}

// Help is the long help.
func (upCmd) Help() string {
	return `Starts PostgreSQL (the installed server's programs), Redis and Kafka (in this process, Kafka durable), simulators of the providers that there is no key for, all services, the workers, and Envoy in front. State is kept in --state and survives a restart. Ctrl-C stops all of it.

  tripgen up                                     everything
  tripgen up --demo                              and a trip to Munich, then the end
  tripgen up --redis redis://127.0.0.1:6379/0    with a Redis of your own
  ANTHROPIC_API_KEY=… tripgen up                 with the real Claude
  tripgen up --providers real                    nothing simulated: Open-Meteo's weather, places as far as there are keys`
}

// Run is the command.
func (u *upCmd) Run(ctx context.Context, c *commands) error {
	settings, err := c.settings()
	if err != nil {
		return err
	}
	if u.Workers < 1 || u.Workers > 16 {
		return errors.New("--workers: want 1 to 16")
	}
	if err := os.MkdirAll(u.State, 0o755); err != nil {
		return err
	}
	lock, err := local.LockFolder(u.State)
	if err != nil {
		return err
	}
	defer lock.Close() //nolint:errcheck // the end of the process frees it as well
	logFile, err := os.OpenFile(filepath.Join(u.State, "tripgen.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer logFile.Close() //nolint:errcheck // nothing can be done about it at the end
	log := telemetry.NewLog(logFile, telemetry.Format(settings.Log.Format), settings.Log.Level)
	return u.run(ctx, os.Stdout, settings, log)
}

func (u *upCmd) run(ctx context.Context, out io.Writer, settings config.Config, log *slog.Logger) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	gate := gateway{Listen: u.Listen, Admin: u.Admin, Program: u.Envoy, Dir: filepath.Join(u.State, "envoy"), Log: log}
	if u.TLS != "" {
		gate.TLS = &envoy.TLS{Listen: u.TLS, Certificate: u.TLSCert, Key: u.TLSKey}
	}
	if err := gate.check(); err != nil {
		return err
	}
	settings.Auth.Issuer = "http://" + u.Listen
	m := &machine{
		Dir: u.State, Postgres: u.Postgres, Redis: u.Redis, Kafka: u.Kafka, Providers: u.Providers, Claude: u.claudeFlags, Log: log,
	}
	var demoErr error
	options := app.Options{Log: log, Shutdown: settings.Process.Shutdown}
	err := app.Run(ctx, options, func(ctx context.Context, g *app.Group) error {
		started := time.Now()
		settings, err := m.start(ctx, g, settings)
		if err != nil {
			return err
		}
		if err := build(ctx, g, settings, log, u.roles()); err != nil {
			return err
		}
		if err := gate.start(ctx, g, settings); err != nil {
			return err
		}
		g.Add(app.Part{Name: "welcome", Run: func(ctx context.Context) error {
			if err := gate.awaitOpen(ctx); err != nil {
				return err
			}
			u.welcome(out, m.told, time.Since(started))
			if u.Demo {
				demoErr = u.demo(ctx, out)
				end()
			}
			<-ctx.Done()
			return nil
		}})
		return nil
	})
	return errors.Join(err, demoErr)
}

// roles are all of them, the worker as often as asked for.
func (u *upCmd) roles() []app.Role {
	return append(app.Roles(), slices.Repeat([]app.Role{app.Worker}, u.Workers-1)...)
}

func (u *upCmd) welcome(out io.Writer, told [][2]string, took time.Duration) {
	fmt.Fprintf(out, "TripGen is up after %.1f s.\n", took.Seconds())
	row := func(what, text string) { fmt.Fprintf(out, "  %-11s %s\n", what, text) }
	row("Gateway", "http://"+u.Listen+" (Connect, gRPC, gRPC-Web, OAuth 2.1)")
	row("Admin", "http://"+u.Admin+" (Envoy's own)")
	row("Metrics", "http://"+u.Admin+"/stats/prometheus")
	for _, part := range told {
		row(part[0], part[1])
	}
	row("State", u.State+" (log: tripgen.log, envoy/access.log)")
	if !u.Demo {
		fmt.Fprintf(out, "Plan a trip in another terminal: tripgen plan --url http://%s\nCtrl-C stops everything.\n", u.Listen)
	}
}

// demo plans a trip as a new traveller would.
func (u *upCmd) demo(ctx context.Context, out io.Writer) error {
	fmt.Fprintln(out)
	plan := planCmd{
		URL: "http://" + u.Listen, Stay: []string{"Munich:3"}, Mode: "public-transport", DayStart: "09:00", Lang: "en",
		Request: "We love old paintings; grandmother needs breaks.", Explain: true,
	}
	if err := plan.run(ctx, out); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nEnvoy's admin is at http://%s, metrics at http://%s/stats/prometheus while TripGen runs: `make up` keeps it running.\n", u.Admin, u.Admin)
	return nil
}
