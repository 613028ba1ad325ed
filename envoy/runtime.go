package envoy

import (
	"context"
	"net/http"
	"net/url"
)

// Setting is a switch of a running Envoy: what holds, and in which of its layers that was set.
type Setting struct {
	Value string
	// From is the layer that won: base, file or admin. Admin is what an operator set there, empty if nothing.
	From, Admin string
}

// adminLayer is what an operator sets until Envoy ends; see bootstrap.yaml.
const adminLayer = "admin"

// Runtime gives all switches that are set, by key.
func (a Admin) Runtime(ctx context.Context) (map[string]Setting, error) {
	var said struct {
		Layers  []string
		Entries map[string]struct {
			Final  string   `json:"final_value"`
			Layers []string `json:"layer_values"`
		}
	}
	if err := a.read(ctx, "/runtime", nil, &said); err != nil {
		return nil, err
	}
	all := make(map[string]Setting, len(said.Entries))
	for key, entry := range said.Entries {
		s := Setting{Value: entry.Final}
		for i, value := range entry.Layers {
			if value == "" || i >= len(said.Layers) {
				continue
			}
			if s.From = said.Layers[i]; s.From == adminLayer {
				s.Admin = value
			}
		}
		all[key] = s
	}
	return all, nil
}

// SetRuntime sets switches until Envoy ends; an empty value takes one back.
func (a Admin) SetRuntime(ctx context.Context, values map[string]string) error {
	query := url.Values{}
	for key, value := range values {
		query.Set(key, value)
	}
	_, err := a.Call(ctx, http.MethodPost, "/runtime_modify", query)
	return err
}

// LogReads is the switch that says how many percent of the reads that went well the access log has.
const LogReads = "gateway.log.reads"
