package envoy_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tripgen/tripgen/envoy"
)

func TestALateStarterGetsCallsAtOnceAndOneThatIsNotReadyNone(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	late := freeAddress(t)
	var ready atomic.Bool
	d.Config.Endpoints[envoy.Location] = append(d.Config.Endpoints[envoy.Location], late)
	d.open()
	healthy := func() int { return d.stat("cluster.location.membership_healthy") }
	d.await("one of two is healthy", func() bool { return healthy() == 1 })
	server := &http.Server{Addr: late, Protocols: new(http.Protocols), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !ready.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})}
	server.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = server.ListenAndServe() }()
	t.Cleanup(func() { _ = server.Close() })
	ready.Store(true)
	d.await("both are healthy", func() bool { return healthy() == 2 })
	ready.Store(false)
	d.await("the one that is not ready gets no calls", func() bool { return healthy() == 1 })
}

func TestAnInstanceThatIsReadyButFailsIsTakenOut(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	broken := d.service(envoy.Location, func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	d.Config.Endpoints[envoy.Location] = append(d.Config.Endpoints[envoy.Location], broken)
	d.open()
	ejected := func() bool { return d.stat("cluster.location.outlier_detection.ejections_active") == 1 }
	token := d.token("places.read")
	d.await("the broken instance is out", func() bool {
		// Reads are tried again at the other instance meanwhile.
		if got := d.do(d.request(away, token)); got.Status != http.StatusOK && got.Status != http.StatusTooManyRequests {
			t.Fatal(got.Status, got.Body)
		}
		return ejected()
	})
	if healthy := d.stat("cluster.location.membership_healthy"); healthy != 1 {
		t.Errorf("%d instances get calls", healthy)
	}
}

func TestLoadBalancersHearWhetherTheGatewayTakesCalls(t *testing.T) {
	t.Parallel()
	d := newDoor(t).open()
	status := func() int { return d.do(d.get(d.URL + "/healthz")).Status }
	if got := status(); got != http.StatusOK {
		t.Errorf("open: %d", got)
	}
	if got := d.do(d.get(d.URL + "/healthz/more")).Status; got != http.StatusNotFound {
		t.Errorf("below it: %d", got)
	}
	if _, err := d.admin().Call(t.Context(), http.MethodPost, "/healthcheck/fail", nil); err != nil {
		t.Fatal(err)
	}
	d.await("load balancers hear that it drains", func() bool { return status() == http.StatusServiceUnavailable })
	if got := d.do(d.request(unary, d.token("trips.read"))).Status; got != http.StatusOK {
		t.Errorf("a call while it drains: %d", got)
	}
}

func (d *door) admin() envoy.Admin {
	return envoy.Admin{Address: strings.TrimPrefix(d.Admin, "http://")}
}
