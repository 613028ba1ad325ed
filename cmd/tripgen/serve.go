package main

import (
	"context"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/config"
)

// serveCmd runs roles against the databases, Redis and Kafka that the configuration names.
type serveCmd struct {
	Roles []string `arg:"" help:"Roles to take on." placeholder:"ROLE"`
}

// Help is the long help.
func (serveCmd) Help() string {
	return `Runs the roles in this process until SIGINT or SIGTERM, then lets calls under way end and stops.

Each role listens on an address of its own (listen.ROLE) with its RPCs (Connect, gRPC, gRPC-Web; HTTP/1.1 and HTTP/2 without TLS) and /livez, /readyz and /metrics.

  tripgen serve user trip          two roles in one process
  tripgen serve worker             a worker; run as many as there is work for
  tripgen --config t.yaml serve all`
}

// Run is the command.
func (s *serveCmd) Run(ctx context.Context, c *commands) error {
	roles, err := app.ParseRoles(s.Roles...)
	if err != nil {
		return err
	}
	settings, err := c.settings()
	if err != nil {
		return err
	}
	return serve(ctx, settings, roles)
}

// serve runs roles until a signal or the end of ctx.
func serve(ctx context.Context, settings config.Config, roles []app.Role) error {
	if err := settings.Validate(roles...); err != nil {
		return err
	}
	limitGarbage(settings.Process, roles)
	log := newLog(settings)
	options := app.Options{Log: log, Drain: settings.Process.Drain, Shutdown: settings.Process.Shutdown}
	return app.Run(ctx, options, func(ctx context.Context, g *app.Group) error {
		return build(ctx, g, settings, log, roles)
	})
}
