// Command tripgen is all of TripGen in one binary: its services, its tools, and everything at once on one machine.
// It only wires: what a role is made of stands in roles.go and its own role_….go.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/config"
)

// commands are the binary's commands; each has a file of its own.
type commands struct {
	Config string `help:"Configuration file (YAML). Environment variables TRIPGEN_… go over it." type:"existingfile" env:"TRIPGEN_CONFIG" placeholder:"FILE"`

	Up       upCmd       `cmd:"" help:"Run everything on this machine."`
	Serve    serveCmd    `cmd:"" help:"Run one or more roles: user, trip, ai, location, worker, or all."`
	Migrate  migrateCmd  `cmd:"" help:"Make the databases and bring their schemas up to date."`
	Plan     planCmd     `cmd:"" help:"Plan a trip from the terminal."`
	Dlq      dlqCmd      `cmd:"" help:"List, show, replay or drop messages that could not be processed."`
	Sagas    sagasCmd    `cmd:"" help:"List or show the sagas of generations."`
	Places   placesCmd   `cmd:"" help:"Import, list or remove OpenStreetMap places."`
	Simulate simulateCmd `cmd:"" help:"Run simulators of the outside providers."`
	Clients  clientsCmd  `cmd:"" help:"Manage the OAuth clients of partners and other apps."`
	Gateway  gatewayCmd  `cmd:"" help:"Look at and act on a running gateway (Envoy)."`
	Keys     keysCmd     `cmd:"" help:"Manage the keys that sign tokens and seal data."`
	Settings settingsCmd `cmd:"" help:"Print the configuration that holds, without its secrets."`
	Version  versionCmd  `cmd:"" help:"Print the version."`

	out io.Writer // for tests; nil is the standard output
}

// stdout is where commands print what was asked for.
func (c *commands) stdout() io.Writer {
	if c.out == nil {
		return os.Stdout
	}
	return c.out
}

// settings are loaded from the file and the environment; not yet validated.
func (c *commands) settings() (config.Config, error) {
	return config.Load(c.Config, os.Environ(), flagVariables...)
}

// flagVariables belong to commands' flags and are no settings.
var flagVariables = []string{"TRIPGEN_CONFIG", "TRIPGEN_URL", "TRIPGEN_LOGIN_ID", "TRIPGEN_PASSWORD"}

const description = `TripGen plans trips: it makes day-by-day itineraries that keep opening hours, travel times and everyone's pace.

A process takes on one or more roles and is configured by a YAML file and TRIPGEN_… variables; "tripgen settings" prints all settings with what holds for each.`

func main() {
	var c commands
	parsed := kong.Parse(&c, kong.Name("tripgen"), kong.Description(description), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(&c); err != nil {
		fmt.Fprintln(os.Stderr, "tripgen: "+app.OneLine(err))
		os.Exit(1)
	}
}
