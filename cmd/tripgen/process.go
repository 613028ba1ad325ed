package main

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"strconv"

	"connectrpc.com/connect"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/authn"
	"github.com/tripgen/tripgen/internal/authn/revoked"
	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/config"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/kafka/dead"
	"github.com/tripgen/tripgen/internal/metering"
	"github.com/tripgen/tripgen/internal/page"
	"github.com/tripgen/tripgen/internal/resilience"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/internal/seal"
	"github.com/tripgen/tripgen/internal/telemetry"
)

// process is what all roles of a process share.
type process struct {
	*app.Group
	Config  config.Config
	Log     *slog.Logger
	Metrics *prometheus.Registry
	Clock   clock.Clock
	IDs     id.Source
	// Guards are the process's circuit breakers.
	Guards *resilience.Set
	// Tokens checks callers' access tokens, and Revoked knows those that are refused before their time.
	Tokens  *authn.Verifier
	Revoked *revoked.Set
	// Meter counts what clients use.
	Meter *metering.Meter

	// Opened for the first role that needs them; see need.
	Redis *redis.Client
	Kafka kafka.Config
	Seal  *seal.Sealer
	Pages *page.Tokens

	transport *http.Transport
	taken     map[app.Role]int
}

// role is what a role is wired from: what the process shares, and its own database, server, readiness and identity.
type role struct {
	*process
	Role  app.Role
	Log   *slog.Logger
	Ready *app.Readiness
	// Server gets the handlers; it is started after the wiring.
	Server *rpc.Server
	// Instance registers the metrics of this instance of the role: a process may take a role on more than once.
	Instance prometheus.Registerer
	// Pool is on the role's own database (the worker's is that of ai), where the role needs one.
	Pool *pgxpool.Pool

	migrations fs.FS
}

// Handlers are the options for the role's handlers; deps may name what is special about them.
func (r *role) Handlers(deps rpc.Deps) ([]connect.HandlerOption, error) {
	deps.Log, deps.Tokens, deps.Metrics, deps.Meter = r.Log, r.Tokens, r.Metrics, r.Meter
	return rpc.HandlerOptions(deps)
}

// Client calls other services as this role: its token goes along. With it belong the options of rpc.ClientOptions.
func (r *role) Client() *http.Client {
	own := credentials(r.Config, r.Role)
	return rpc.NewHTTPClient(r.transport, authn.ServiceTokens(context.Background(), authn.ClientConfig{
		TokenURL: r.Config.Auth.TokenURL, ID: own.ID, Secret: own.Secret.Reveal(), Audience: r.Config.Auth.Audience,
		HTTP: &http.Client{Timeout: tokenTimeout},
	}))
}

// kafkaWriter is a writer of the role, behind the process's breaker of Kafka.
func kafkaWriter(r *role) kafka.GuardedWriter {
	writer := kafka.NewWriter(r.Kafka)
	r.Add(kafka.Part("kafka writer of "+string(r.Role), writer))
	return kafka.Guarded(writer, r.Guards.Guard(kafka.GuardPolicy()))
}

// deadLetters get the messages that the role's consumers cannot process.
func deadLetters(r *role, w dead.Writer) *dead.Letters {
	return &dead.Letters{Writer: w, IDs: r.IDs, Clock: r.Clock, Log: r.Log}
}

// build wires the roles into g: first what they share, then each with its server last, so that it stops first.
func build(ctx context.Context, g *app.Group, c config.Config, log *slog.Logger, roles []app.Role) error {
	p, err := newProcess(ctx, g, c, log)
	if err != nil {
		return err
	}
	for _, name := range roles {
		if err := p.take(ctx, name, wirings()[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return p.talkToUser(roles)
}

func newProcess(ctx context.Context, g *app.Group, c config.Config, log *slog.Logger) (*process, error) {
	traces, err := telemetry.StartTraces(ctx, telemetry.TraceConfig{
		Service: "tripgen", Version: version, Endpoint: c.Trace.Endpoint, Ratio: c.Trace.Ratio,
	})
	if err != nil {
		return nil, err
	}
	g.Add(traces)
	metrics := telemetry.NewMetrics()
	guards, err := resilience.NewSet(metrics)
	if err != nil {
		return nil, err
	}
	transport := rpc.Transport()
	g.Add(app.Part{Name: "client connections", Close: func(context.Context) error {
		transport.CloseIdleConnections()
		return nil
	}})
	known := new(revoked.Set)
	return &process{
		Group: g, Config: c, Log: log, Metrics: metrics, Clock: clock.System{}, IDs: id.Random{}, Guards: guards,
		Tokens: authn.NewVerifier(authn.VerifierConfig{
			Issuer: c.Auth.Issuer, Audience: c.Auth.Audience, KeysURL: c.Auth.JWKSURL,
			Client: &http.Client{Timeout: tokenTimeout}, Revoked: known,
		}),
		Revoked: known, Meter: metering.New(clock.System{}),
		transport: transport, taken: make(map[app.Role]int),
	}, nil
}

// take wires one role: what it needs, itself, and its server.
func (p *process) take(ctx context.Context, name app.Role, w wiring) error {
	p.taken[name]++
	instance := prometheus.Labels{"role": string(name), "instance": strconv.Itoa(p.taken[name])}
	log := p.Log.With("role", string(name))
	r := &role{
		process: p, Role: name, Log: log, Ready: p.Readiness(), migrations: w.migrations,
		Instance: prometheus.WrapRegistererWith(instance, p.Metrics),
	}
	for _, need := range w.needs {
		if err := need(ctx, r); err != nil {
			return err
		}
	}
	r.Server = rpc.NewServer(rpc.ServerConfig{
		Name: string(name), Addr: address(p.Config, name), Log: log, Ready: r.Ready, Metrics: p.Metrics,
	})
	if err := w.wire(ctx, r); err != nil {
		return err
	}
	p.Guards.Show(r.Ready)
	server, err := r.Server.Listen(ctx)
	if err != nil {
		return err
	}
	p.Add(server)
	return nil
}

func newLog(c config.Config) *slog.Logger {
	return telemetry.NewLog(os.Stderr, telemetry.Format(c.Log.Format), c.Log.Level)
}
