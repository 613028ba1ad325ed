package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tripgen/tripgen/internal/local"
)

// bareConfig is an Envoy that does nothing but pass calls on: the same protocols, connections and number of threads.
const bareConfig = `
admin: { address: { socket_address: { address: 127.0.0.1, port_value: 0 } } }
static_resources:
  listeners:
    - name: bare
      address: { socket_address: { address: 127.0.0.1, port_value: %d } }
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: bare
                http2_protocol_options: { max_concurrent_streams: 100, initial_stream_window_size: 65536, initial_connection_window_size: 1048576 }
                route_config:
                  virtual_hosts:
                    - name: all
                      domains: ["*"]
                      routes:
                        - { match: { prefix: /tripgen.trip. }, route: { cluster: trip } }
                        - { match: { prefix: / }, route: { cluster: user } }
                http_filters:
                  - name: envoy.filters.http.router
                    typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
  clusters:
%s`

const bareCluster = `    - name: %s
      lb_policy: LEAST_REQUEST
      typed_extension_protocol_options:
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
          "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
          explicit_http_config: { http2_protocol_options: {} }
      circuit_breakers: { thresholds: [{ max_connections: 1024, max_pending_requests: 4096, max_requests: 65536 }] }
      load_assignment:
        cluster_name: %s
        endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address: %s, port_value: %s } } } }] }]
`

// startBare starts it and gives its URL.
func startBare(ctx context.Context, dir string, services map[string][2]string) (*local.Envoy, string, error) {
	port, err := local.FreePort()
	if err != nil {
		return nil, "", err
	}
	clusters := ""
	for name, at := range services {
		clusters += fmt.Sprintf(bareCluster, name, name, at[0], at[1])
	}
	path := filepath.Join(dir, "bare.yaml")
	if err := os.WriteFile(path, fmt.Appendf(nil, bareConfig, port, clusters), 0o600); err != nil {
		return nil, "", err
	}
	running, err := local.StartEnvoy(ctx, local.EnvoyConfig{
		Path: os.Getenv("TRIPGEN_TEST_ENVOY"), Bootstrap: path, LogFile: filepath.Join(dir, "bare.log"), Drain: time.Second,
	})
	return running, "http://" + local.Address(port), err
}
