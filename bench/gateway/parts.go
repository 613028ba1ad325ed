package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tripgen/tripgen/bench/gateway/load"
	"github.com/tripgen/tripgen/bench/gateway/stack"
	"github.com/tripgen/tripgen/envoy"
	"github.com/tripgen/tripgen/internal/local"
)

// files are the gateway's, as values that a part can be taken out of.
type files map[string]map[string]any

// part is something that the gateway does for each call, and how the configuration looks without it.
type part struct {
	name    string
	without func(files)
}

// parts are what is measured by its absence.
func parts() []part {
	all := []part{{"(everything)", func(files) {}}}
	for _, name := range []string{
		"envoy.filters.http.cors", "limit_headers", "per_connection", "per_address", "envoy.filters.http.jwt_authn", "scope", "revoked",
		"per_caller", "envoy.filters.http.ratelimit", "envoy.filters.http.fault", "envoy.filters.http.buffer",
		"envoy.filters.http.compressor", "envoy.filters.http.grpc_web", "envoy.filters.http.health_check",
	} {
		all = append(all, part{name, func(f files) { f.dropFilter(name) }})
	}
	manager := func(names ...string) func(files) {
		return func(f files) {
			for _, n := range names {
				delete(f.manager(), n)
			}
		}
	}
	field := func(file string, names ...string) func(files) {
		return func(f files) {
			walk(f[file], func(m map[string]any) {
				for _, n := range names {
					delete(m, n)
				}
			})
		}
	}
	return append(all,
		part{"jwt: payload in metadata", field("listeners.yaml", "payload_in_metadata", "normalize_payload_in_metadata")},
		part{"jwt: claims to headers", field("listeners.yaml", "claim_to_headers")},
		part{"access log", manager("access_log")},
		part{"early header mutation", manager("early_header_mutation_extensions")},
		part{"request ids", func(f files) {
			f.manager()["generate_request_id"] = false
			delete(f.manager(), "always_set_request_id_in_response")
		}},
		part{"local replies", manager("local_reply_config")},
		part{"timeouts of requests", manager("request_timeout", "request_headers_timeout", "stream_idle_timeout")},
		part{"path normalisation", manager("normalize_path", "merge_slashes", "path_with_escaped_slashes_action", "strip_trailing_host_dot", "strip_any_host_port")},
		part{"retries", field("routes.yaml", "retry_policy")},
		part{"route timeouts", func(f files) {
			walk(f["routes.yaml"], func(m map[string]any) {
				if _, ok := m["cluster"]; ok {
					m["timeout"] = "0s"
				}
			})
		}},
		part{"identity headers off", field("routes.yaml", "request_headers_to_remove")},
		part{"two-hosts matcher", func(f files) {
			walk(f["routes.yaml"], func(m map[string]any) {
				if outer, ok := m["matcher"].(map[string]any); ok && outer["matcher_list"] != nil {
					m["matcher"] = outer["on_no_match"].(map[string]any)["matcher"]
				}
			})
		}},
		part{"overload manager", field("bootstrap.yaml", "overload_manager")},
		part{"buffer limits", func(f files) {
			field("listeners.yaml", "per_connection_buffer_limit_bytes")(f)
			field("clusters.yaml", "per_connection_buffer_limit_bytes")(f)
		}},
		part{"health checks, outliers", field("clusters.yaml", "health_checks", "outlier_detection")},
		part{"circuit breakers", field("clusters.yaml", "circuit_breakers")},
		part{"upstream pings", field("clusters.yaml", "connection_keepalive")},
		part{"all filters", func(f files) {
			for _, filter := range slices.Clone(f.manager()["http_filters"].([]any)) {
				if name := filter.(map[string]any)["name"].(string); name != "envoy.filters.http.router" {
					f.dropFilter(name)
				}
			}
		}},
	)
}

// manager is the configuration of the connection manager of the plain door.
func (f files) manager() map[string]any {
	var found map[string]any
	walk(f["listeners.yaml"], func(m map[string]any) {
		if _, ok := m["http_filters"]; ok {
			found = m
		}
	})
	return found
}

func (f files) dropFilter(name string) {
	m := f.manager()
	m["http_filters"] = slices.DeleteFunc(m["http_filters"].([]any), func(filter any) bool { return filter.(map[string]any)["name"] == name })
	walk(f["routes.yaml"], func(m map[string]any) {
		if per, ok := m["typed_per_filter_config"].(map[string]any); ok {
			delete(per, name)
		}
	})
}

// walk visits all maps.
func walk(v any, visit func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(v)
		for _, k := range slices.Sorted(maps.Keys(v)) {
			walk(v[k], visit)
		}
	case []any:
		for _, e := range v {
			walk(e, visit)
		}
	}
}

// startWithout starts a gateway beside the real one that lacks a part.
func startWithout(ctx context.Context, s *stack.Stack, dir string, p part) (*local.Envoy, string, error) {
	port, err := local.FreePort()
	if err != nil {
		return nil, "", err
	}
	from := filepath.Join(s.Dir, "envoy")
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		return nil, "", err
	}
	f := files{}
	for _, name := range []string{"bootstrap.yaml", "listeners.yaml", "routes.yaml", "clusters.yaml", "runtime.yaml"} {
		text, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return nil, "", err
		}
		_, listen, _ := strings.Cut(s.Gateway[len("http://"):], ":")
		_, admin, _ := strings.Cut(s.Admin.Address, ":")
		moved := strings.NewReplacer(from, dir, "port_value: "+listen+" ", "port_value: "+strconv.Itoa(port)+" ", "port_value: "+admin+" ", "port_value: 0 ").Replace(string(text))
		var v map[string]any
		if err := yaml.Unmarshal([]byte(moved), &v); err != nil {
			return nil, "", fmt.Errorf("read %s: %w", name, err)
		}
		f[name] = v
	}
	walk(f["runtime.yaml"], func(m map[string]any) {
		if layer, ok := m["layer"].(map[string]any); ok {
			for _, limit := range []string{"per_connection", "per_address", "per_caller"} {
				layer["gateway.limit."+limit] = 0
			}
		}
	})
	p.without(f)
	for name, v := range f {
		text, err := yaml.Marshal(v)
		if err != nil {
			return nil, "", err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return nil, "", err
		}
	}
	running, err := local.StartEnvoy(ctx, local.EnvoyConfig{
		Path: os.Getenv("TRIPGEN_TEST_ENVOY"), Bootstrap: filepath.Join(dir, envoy.Bootstrap), LogFile: filepath.Join(dir, "envoy.log"), Drain: time.Second,
	})
	return running, "http://" + local.Address(port), err
}

// cpuTime is what a process has used so far, of all its threads.
func cpuTime(pid int) (time.Duration, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			return 0, err
		}
		var nanoseconds int64
		if _, err := fmt.Sscan(string(text), &nanoseconds); err != nil {
			return 0, fmt.Errorf("read %s: %w", thread, err)
		}
		sum += time.Duration(nanoseconds)
	}
	return sum, nil
}

// sample is what one measurement of one Envoy gave.
type sample struct{ perSecond, cpu, p50 float64 }

// weigh measures every part: the gateway without it beside the whole one, in turns, as calls per second and as CPU time of
// Envoy for a call, which other work on the machine disturbs least.
func weigh(ctx context.Context, s *stack.Stack, path string, tokens []string, rounds int, span time.Duration, only string) error {
	whole, wholeURL, err := startWithout(ctx, s, filepath.Join(s.Dir, "whole"), parts()[0])
	if err != nil {
		return err
	}
	defer whole.Close(context.WithoutCancel(ctx)) //nolint:errcheck // the measurement is over
	fmt.Printf("%-36s %8s %8s %10s %10s\n", "without", "calls/s", "of all", "µs CPU", "p50 µs")
	for _, p := range parts() {
		if only != "" && !slices.ContainsFunc(strings.Split(only, ","), func(o string) bool { return strings.Contains(p.name, o) }) {
			continue
		}
		dir := filepath.Join(s.Dir, "part")
		running, url, err := startWithout(ctx, s, dir, p)
		if err != nil {
			return fmt.Errorf("without %s: %w", p.name, err)
		}
		if err := weighOne(ctx, p.name, path, tokens, rounds, span, []*local.Envoy{whole, running}, []string{wholeURL, url}); err != nil {
			return fmt.Errorf("without %s: %w", p.name, err)
		}
		if err := running.Close(ctx); err != nil {
			return err
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}

func weighOne(ctx context.Context, name, path string, tokens []string, rounds int, span time.Duration, envoys []*local.Envoy, urls []string) error {
	var samples [2][]sample
	var many, one [2]*load.Target
	for i, url := range urls {
		many[i] = load.New(load.Config{URL: url + path, Body: "{}", Authorization: tokens, Connections: connections})
		one[i] = load.New(load.Config{URL: url + path, Body: "{}", Authorization: tokens, Connections: 1})
		if err := awaitOK(ctx, many[i]); err != nil {
			return err
		}
		if _, err := many[i].Closed(ctx, callers, span/2); err != nil {
			return err
		}
	}
	for n := range 2 * rounds {
		i := (n + n/2) % 2 // in turns, and neither always first
		before, err := cpuTime(envoys[i].Pid())
		if err != nil {
			return err
		}
		m, err := many[i].Closed(ctx, callers, span)
		if err != nil {
			return err
		}
		after, err := cpuTime(envoys[i].Pid())
		if err != nil {
			return err
		}
		o, err := one[i].Closed(ctx, 1, span/2)
		if err != nil {
			return err
		}
		samples[i] = append(samples[i], sample{m.PerSecond(), float64((after - before).Nanoseconds()) / 1000 / float64(m.Count()), o.Quantile(0.5) * 1000})
	}
	pick := func(i int, of func(sample) float64) float64 {
		var all []float64
		for _, s := range samples[i] {
			all = append(all, of(s))
		}
		return median(all)
	}
	var ratios []float64
	for n := range samples[0] {
		ratios = append(ratios, samples[1][n].perSecond/samples[0][n].perSecond)
	}
	cpu, p50 := func(s sample) float64 { return s.cpu }, func(s sample) float64 { return s.p50 }
	fmt.Printf("%-36s %8.0f %8.3f %4.0f %+5.1f %4.0f %+5.1f\n", name, pick(1, func(s sample) float64 { return s.perSecond }), median(ratios),
		pick(1, cpu), pick(1, cpu)-pick(0, cpu), pick(1, p50), pick(1, p50)-pick(0, p50))
	return nil
}
