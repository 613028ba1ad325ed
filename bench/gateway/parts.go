package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// part is something that the gateway does for each call, and how the configuration looks without it.
type part struct {
	name    string
	without func(files)
}

// parts are what is measured by its absence. The first lacks nothing: it says how exact the rest is.
func parts() []part {
	all := []part{{"nothing (how exact this is)", func(files) {}}, {"all filters", files.dropFilters}}
	for _, name := range []string{
		"envoy.filters.http.cors", "limit_headers", "per_connection", "per_address", "envoy.filters.http.jwt_authn", "scope", "revoked",
		"per_caller", "envoy.filters.http.buffer", "envoy.filters.http.grpc_web",
	} {
		all = append(all, part{"filter " + name, func(f files) { f.dropFilter(name) }})
	}
	fields := func(name, file string, names ...string) part {
		return part{name, func(f files) {
			walk(f[file], func(m map[string]any) {
				for _, n := range names {
					delete(m, n)
				}
			})
		}}
	}
	const listeners, routes, clusters = "listeners.yaml", "routes.yaml", "clusters.yaml"
	return append(all,
		fields("claims as headers", "revoked/tokens.json", "claim_to_headers"),
		fields("access log", listeners, "access_log"),
		fields("local replies", listeners, "local_reply_config"),
		fields("stripping of identity headers", listeners, "early_header_mutation_extensions"),
		fields("stripping of headers for services", routes, "request_headers_to_remove"),
		fields("request ids in answers", listeners, "always_set_request_id_in_response"),
		fields("path normalisation", listeners, "normalize_path", "merge_slashes", "path_with_escaped_slashes_action", "strip_trailing_host_dot", "strip_any_host_port"),
		fields("time limits of requests", listeners, "request_timeout", "request_headers_timeout", "stream_flush_timeout"),
		fields("retries", routes, "retry_policy"),
		part{"switches", files.dropSwitches},
		part{"refusal of two hosts", files.dropTwoHosts},
		fields("circuit breakers", clusters, "circuit_breakers"),
		fields("health checks, outlier detection", clusters, "health_checks", "outlier_detection"),
		fields("overload manager", "bootstrap.yaml", "overload_manager"),
	)
}

// configured are the files that are read, and written without a part.
var configured = []string{"bootstrap.yaml", "listeners.yaml", "routes.yaml", "clusters.yaml", "runtime.yaml", "revoked/tokens.json"}

// files are a gateway's, as values that a part can be taken out of.
type files map[string]map[string]any

// readFiles reads a gateway's files and changes words in them, such as its folder and its ports.
func readFiles(dir string, change *strings.Replacer) (files, error) {
	f := files{}
	for _, name := range configured {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		var v map[string]any
		if err := yaml.Unmarshal([]byte(change.Replace(string(text))), &v); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		f[name] = v
	}
	return f, nil
}

func (f files) write(dir string) error {
	for name, v := range f {
		text, err := json.Marshal(v) // which is YAML as well
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// unlimit lets everything pass that the limits would refuse; it is counted all the same.
func (f files) unlimit() {
	walk(f["runtime.yaml"], func(m map[string]any) {
		if layer, ok := m["layer"].(map[string]any); ok {
			for _, limit := range []string{"per_connection", "per_address", "per_caller"} {
				layer["gateway.limit."+limit] = 0
			}
		}
	})
}

func (f files) dropFilter(name string) { f.keepFilters(func(n string) bool { return n != name }) }

func (f files) dropFilters() {
	f.keepFilters(func(n string) bool { return n == "envoy.filters.http.router" })
}

func (f files) keepFilters(keep func(name string) bool) {
	walk(f["listeners.yaml"], func(m map[string]any) {
		if all, ok := m["http_filters"].([]any); ok {
			m["http_filters"] = slices.DeleteFunc(all, func(filter any) bool { return !keep(filter.(map[string]any)["name"].(string)) })
		}
	})
	walk(f["routes.yaml"], func(m map[string]any) {
		if per, ok := m["typed_per_filter_config"].(map[string]any); ok {
			maps.DeleteFunc(per, func(name string, _ any) bool { return !keep(name) })
		}
	})
}

// dropSwitches leaves of each list of routes the last, to which calls go while nothing is switched off.
func (f files) dropSwitches() {
	walk(f["routes.yaml"], func(m map[string]any) {
		if all, ok := m["routes"].([]any); ok {
			m["routes"] = all[len(all)-1:]
		}
	})
}

// dropTwoHosts leaves the matcher by path alone.
func (f files) dropTwoHosts() {
	walk(f["routes.yaml"], func(m map[string]any) {
		if outer, ok := m["matcher"].(map[string]any); ok && outer["matcher_list"] != nil {
			m["matcher"] = outer["on_no_match"].(map[string]any)["matcher"]
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
