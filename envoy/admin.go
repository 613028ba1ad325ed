package envoy

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Admin asks a running Envoy's admin interface.
type Admin struct {
	// Address is host:port.
	Address string
	Client  *http.Client
}

// Call makes a request, such as POST /healthcheck/fail, and gives the answer.
func (a Admin) Call(ctx context.Context, method, path string, query url.Values) ([]byte, error) {
	target := url.URL{Scheme: "http", Host: a.Address, Path: path, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, target.String(), nil)
	if err != nil {
		return nil, err
	}
	client := a.Client
	if client == nil {
		client = http.DefaultClient
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the gateway: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("ask the gateway: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the gateway says %s to %s: %s", res.Status, path, strings.TrimSpace(string(body)))
	}
	return body, nil
}

func (a Admin) read(ctx context.Context, path string, query url.Values, into any) error {
	body, err := a.Call(ctx, http.MethodGet, path, query)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("read what the gateway says to %s: %w", path, err)
	}
	return nil
}

// Info is what Envoy says of itself.
type Info struct {
	Version, State string
	Uptime         time.Duration
}

// Info asks for the version and the state: LIVE, DRAINING, PRE_INITIALIZING, INITIALIZING.
func (a Admin) Info(ctx context.Context) (Info, error) {
	var said struct {
		Version, State string
		Uptime         string `json:"uptime_current_epoch"`
	}
	if err := a.read(ctx, "/server_info", nil, &said); err != nil {
		return Info{}, err
	}
	uptime, err := time.ParseDuration(said.Uptime)
	if err != nil {
		return Info{}, fmt.Errorf("the gateway's uptime: %w", err)
	}
	// Between slashes: commit, version, and how it was built.
	version := said.Version
	if parts := strings.Split(said.Version, "/"); len(parts) > 1 {
		version = parts[1]
	}
	return Info{Version: version, State: said.State, Uptime: uptime}, nil
}

// Stats are counters and gauges by name, and quantiles of histograms by name and quantile (50, 99) since the start.
type Stats struct {
	Values    map[string]int64
	Quantiles map[string]map[float64]float64
}

// Sum adds up the values whose name has the prefix and the suffix.
func (s Stats) Sum(prefix, suffix string) (sum int64) {
	for name, value := range s.Values {
		if strings.HasPrefix(name, prefix) && strings.HasSuffix(name, suffix) {
			sum += value
		}
	}
	return sum
}

// Stats asks for the statistics whose name matches the regular expression.
func (a Admin) Stats(ctx context.Context, filter string) (Stats, error) {
	var said struct {
		Stats []struct {
			Name       string
			Value      json.RawMessage
			Histograms *struct {
				Quantiles []float64 `json:"supported_quantiles"`
				Computed  []struct {
					Name   string
					Values []struct{ Cumulative *float64 }
				} `json:"computed_quantiles"`
			}
		}
	}
	if err := a.read(ctx, "/stats", url.Values{"format": {"json"}, "filter": {filter}}, &said); err != nil {
		return Stats{}, err
	}
	stats := Stats{Values: map[string]int64{}, Quantiles: map[string]map[float64]float64{}}
	for _, s := range said.Stats {
		if s.Histograms == nil {
			var value int64
			if json.Unmarshal(s.Value, &value) == nil { // a few are texts
				stats.Values[s.Name] = value
			}
			continue
		}
		for _, computed := range s.Histograms.Computed {
			of := map[float64]float64{}
			for i, v := range computed.Values {
				if v.Cumulative != nil && i < len(s.Histograms.Quantiles) {
					of[s.Histograms.Quantiles[i]] = *v.Cumulative
				}
			}
			stats.Quantiles[computed.Name] = of
		}
	}
	return stats, nil
}

// Host is an instance of a cluster as the gateway sees it.
type Host struct {
	Cluster, Address string
	// Unhealthy has the reasons, none if it gets calls.
	Unhealthy                                           []string
	Active, Calls, Failed, Connections, FailedToConnect int64
}

// Hosts asks for all instances, by cluster and address.
func (a Admin) Hosts(ctx context.Context) ([]Host, error) {
	var said struct {
		Clusters []struct {
			Name  string
			Hosts []struct {
				Address struct {
					Socket struct {
						Address string
						Port    int `json:"port_value"`
					} `json:"socket_address"`
				}
				Stats []struct {
					Name  string
					Value int64 `json:",string"`
				}
				Health map[string]any `json:"health_status"`
			} `json:"host_statuses"`
		} `json:"cluster_statuses"`
	}
	if err := a.read(ctx, "/clusters", url.Values{"format": {"json"}}, &said); err != nil {
		return nil, err
	}
	var hosts []Host
	for _, c := range said.Clusters {
		for _, h := range c.Hosts {
			host := Host{Cluster: c.Name, Address: fmt.Sprintf("%s:%d", h.Address.Socket.Address, h.Address.Socket.Port)}
			for _, s := range h.Stats {
				for name, field := range map[string]*int64{
					"rq_active": &host.Active, "rq_total": &host.Calls, "rq_error": &host.Failed, "cx_active": &host.Connections, "cx_connect_fail": &host.FailedToConnect,
				} {
					if s.Name == name {
						*field = s.Value
					}
				}
			}
			host.Unhealthy = reasons(h.Health)
			hosts = append(hosts, host)
		}
	}
	slices.SortFunc(hosts, func(a, b Host) int { return strings.Compare(a.Cluster+" "+a.Address, b.Cluster+" "+b.Address) })
	return hosts, nil
}

// reasons are why a host gets no calls.
func reasons(health map[string]any) []string {
	var why []string
	for _, key := range sortedKeys(health) {
		switch value := health[key].(type) {
		case bool:
			if value {
				why = append(why, strings.ReplaceAll(strings.TrimPrefix(key, "failed_"), "_", " "))
			}
		case string:
			if key == "eds_health_status" && value != "HEALTHY" && value != "UNKNOWN" {
				why = append(why, strings.ToLower(value))
			}
		}
	}
	return why
}
