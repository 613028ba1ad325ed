package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/tripgen/tripgen/internal/simulator/anthropic"
	"github.com/tripgen/tripgen/internal/simulator/openmeteo"
	"github.com/tripgen/tripgen/internal/simulator/sky"
)

// model is a simulated Claude, and the weather, that can be made to hang.
type model struct {
	server   *http.Server
	address  string
	hanging  atomic.Bool
	hung     atomic.Int64
	finished chan error
}

func startModel() (*model, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	claude := anthropic.New(anthropic.Config{P50: 300 * time.Millisecond, P99: 2 * time.Second, ErrorRate: 0.02}).Handler()
	weather := openmeteo.Handler(new(sky.Sky))
	m := &model{address: "http://" + listener.Addr().String(), finished: make(chan error, 1)}
	mux := http.NewServeMux()
	mux.Handle("/v1/forecast", weather)
	mux.Handle("/v1/air-quality", weather)
	mux.HandleFunc("/v1/messages", func(w http.ResponseWriter, r *http.Request) {
		if m.hanging.Load() {
			m.hung.Add(1)
			<-r.Context().Done()
			return
		}
		claude.ServeHTTP(w, r)
	})
	m.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { m.finished <- m.server.Serve(listener) }()
	return m, nil
}

// settings are the parts of a configuration that point to it.
func (m *model) settings() string {
	return fmt.Sprintf("providers:\n  anthropic: { key: simulated, base_url: %q }\n  open_meteo: { base_url: %q, air_quality_url: %q }\n",
		m.address, m.address, m.address)
}

// Close ends it, with the calls that hang.
func (m *model) Close() error {
	err := m.server.Close()
	if served := <-m.finished; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
