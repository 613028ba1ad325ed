package envoy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tripgen/tripgen/envoy"
	"github.com/tripgen/tripgen/internal/authn/authntest"
	"github.com/tripgen/tripgen/internal/local"
)

// door is a running Envoy before four services that answer anything and say what reached them.
type door struct {
	t      testing.TB
	Config envoy.Config
	Dir    string
	URL    string
	Admin  string
	Issuer *authntest.Issuer
	// Arrived counts the requests that reached each service.
	Arrived map[envoy.Cluster]*atomic.Int64
	log     string
}

// seen is what a service says of a request.
type seen struct {
	Service envoy.Cluster
	Path    string
	Header  http.Header
}

func program(t testing.TB) string {
	t.Helper()
	binary := os.Getenv("TRIPGEN_TEST_ENVOY")
	if binary == "" {
		if os.Getenv("TRIPGEN_TEST_REAL") == "1" {
			t.Fatal("TRIPGEN_TEST_ENVOY is not set")
		}
		t.Skip("TRIPGEN_TEST_ENVOY is not set: make test sets it")
	}
	return binary
}

func freeAddress(t testing.TB) string {
	t.Helper()
	port, err := local.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return local.Address(port)
}

// newDoor makes services and the configuration, without an Envoy.
func newDoor(t testing.TB) *door {
	t.Helper()
	dir := t.TempDir()
	d := &door{t: t, Dir: dir, Issuer: authntest.New(t), Arrived: map[envoy.Cluster]*atomic.Int64{}, log: filepath.Join(dir, "envoy.log")}
	d.Config = envoy.Config{
		Listen: freeAddress(t), Admin: "127.0.0.1:0", Issuer: d.Issuer.URL(), Audience: authntest.Audience,
		AccessLog: filepath.Join(dir, "access.log"), Endpoints: map[envoy.Cluster][]string{},
	}
	d.URL = "http://" + d.Config.Listen
	for _, name := range []envoy.Cluster{envoy.User, envoy.Trip, envoy.AI, envoy.Location} {
		d.Arrived[name] = new(atomic.Int64)
		d.Config.Endpoints[name] = []string{d.service(name, nil)}
	}
	return d
}

// service starts an instance that answers by itself, or by h where h answers true, and gives its address.
func (d *door) service(name envoy.Cluster, h func(http.ResponseWriter, *http.Request) bool) string {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/readyz":
		case r.URL.Path == "/.well-known/jwks.json":
			d.proxyKeys(w, r)
		default:
			d.Arrived[name].Add(1)
			if h != nil && h(w, r) {
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
			_ = json.NewEncoder(w).Encode(seen{name, r.URL.Path, r.Header})
		}
	}))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Config.Protocols.SetHTTP1(true)
	server.Start()
	d.t.Cleanup(server.CloseClientConnections)
	d.t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func (d *door) proxyKeys(w http.ResponseWriter, r *http.Request) {
	req, _ := http.NewRequestWithContext(r.Context(), http.MethodGet, d.Issuer.URL(), nil)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	maps.Copy(w.Header(), res.Header)
	_, _ = io.Copy(w, res.Body)
}

// open writes the configuration and starts Envoy on it.
func (d *door) open() *door { return d.openWith(func() {}) }

// openWith lets the test change the files before Envoy reads them.
func (d *door) openWith(edit func()) *door {
	d.t.Helper()
	if err := envoy.Write(d.Dir, d.Config); err != nil {
		d.t.Fatal(err)
	}
	edit()
	d.start()
	return d
}

func (d *door) start() *local.Envoy {
	d.t.Helper()
	running, err := local.StartEnvoy(d.t.Context(), local.EnvoyConfig{
		Path: program(d.t), Bootstrap: filepath.Join(d.Dir, envoy.Bootstrap), LogFile: d.log, Concurrency: 1, Drain: time.Second,
	})
	if err != nil {
		d.t.Fatal(err)
	}
	d.Admin = "http://" + running.Admin()
	d.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := running.Close(ctx); err != nil {
			d.t.Error(err)
		}
		if d.t.Failed() {
			log, _ := os.ReadFile(d.log)
			d.t.Logf("Envoy's log:\n%s", log[max(0, len(log)-4000):])
		}
	})
	d.await("the gateway knows the keys", func() bool {
		res := d.do(d.request("/tripgen.trip.v1.TripService/ListTrips", d.token("trips.read")))
		return res.Status == http.StatusOK
	})
	return running
}

// await waits for a condition.
func (d *door) await(what string, done func() bool) {
	d.t.Helper()
	deadline := time.After(15 * time.Second)
	for !done() {
		select {
		case <-deadline:
			log, _ := os.ReadFile(d.log)
			d.t.Fatalf("waited in vain until %s\n%s", what, log[max(0, len(log)-4000):])
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// stat is one of Envoy's statistics; 0 if it is not there.
func (d *door) stat(name string) int {
	d.t.Helper()
	body := d.do(d.get(d.Admin + "/stats?filter=^" + strings.ReplaceAll(name, ".", `\.`) + "$")).Body
	_, value, _ := strings.Cut(body, ": ")
	n := 0
	_, _ = fmt.Sscan(value, &n)
	return n
}

type claims struct {
	authntest.Claims
	Session string `json:"sid,omitempty"`
}

// bearer is a token of a user and of the session.
func (d *door) bearer(user, session string, scopes ...string) string {
	return d.Issuer.Sign("at+jwt", claims{d.Issuer.Claims(user, scopes...), session})
}

func (d *door) token(scopes ...string) string {
	return d.bearer("user_"+uuid.NewString(), "sess_"+uuid.NewString(), scopes...)
}

// request is a Connect unary call with JSON and a token, if any.
func (d *door) request(path, token string) *http.Request {
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.URL+path, strings.NewReader("{}"))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return req
}

func (d *door) get(url string) *http.Request {
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return req
}

type answer struct {
	Status int
	Header http.Header
	Body   string
	Err    error
}

func (a answer) seen(t testing.TB) seen {
	t.Helper()
	var s seen
	if err := json.Unmarshal([]byte(a.Body), &s); err != nil {
		t.Fatalf("status %d, body %q: %v", a.Status, a.Body, err)
	}
	return s
}

func (d *door) do(req *http.Request) answer { return send(http.DefaultClient, req) }

func send(c *http.Client, req *http.Request) answer {
	res, err := c.Do(req)
	if err != nil {
		return answer{Err: err}
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body), err}
}
