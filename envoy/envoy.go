// Package envoy makes the gateway's configuration: a bootstrap and the watched files with listeners, routes, clusters
// and limits. Listeners, routes and filters are the same in every environment; only the clusters file and the
// addresses differ. Which RPC is routed, with which scope and which limit, comes from the access rules in proto/.
//
// Envoy follows the files by itself: write them again (atomically, as [Write] does) and the change takes effect without
// a restart; a broken file is refused and the last good one stays.
package envoy

import (
	"bytes"
	"embed"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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
	// Listen is the address that travellers connect to, host:port.
	Listen string
	// Admin is the admin interface's address; never public.
	Admin string
	// Issuer is the `iss` of access tokens, and Audience their `aud`.
	Issuer, Audience string
	// Endpoints are the instances of each service, host:port.
	Endpoints map[Cluster][]string
	// AccessLog is the file that the JSON access log goes to.
	AccessLog string
	// MaxHeapBytes is what the overload manager works against; 0 for 1 GiB.
	MaxHeapBytes int64
}

//go:embed templates/*.tmpl
var templates embed.FS

// files are written in this order, so that a listener never names a cluster that is not there yet.
var files = []string{"clusters.yaml", "routes.yaml", "listeners.yaml", "bootstrap.yaml"}

// Bootstrap is the file in the folder that Envoy is started with.
const Bootstrap = "bootstrap.yaml"

// Write writes the whole configuration into a folder, each file atomically.
func Write(dir string, c Config) error {
	data, err := newData(dir, c)
	if err != nil {
		return err
	}
	parsed, err := template.New("").Funcs(template.FuncMap{"quote": strconv.Quote, "localReplies": indentedReplies}).ParseFS(templates, "templates/*.tmpl")
	if err != nil {
		return fmt.Errorf("read the templates: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
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

// replace moves a whole new file into place, which is what Envoy watches for.
func replace(path string, content []byte) error {
	next := path + ".next"
	if err := os.WriteFile(next, content, 0o644); err != nil {
		return err
	}
	return os.Rename(next, path)
}

// data is what the templates are filled with.
type data struct {
	Config
	Dir                   string
	ListenHost, AdminHost string
	ListenPort, AdminPort int
	Routes                []Route
	Clusters              []clusterData
	MaxHeapBytes          int64
}

type clusterData struct {
	Name      Cluster
	Endpoints []hostPort
}

type hostPort struct {
	Host string
	Port int
}

func newData(dir string, c Config) (data, error) {
	d := data{Config: c, MaxHeapBytes: c.MaxHeapBytes, Routes: Routes()}
	if d.MaxHeapBytes == 0 {
		d.MaxHeapBytes = 1 << 30
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return data{}, err
	}
	d.Dir = absolute
	listen, err := split("listen", c.Listen)
	if err != nil {
		return data{}, err
	}
	admin, err := split("admin", c.Admin)
	if err != nil {
		return data{}, err
	}
	d.ListenHost, d.ListenPort, d.AdminHost, d.AdminPort = listen.Host, listen.Port, admin.Host, admin.Port
	for _, name := range []Cluster{User, Trip, AI, Location} {
		cluster := clusterData{Name: name}
		if len(c.Endpoints[name]) == 0 {
			return data{}, fmt.Errorf("no endpoint for %s", name)
		}
		for _, address := range c.Endpoints[name] {
			endpoint, err := split(string(name), address)
			if err != nil {
				return data{}, err
			}
			cluster.Endpoints = append(cluster.Endpoints, endpoint)
		}
		d.Clusters = append(d.Clusters, cluster)
	}
	return d, nil
}

func split(what, address string) (hostPort, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return hostPort{}, fmt.Errorf("address of %s: %w", what, err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return hostPort{}, fmt.Errorf("address of %s: port %q", what, port)
	}
	return hostPort{Host: host, Port: int(number)}, nil
}

// indentedReplies indents the local replies by n spaces.
func indentedReplies(n int) string {
	pad := strings.Repeat(" ", n)
	return pad + strings.ReplaceAll(strings.TrimSuffix(LocalReplies(), "\n"), "\n", "\n"+pad)
}
