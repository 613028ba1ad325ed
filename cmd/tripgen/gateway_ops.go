package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tripgen/tripgen/envoy"
)

// gatewayCmd looks at and acts on a running gateway by Envoy's admin interface.
type gatewayCmd struct {
	Admin string `help:"Where Envoy's admin interface listens." default:"127.0.0.1:9901" placeholder:"HOST:PORT"`

	Status   gatewayStatusCmd   `cmd:"" help:"Is it well: state, calls, refusals, limits, files that were refused, certificates."`
	Clusters gatewayClustersCmd `cmd:"" help:"List the services' instances: who gets calls, who does not and why."`
	Top      gatewayTopCmd      `cmd:"" help:"Watch what is called, what is slow and who is limited."`
	Drain    gatewayDrainCmd    `cmd:"" help:"Take the gateway out: no new connections, calls under way end, streams move on."`
	Loglevel gatewayLoglevelCmd `cmd:"" help:"Show Envoy's log levels or set one."`
	Runtime  gatewayRuntimeCmd  `cmd:"" help:"Show the switches or set one until Envoy ends."`
}

func (g *gatewayCmd) admin() envoy.Admin {
	return envoy.Admin{Address: g.Admin, Client: &http.Client{Timeout: 5 * time.Second}}
}

type gatewayStatusCmd struct{}

// statusStats is what status looks at.
const statusStats = `^http\.public\.downstream_(rq_(total|active|[2345]xx|overload_close)|cx_active)$|^(listener_manager\.lds|cluster_manager\.cds|http\.public\.rds\.public|runtime|extension_config_discovery\..*|listener\..*\.sds\..*)\.update_(rejected|failure)$|rate_limited$|` +
	`ratelimit\.global\.(over_limit|error|failure_mode_allowed)$|^server\.(memory_heap_size|days_until_first_cert_expiring)$|` +
	`rbac\.denied$|jwt_authn\.denied$|^cluster\.(user|trip|ai|location)\.(upstream_rq_retry|membership_(healthy|total))$`

// Run is the command.
func (gatewayStatusCmd) Run(ctx context.Context, c *commands) error {
	admin := c.Gateway.admin()
	info, err := admin.Info(ctx)
	if err != nil {
		return err
	}
	stats, err := admin.Stats(ctx, statusStats)
	if err != nil {
		return err
	}
	printStatus(os.Stdout, info, stats)
	return nil
}

func printStatus(out io.Writer, info envoy.Info, s envoy.Stats) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(what, format string, values ...any) { fmt.Fprintf(w, what+"\t"+format+"\n", values...) }
	v := s.Values
	row("state", "%s, Envoy %s, up %v, heap %d MiB", strings.ToLower(info.State), info.Version, info.Uptime, v["server.memory_heap_size"]>>20)
	public := func(name string) int64 { return v["http.public.downstream_"+name] }
	row("now", "%d connections, %d calls under way", public("cx_active"), public("rq_active"))
	row("calls", "%d: 2xx %d, 3xx %d, 4xx %d, 5xx %d", public("rq_total"), public("rq_2xx"), public("rq_3xx"), public("rq_4xx"), public("rq_5xx"))
	row("refused", "%d without a valid token, %d by scope or revoked", s.Sum("http.public.", "jwt_authn.denied"), s.Sum("http.public.", "rbac.denied"))
	row("limited", "connection %d, address %d, caller %d, global %d", s.Sum("per_connection.", "rate_limited"),
		s.Sum("per_address.", "rate_limited"), s.Sum("per_caller.", "rate_limited"), s.Sum("cluster.", ".over_limit"))
	row("limiter", "%d errors, %d calls passed uncounted", s.Sum("cluster.", "ratelimit.global.error"), s.Sum("cluster.", "failure_mode_allowed"))
	for _, name := range []string{"user", "trip", "ai", "location"} {
		of := "cluster." + name + "."
		row(name, "%d of %d instances healthy, %d second attempts", v[of+"membership_healthy"], v[of+"membership_total"], v[of+"upstream_rq_retry"])
	}
	row("files", "%d refused since the start (envoy.log says why)", s.Sum("", ".update_rejected")+s.Sum("", ".update_failure"))
	if days, ok := v["server.days_until_first_cert_expiring"]; ok && days < 1<<31-1 {
		row("certificate", "%d days left", days)
	}
	_ = w.Flush() // the terminal's troubles show by themselves
}

type gatewayClustersCmd struct{}

// Run is the command.
func (gatewayClustersCmd) Run(ctx context.Context, c *commands) error {
	hosts, err := c.Gateway.admin().Hosts(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SERVICE\tINSTANCE\tSTATE\tCONNECTIONS\tUNDER WAY\tCALLS\tFAILED\tNOT CONNECTED")
	for _, h := range hosts {
		state := "healthy"
		if len(h.Unhealthy) > 0 {
			state = strings.Join(h.Unhealthy, ", ")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\n", h.Cluster, h.Address, state, h.Connections, h.Active, h.Calls, h.Failed, h.FailedToConnect)
	}
	return w.Flush()
}

type gatewayDrainCmd struct {
	Wait time.Duration `help:"How long to wait for calls under way." default:"30s"`
	Undo bool          `help:"Say that the gateway is well again; only before the listeners were drained (--health-only)."`
	Only bool          `name:"health-only" help:"Only let load balancers go elsewhere (/healthz answers 503)."`
}

// Run is the command.
func (d *gatewayDrainCmd) Run(ctx context.Context, c *commands) error {
	admin := c.Gateway.admin()
	if d.Undo {
		_, err := admin.Call(ctx, http.MethodPost, "/healthcheck/ok", nil)
		return err
	}
	if _, err := admin.Call(ctx, http.MethodPost, "/healthcheck/fail", nil); err != nil {
		return err
	}
	fmt.Println("load balancers: told to go elsewhere")
	if d.Only {
		return nil
	}
	if _, err := admin.Call(ctx, http.MethodPost, "/drain_listeners", url.Values{"graceful": {""}, "skip_exit": {""}}); err != nil {
		return err
	}
	fmt.Println("listeners: draining; HTTP/2 connections get GOAWAY, HTTP/1.1 ones are closed after their answer")
	return d.await(ctx, admin)
}

func (d *gatewayDrainCmd) await(ctx context.Context, admin envoy.Admin) error {
	deadline := time.NewTimer(d.Wait)
	defer deadline.Stop()
	ticker := time.NewTicker(250 * time.Millisecond)
	defer ticker.Stop()
	for last := int64(-1); ; {
		stats, err := admin.Stats(ctx, `^http\.public\.downstream_rq_active$`)
		if err != nil {
			return err
		}
		active := stats.Values["http.public.downstream_rq_active"]
		if active != last {
			fmt.Printf("under way: %d\n", active)
			last = active
		}
		if active == 0 {
			fmt.Println("drained: Envoy can be stopped")
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return fmt.Errorf("%d calls are still under way after %v; those that are streams go on at another gateway by their resume token when Envoy stops", active, d.Wait)
		case <-ticker.C:
		}
	}
}

type gatewayLoglevelCmd struct {
	Change string `arg:"" optional:"" help:"A level for all, or LOGGER=LEVEL (http=debug); trace, debug, info, warning, error, critical, off."`
}

// Run is the command.
func (l *gatewayLoglevelCmd) Run(ctx context.Context, c *commands) error {
	query := url.Values{}
	if logger, level, one := strings.Cut(l.Change, "="); one {
		query.Set("paths", logger+":"+level)
	} else if l.Change != "" {
		query.Set("level", l.Change)
	}
	body, err := c.Gateway.admin().Call(ctx, http.MethodPost, "/logging", query)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(body)
	return err
}

type gatewayRuntimeCmd struct {
	Change []string `arg:"" optional:"" help:"KEY=VALUE to set, KEY= to take back what was set here." placeholder:"KEY=VALUE"`
}

// Help is the long help.
func (gatewayRuntimeCmd) Help() string {
	return `What is set here wins over runtime.yaml and is forgotten when Envoy ends.

  tripgen gateway runtime gateway.off.generation=100   no generations: 503 with Retry-After
  tripgen gateway runtime gateway.off.generation=      as before
  tripgen gateway runtime gateway.limit.per_caller=0   callers are counted but not refused`
}

// Run is the command.
func (r *gatewayRuntimeCmd) Run(ctx context.Context, c *commands) error {
	admin := c.Gateway.admin()
	if len(r.Change) > 0 {
		values := make(map[string]string, len(r.Change))
		for _, change := range r.Change {
			key, value, ok := strings.Cut(change, "=")
			if !ok || key == "" {
				return fmt.Errorf("%q: want KEY=VALUE", change)
			}
			values[key] = value
		}
		if err := admin.SetRuntime(ctx, values); err != nil {
			return err
		}
	}
	all, err := admin.Runtime(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KEY\tVALUE\tFROM")
	for _, key := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(w, "%s\t%s\t%s\n", key, all[key].Value, all[key].From)
	}
	return w.Flush()
}

var errNoLog = errors.New("--log: want Envoy's access log (such as .tripgen/envoy/access.log)")

func milliseconds(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }
