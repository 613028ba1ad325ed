// Package envoy makes the gateway's configuration: a bootstrap and the watched files with listeners, routes, clusters,
// secrets, switches and limits. Listeners, routes and filters are the same in every environment; only the clusters file,
// the secrets and the addresses differ. Which RPC is routed, with which scope and which limit, comes from the access
// rules in proto/.
//
// Envoy follows the files by itself: write them again (atomically, as [Write] does) and the change takes effect without
// a restart; a broken file is refused and the last good one stays.
package envoy

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"text/template"
)

// Cluster names a service behind the gateway.
type Cluster string

// The services behind the gateway.
const (
	User     Cluster = "user"
	Trip     Cluster = "trip"
	AI       Cluster = "ai"
	Location Cluster = "location"
)

// Config is what differs between environments.
type Config struct {
	// Listen is the address without TLS, host:port, on the loopback interface only; TLS is the one for everybody.
	Listen string
	TLS    *TLS
	// Admin is the admin interface's address; on the loopback interface only.
	Admin string
	// Issuer is the `iss` of access tokens, and Audience their `aud`.
	Issuer, Audience string
	// Endpoints are the instances of each service, host:port.
	Endpoints map[Cluster][]string
	// Limiters are the instances of the global rate limiter, host:port; none counts nothing globally.
	Limiters []string
	// Quotas are what the global rate limiter counts by.
	Quotas Quotas
	// Origins are the browsers' origins that may call, besides those of this machine.
	Origins []string
	// TrustedHops is how many proxies stand before the gateway whose X-Forwarded-For it believes.
	TrustedHops int
	// TraceURL is where spans go (OTLP over HTTP, such as http://collector:4318/v1/traces); empty makes none.
	TraceURL string
	// TraceRatio of calls are traced, 0–1.
	TraceRatio float64
	// AccessLog is the file that the JSON access log goes to.
	AccessLog string
	// MaxHeapBytes is what the overload manager works against; 0 for 1 GiB.
	MaxHeapBytes int64
}

// TLS is a listener with TLS 1.2 or later.
type TLS struct {
	// Listen is the address, host:port.
	Listen string
	// Certificate (the chain) and Key are PEM files. Move both anew into their folder, and new connections have them.
	Certificate, Key string
}

//go:embed templates/*.tmpl
var templates embed.FS

// files are written in this order, so that a listener never names a cluster that is not there yet.
var files = []string{"clusters.yaml", "secrets.yaml", "runtime.yaml", "routes.yaml", "listeners.yaml", "bootstrap.yaml"}

// The names of files and folders in the folder that [Write] fills.
const (
	// Bootstrap is what Envoy is started with.
	Bootstrap = "bootstrap.yaml"
	// LimiterRoot is the RUNTIME_ROOT of the global limiter; its RUNTIME_SUBDIRECTORY is [LimiterFolder].
	LimiterRoot, LimiterFolder = "limits", "tripgen"
)

// Write writes the whole configuration into a folder, each file atomically. What is revoked stays as it is: see
// [WriteRevoked].
func Write(dir string, c Config) error {
	data, err := newData(dir, c)
	if err != nil {
		return err
	}
	functions := template.FuncMap{
		"quote": strconv.Quote, "list": func(all ...string) []string { return all }, "folder": filepath.Dir, "scopePattern": scopePattern, "localReplies": indentedReplies,
		"door": func(d settings, secure bool) door { return door{d, secure} },
		"tree": func(d settings, browser bool) tree { return tree{d, browser} },
	}
	parsed, err := template.New("").Funcs(functions).ParseFS(templates, "templates/*.tmpl")
	if err != nil {
		return fmt.Errorf("read the templates: %w", err)
	}
	for _, folder := range []string{dir, quotasFolder(dir), filepath.Join(dir, revokedFolder), filepath.Join(dir, stateFolder)} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	if err := writeTokens(dir, c); err != nil {
		return err
	}
	if err := WriteQuotas(dir, c.Quotas); err != nil {
		return err
	}
	for _, name := range files {
		var out bytes.Buffer
		if err := parsed.ExecuteTemplate(&out, name+".tmpl", data); err != nil {
			return fmt.Errorf("fill %s: %w", name, err)
		}
		if err := replace(filepath.Join(dir, name), out.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// WriteQuotas tells a running limiter what to count by.
func WriteQuotas(dir string, q Quotas) error {
	return replace(filepath.Join(quotasFolder(dir), "tripgen.yaml"), []byte(limiterConfig(q)))
}

func quotasFolder(dir string) string { return filepath.Join(dir, LimiterRoot, LimiterFolder, "config") }

// replace moves a whole new file into place, which is what Envoy watches for.
func replace(path string, content []byte) error {
	next := path + ".next"
	if err := os.WriteFile(next, content, 0o644); err != nil {
		return err
	}
	return os.Rename(next, path)
}
