package envoy_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/tripgen/tripgen/envoy"
)

// One change of a file that makes a bound so small that a test reaches it.
func (d *door) bound(file, real, small string) {
	d.edit(file, func(s string) string { return strings.ReplaceAll(s, real, small) })
}

// A service that answers nobody holds no more calls than its cluster's bound; what is over it is refused at once, and the
// other services go on.
func TestAServiceThatHangsTakesNoMoreCallsThanItsBound(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	release := make(chan struct{})
	d.Config.Endpoints[envoy.AI] = []string{d.service(envoy.AI, func(_ http.ResponseWriter, r *http.Request) bool {
		select {
		case <-release:
		case <-r.Context().Done():
		}
		return false
	})}
	d.openWith(func() { d.bound("clusters.yaml", "max_requests: 65536", "max_requests: 2") })
	const read, write = "/tripgen.ai.v1.GenerationService/GetGeneration", "/tripgen.ai.v1.GenerationService/CancelGeneration"
	token := d.token("generations", "trips.read")
	held := make(chan answer, 2)
	for range cap(held) {
		go func() { held <- d.do(d.request(read, token)) }()
	}
	d.await("two calls are under way", func() bool { return d.Arrived[envoy.AI].Load() == 2 })
	d.await("the breaker is open", func() bool { return d.stat("cluster.ai.circuit_breakers.default.rq_open") == 1 })

	for _, path := range []string{read, write, stream} {
		for protocol, options := range protocols {
			t.Run(path[strings.LastIndex(path, "/")+1:]+" "+protocol, func(t *testing.T) {
				_, err := d.call(t.Context(), path, token, options)
				checkError(t, err, connect.CodeUnavailable, "UNAVAILABLE")
			})
		}
	}
	got := d.do(d.request(read, token))
	if got.Status != http.StatusServiceUnavailable || got.Header.Get("Retry-After") != "1" || got.Header.Get("X-Envoy-Overloaded") != "" {
		t.Errorf("over the bound: %d %v %s", got.Status, got.Header, got.Body)
	}
	if over := d.stat("cluster.ai.upstream_rq_active_overflow"); over < 3*len(protocols)+1 {
		t.Errorf("%d calls are counted as over the bound", over)
	}
	if n := d.Arrived[envoy.AI].Load(); n != 2 {
		t.Errorf("%d calls reached the service", n)
	}
	if got := d.do(d.request(unary, token)); got.Status != http.StatusOK {
		t.Errorf("another service: %d %s", got.Status, got.Body)
	}
	close(release)
	for range cap(held) {
		if got := <-held; got.Status != http.StatusOK {
			t.Errorf("a call under the bound: %d %s", got.Status, got.Body)
		}
	}
	d.await("the breaker is closed", func() bool { return d.stat("cluster.ai.circuit_breakers.default.rq_open") == 0 })
	if got := d.do(d.request(read, token)); got.Status != http.StatusOK {
		t.Errorf("afterwards: %d %s", got.Status, got.Body)
	}
}

// While as many calls are at their second attempt as the budget allows, those that fail the first time have failed.
func TestSecondAttemptsStayWithinTheirBudget(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	release := make(chan struct{})
	var attempts sync.Map // of each call, by its request id: whether there was one
	d.Config.Endpoints[envoy.Location] = []string{d.service(envoy.Location, func(w http.ResponseWriter, r *http.Request) bool {
		if _, again := attempts.LoadOrStore(r.Header.Get("X-Request-Id"), true); !again {
			if err := connect.NewErrorWriter().Write(w, r, connect.NewError(connect.CodeUnavailable, errors.New("not now"))); err != nil {
				t.Error(err)
			}
			return true
		}
		select {
		case <-release:
		case <-r.Context().Done():
		}
		return false
	})}
	d.openWith(func() { d.bound("clusters.yaml", "min_retry_concurrency: 64", "min_retry_concurrency: 1") })
	token := d.token("places.read")
	held := make(chan answer, 1)
	go func() { held <- d.do(d.request(away, token)) }()
	d.await("a call is at its second attempt", func() bool { return d.Arrived[envoy.Location].Load() == 2 })

	if got := d.do(d.request(away, token)); got.Status != http.StatusServiceUnavailable || !strings.Contains(got.Body, `"code":"unavailable"`) {
		t.Errorf("over the budget: %d %s", got.Status, got.Body)
	}
	if n := d.Arrived[envoy.Location].Load(); n != 3 {
		t.Errorf("the service saw %d attempts, want 3: a call over the budget was tried again", n)
	}
	if over := d.stat("cluster.location.upstream_rq_retry_overflow"); over != 1 {
		t.Errorf("%d second attempts are counted as over the budget", over)
	}
	close(release)
	if got := <-held; got.Status != http.StatusOK {
		t.Errorf("the call within the budget: %d %s", got.Status, got.Body)
	}
	if got := d.do(d.request(away, token)); got.Status != http.StatusOK {
		t.Errorf("afterwards: %d %s", got.Status, got.Body)
	}
}

// Connections over a bound are closed before a byte of them is read; those that there are go on, and room is used again.
func TestConnectionsOverTheBoundAreClosed(t *testing.T) {
	t.Parallel()
	for bound, c := range map[string]struct{ file, real, small, stat string }{
		"of the listener":      {"listeners.yaml", "max_connections: 20000", "max_connections: 3", "connection_limit.door.limited_connections"},
		"of the whole gateway": {"bootstrap.yaml", "max_active_downstream_connections: 50000", "max_active_downstream_connections: 3", "listener.%s.downstream_global_cx_overflow"},
	} {
		t.Run(bound, func(t *testing.T) {
			t.Parallel()
			d := newDoor(t)
			d.openWith(func() { d.bound(c.file, c.real, c.small) })
			var held []net.Conn
			t.Cleanup(func() {
				for _, conn := range held {
					_ = conn.Close()
				}
			})
			over := func() int {
				return d.stat(strings.Replace(c.stat, "%s", strings.ReplaceAll(d.Config.Listen, ":", "_"), 1))
			}
			for len(held) < 3 {
				conn, status := d.dial()
				if status == 0 {
					break // the connection that the start was awaited with counts too
				}
				held = append(held, conn)
			}
			if len(held) < 2 {
				t.Fatalf("%d connections are served, want at least 2 of 3", len(held))
			}
			d.await("the bound is reached", func() bool {
				conn, status := d.dial()
				if status != 0 {
					held = append(held, conn)
				}
				return status == 0
			})
			if len(held) > 3 || over() == 0 {
				t.Errorf("%d connections are served, %d counted as over the bound", len(held), over())
			}
			for _, conn := range held {
				if status := ask(conn); status != http.StatusNotFound {
					t.Errorf("a connection under the bound: %d", status)
				}
				_ = conn.Close()
			}
			d.await("there is room again", func() bool {
				conn, status := d.dial()
				if conn != nil {
					_ = conn.Close()
				}
				return status == http.StatusNotFound
			})
		})
	}
}

// dial opens a connection and asks for something on it; the status is 0 if the gateway closed it.
func (d *door) dial() (net.Conn, int) {
	d.t.Helper()
	conn, err := net.Dial("tcp", d.Config.Listen)
	if err != nil {
		d.t.Fatal(err)
	}
	status := ask(conn)
	if status == 0 {
		_ = conn.Close()
	}
	return conn, status
}

// ask wants something that is not there, and reads the answer.
func ask(conn net.Conn) int {
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return 0
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return 0
	}
	return res.StatusCode
}
