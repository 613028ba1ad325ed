package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/config"
	"github.com/tripgen/tripgen/internal/simulator/anthropic"
	"github.com/tripgen/tripgen/internal/simulator/openmeteo"
)

// simulateCmd runs simulators of the outside providers.
type simulateCmd struct {
	Listen string `help:"Where to listen." default:"127.0.0.1:7090"`
	claudeFlags
}

// claudeFlags say how the simulated Claude behaves.
type claudeFlags struct {
	ClaudeP50    time.Duration `name:"claude-p50" help:"Half of the simulated Claude's answers take at most this long." default:"800ms"`
	ClaudeP99    time.Duration `name:"claude-p99" help:"All but one in a hundred take at most this long." default:"2.5s"`
	ClaudeErrors float64       `name:"claude-errors" help:"Share of calls that are refused, 0 to 1." default:"0"`
}

// Help is the long help.
func (simulateCmd) Help() string {
	return `Speaks the wire formats of Anthropic's Messages API (/v1/messages) and Open-Meteo (/v1/forecast) on one address, for machines without keys or a network. What it answers is made up and says so: "simulated": true.

  tripgen simulate --claude-p50 2.5s --claude-p99 12s --claude-errors 0.05`
}

// Run is the command.
func (s *simulateCmd) Run(ctx context.Context) error {
	log := newLog(config.Default())
	return app.Run(ctx, app.Options{Log: log, Shutdown: simulatorStop}, func(ctx context.Context, g *app.Group) error {
		simulators, err := startSimulators(ctx, s.Listen, s.claudeFlags)
		if err != nil {
			return err
		}
		g.Add(simulators.part())
		fmt.Fprintln(os.Stdout, "simulators at "+simulators.url())
		return nil
	})
}

const simulatorStop = 5 * time.Second

// simulators is one server with all simulators.
type simulators struct {
	server   *http.Server
	listener net.Listener
}

func startSimulators(ctx context.Context, listen string, claude claudeFlags) (*simulators, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("simulators: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/messages", anthropic.New(anthropic.Config{P50: claude.ClaudeP50, P99: claude.ClaudeP99, ErrorRate: claude.ClaudeErrors}).Handler())
	weather := openmeteo.Handler()
	mux.Handle("/v1/forecast", weather)
	mux.Handle("/v1/air-quality", weather)
	return &simulators{server: &http.Server{Handler: mux, ReadHeaderTimeout: simulatorStop}, listener: listener}, nil
}

func (s *simulators) url() string { return "http://" + s.listener.Addr().String() }

func (s *simulators) part() app.Part {
	return app.Part{
		Name: "simulators",
		Run: func(ctx context.Context) error {
			stop := context.AfterFunc(ctx, func() { _ = s.server.Close() }) // its calls are made-up answers: nothing is lost
			defer stop()
			if err := s.server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		},
		Close: func(context.Context) error { return s.server.Close() },
	}
}
