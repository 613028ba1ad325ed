package rpc

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/lang"
)

// probeTimeout bounds the question to all dependencies together.
const probeTimeout = 2 * time.Second

// mountProbes serves /livez (the process answers), /readyz (it should get traffic; with the state of each dependency)
// and /metrics.
func mountProbes(mux *http.ServeMux, ready *app.Readiness, metrics prometheus.Gatherer) {
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]bool{"live": true})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		report := ask(r.Context(), ready)
		status := http.StatusOK
		if !report.Ready {
			status = http.StatusServiceUnavailable
		}
		writeJSON(w, status, report)
	})
	if metrics != nil {
		mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	}
}

func ask(ctx context.Context, ready *app.Readiness) app.Report {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	return ready.Report(ctx)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// The prober has gone if this fails; nobody is left to be told.
	_ = json.NewEncoder(w).Encode(body)
}

// healthChecker answers grpc.health.v1 from the role's readiness: its services are ready together or not at all.
type healthChecker struct {
	ready    *app.Readiness
	services []string
}

func (c *healthChecker) Check(ctx context.Context, req *grpchealth.CheckRequest) (*grpchealth.CheckResponse, error) {
	if req.Service != "" && !slices.Contains(c.services, req.Service) {
		e := errs.NotFound(errs.ReasonNotFound, "그런 서비스가 없습니다.", "There is no such service.")
		return nil, told(e, lang.Default, nil)
	}
	status := grpchealth.StatusServing
	if !ask(ctx, c.ready).Ready {
		status = grpchealth.StatusNotServing
	}
	return &grpchealth.CheckResponse{Status: status}, nil
}

func unknownProcedureError(h http.Header) *connect.Error {
	return told(errs.Unimplemented(), lang.Parse(h.Get("Accept-Language")), nil)
}
