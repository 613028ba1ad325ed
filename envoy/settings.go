package envoy

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// identityHeaders say who somebody is; from outside they are lies. They are taken off on the way to a service, those of
// [claims] before anything else as well; what Envoy itself found out of the subject and the client stays for the log.
var identityHeaders = []string{
	"x-tripgen-session", "x-tripgen-token", "x-tripgen-scope", "x-user-id", "x-client-id", "x-authenticated-userid",
	"x-auth-request-user", "x-remote-user", "remote-user", "x-jwt-payload", "x-forwarded-client-cert", "x-forwarded-user",
	"x-original-url", "x-rewrite-url", "x-http-method-override",
}

// settings are what the templates are filled with.
type settings struct {
	Config
	Dir                            string
	ListenHost, AdminHost, TLSHost string
	ListenPort, AdminPort, TLSPort int
	Routes                         []Route
	Pages                          []Page
	Classes                        []Class
	Limits                         Limits
	IdentityHeaders                []string
	Claims                         []claim
	Clusters                       []clusterSettings
	Limiters                       []hostPort
	TraceCollector                 *hostPort
	// TraceSampling is of 10,000 calls.
	TraceSampling int
	MaxHeapBytes  int64
}

type clusterSettings struct {
	Name      Cluster
	Endpoints []hostPort
}

type hostPort struct {
	Host string
	Port int
}

// door is one listener.
type door struct {
	settings
	Secure bool
}

// tree is all routes, for browsers or for everybody else.
type tree struct {
	settings
	Browser bool
}

func newData(dir string, c Config) (settings, error) {
	s := settings{
		Config: c, MaxHeapBytes: cmp.Or(c.MaxHeapBytes, 1<<30), TraceSampling: int(c.TraceRatio * 10_000),
		Routes: Routes(), Pages: Pages(), Classes: Classes(), Limits: doorLimits, IdentityHeaders: identityHeaders, Claims: claims,
	}
	var problems []error
	address := func(what, text string) hostPort {
		parsed, err := split(what, text)
		problems = append(problems, err)
		return parsed
	}
	dir, err := filepath.Abs(dir)
	problems = append(problems, err, loopback("listen", c.Listen, "give travellers the TLS listener"), loopback("admin", c.Admin, "it must never be public"))
	s.Dir = dir
	listen, admin := address("listen", c.Listen), address("admin", c.Admin)
	s.ListenHost, s.ListenPort, s.AdminHost, s.AdminPort = listen.Host, listen.Port, admin.Host, admin.Port
	if c.TLS != nil {
		secure := address("TLS", c.TLS.Listen)
		s.TLSHost, s.TLSPort = secure.Host, secure.Port
	}
	for _, name := range []Cluster{User, Trip, AI, Location} {
		cluster := clusterSettings{Name: name}
		if len(c.Endpoints[name]) == 0 {
			problems = append(problems, fmt.Errorf("no endpoint for %s", name))
		}
		for _, endpoint := range c.Endpoints[name] {
			cluster.Endpoints = append(cluster.Endpoints, address(string(name), endpoint))
		}
		s.Clusters = append(s.Clusters, cluster)
	}
	for _, endpoint := range c.Limiters {
		s.Limiters = append(s.Limiters, address("limiter", endpoint))
	}
	if c.TraceURL != "" {
		collector, err := collector(c.TraceURL)
		problems = append(problems, err)
		s.TraceCollector = &collector
	}
	return s, errors.Join(problems...)
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

// loopback refuses what others than this machine could reach. Envoy listens on addresses, not on names.
func loopback(what, address, instead string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !at.Addr().IsLoopback() {
		return fmt.Errorf("address of %s: %q is not on the loopback interface: %s", what, address, instead)
	}
	return nil
}

func collector(address string) (hostPort, error) {
	at, err := url.Parse(address)
	if err != nil {
		return hostPort{}, fmt.Errorf("address of traces: %w", err)
	}
	return split("traces", net.JoinHostPort(at.Hostname(), cmp.Or(at.Port(), "4318")))
}

// indentedReplies indents the local replies by n spaces.
func indentedReplies(n int) string {
	pad := strings.Repeat(" ", n)
	return pad + strings.ReplaceAll(strings.TrimSuffix(LocalReplies(), "\n"), "\n", "\n"+pad)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// scopePattern finds a scope in a list that is separated by spaces.
func scopePattern(scope string) string { return "(.* )?" + regexp.QuoteMeta(scope) + "( .*)?" }
