package rpc_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/resilience"
	"github.com/tripgen/tripgen/internal/rpc"
)

// A service that says no is at work; one that cannot be reached is not asked any more, and its callers hear unavailable.
func TestABreakerStandsBeforeAService(t *testing.T) {
	t.Parallel()
	guards, err := resilience.NewSet(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	guard := guards.Guard(rpc.GuardPolicy("ai"))
	var calls, away atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		if away.Load() == 1 {
			w.WriteHeader(http.StatusServiceUnavailable) // as a proxy whose backend is gone
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"code":"not_found","message":"there is none"}`)) // the client says what it got
	}))
	defer server.Close()
	options, err := rpc.ClientOptions()
	if err != nil {
		t.Fatal(err)
	}
	client := connect.NewClient[emptypb.Empty, emptypb.Empty](server.Client(), server.URL+"/x.Y/Z", append(options, rpc.Guarded(guard))...)
	call := func() error {
		_, err := client.CallUnary(t.Context(), connect.NewRequest(&emptypb.Empty{}))
		return err
	}
	for range 30 {
		if e, ok := errs.Of(call()); !ok || e.Kind != errs.KindNotFound {
			t.Fatalf("refused as %v", e)
		}
	}
	if guard.State() != "closed" {
		t.Fatalf("a service at work is %s", guard.State())
	}
	away.Store(1)
	calls.Store(0)
	for range 50 {
		if e, ok := errs.Of(call()); !ok || e.Kind != errs.KindUnavailable {
			t.Fatalf("away is %v", e)
		}
	}
	if err := call(); !errors.Is(err, resilience.ErrOpen) || calls.Load() != 10 || guards.States()["ai"] != "open" {
		t.Errorf("asked %d times, %v, %v", calls.Load(), guards.States(), err)
	}
}
