package envoy_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tripgen/tripgen/envoy"
)

// The statistics of a file's subscription.
var subscriptions = map[string]string{
	"listeners.yaml":       "listener_manager.lds",
	"clusters.yaml":        "cluster_manager.cds",
	"routes.yaml":          "http.public.rds.public",
	"runtime.yaml":         "runtime",
	"revoked/revoked.json": "extension_config_discovery.http_filter.revoked",
	"revoked/tokens.json":  "extension_config_discovery.http_filter.envoy.filters.http.jwt_authn",
}

func TestTheFilesAreTakenWhole(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.Config.Limiters = []string{"127.0.0.1:1"}
	d.Config.TraceURL = "http://127.0.0.1:1/v1/traces"
	d.Config.Origins = []string{"https://app.example"}
	d.open()
	for file, name := range subscriptions {
		if got := d.stat(name + ".update_rejected"); got != 0 {
			t.Errorf("%s was refused %d times", file, got)
		}
		if file != "runtime.yaml" && d.stat(name+".update_success") == 0 {
			t.Errorf("%s was not taken", file)
		}
	}
	log, err := os.ReadFile(d.log)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(log), "eprecated") {
		t.Errorf("Envoy calls something deprecated:\n%s", log)
	}
}

func TestAChangedFileTakesEffectWithoutARestart(t *testing.T) {
	t.Parallel()
	d := newDoor(t).open()
	second := d.service(envoy.Trip, func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusTeapot)
		return true
	})
	moved := d.Config
	moved.Endpoints = map[envoy.Cluster][]string{
		envoy.User: d.Config.Endpoints[envoy.User], envoy.Trip: {second}, envoy.AI: d.Config.Endpoints[envoy.AI], envoy.Location: d.Config.Endpoints[envoy.Location],
	}
	if err := envoy.Write(d.Dir, moved); err != nil {
		t.Fatal(err)
	}
	d.await("calls go to the other instance", func() bool {
		return d.do(d.request(unary, d.token("trips.read"))).Status == http.StatusTeapot
	})

	if got := d.do(d.request("/tripgen.ai.v1.GenerationService/GetGeneration", d.token("generations"))).Status; got != http.StatusOK {
		t.Fatalf("before the change: %d", got)
	}
	d.edit("routes.yaml", func(s string) string { return strings.ReplaceAll(s, "(.* )?generations( .*)?", "other") })
	d.await("the scope is another", func() bool {
		return d.do(d.request("/tripgen.ai.v1.GenerationService/GetGeneration", d.token("generations"))).Status == http.StatusForbidden
	})

	d.edit("runtime.yaml", func(s string) string { return s + "      gateway.off.read: 100\n" })
	d.await("reads are off", func() bool {
		got := d.do(d.request(unary, d.token("trips.read")))
		return got.Status == http.StatusServiceUnavailable && got.Header.Get("Retry-After") == "1"
	})
	if got := d.do(d.request("/tripgen.trip.v1.TripService/CreateTrip", d.token("trips.write"))).Status; got != http.StatusTeapot {
		t.Errorf("writes are off too: %d", got)
	}
}

func TestABrokenFileIsRefusedAndTheLastGoodOneStays(t *testing.T) {
	t.Parallel()
	breaks := map[string]func(string) string{
		"not YAML": func(string) string { return "resources: [" },
		"unknown field": func(s string) string {
			return strings.NewReplacer("\nresources:", "\nnonsense: 1\nresources:", `{"resources"`, `{"nonsense":1,"resources"`).Replace(s)
		},
		"wrong type": func(string) string { return "resources: [{ \"@type\": type.googleapis.com/envoy.Nothing }]" },
		"wrong value": func(s string) string {
			return strings.NewReplacer("max_request_headers_kb: 32", "max_request_headers_kb: 99999999", "connect_timeout: 1s", "connect_timeout: soon",
				"timeout: 15s", "timeout: long", "tracing.random_sampling: 0", "tracing.random_sampling: { a: [1] }, x", `"resources"`, `"resource"`).Replace(s)
		},
	}
	d := newDoor(t).open()
	for file, name := range subscriptions {
		good, err := os.ReadFile(filepath.Join(d.Dir, file))
		if err != nil {
			t.Fatal(err)
		}
		for what, change := range breaks {
			refused := func() int { return d.stat(name+".update_rejected") + d.stat(name+".update_failure") }
			before := refused()
			d.edit(file, change)
			d.await(file+" with "+what+" is refused", func() bool { return refused() > before })
			if got := d.do(d.request(unary, d.token("trips.read"))); got.Status != http.StatusOK {
				t.Errorf("%s with %s: %d %s", file, what, got.Status, got.Body)
			}
			d.edit(file, func(string) string { return string(good) })
		}
	}
}

func TestRevokedTokensAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	d := newDoor(t).open()
	status := func(token string) int { return d.do(d.request(unary, token)).Status }
	claims := d.Issuer.Claims("user_2", "trips.read")
	claims.ID = "token-1"
	for _, c := range []struct{ subject, token string }{
		{"sid:sess_1", d.bearer("user_1", "sess_1", "trips.read")},
		{"jti:token-1", d.Issuer.Sign("at+jwt", claims)},
	} {
		other := d.bearer("user_1", "sess_2", "trips.read")
		if a, b := status(c.token), status(other); a != 200 || b != 200 {
			t.Fatalf("before: %d, %d", a, b)
		}
		began := time.Now()
		if err := envoy.WriteRevoked(d.Dir, []string{"jti:somebody", c.subject, "client:nobody", "sid:sess_0"}); err != nil {
			t.Fatal(err)
		}
		d.await(c.subject+" is refused", func() bool { return status(c.token) == http.StatusUnauthorized })
		t.Logf("%s refused after %v", c.subject, time.Since(began))
		// A header says nothing about whose token it is.
		forged := d.request(unary, c.token)
		for _, name := range []string{"X-Tripgen-Session", "X-Tripgen-Token", "X-Tripgen-Client"} {
			forged.Header.Set(name, "other")
		}
		if got := d.do(forged).Status; got != http.StatusUnauthorized {
			t.Errorf("%s with forged headers: %d", c.subject, got)
		}
		if got := status(other); got != http.StatusOK {
			t.Errorf("another session: %d", got)
		}
	}
	if err := envoy.WriteRevoked(d.Dir, []string{"client:test-app"}); err != nil {
		t.Fatal(err)
	}
	d.await("the client is refused", func() bool { return status(d.token("trips.read")) == http.StatusUnauthorized })
	if err := envoy.Write(d.Dir, d.Config); err != nil {
		t.Fatal(err)
	}
	if got := status(d.token("trips.read")); got != http.StatusUnauthorized {
		t.Errorf("writing the configuration forgot what is revoked: %d", got)
	}
	if err := envoy.WriteRevoked(d.Dir, nil); err != nil {
		t.Fatal(err)
	}
	d.await("nobody is refused", func() bool { return status(d.token("trips.read")) == http.StatusOK })
}

// A token that Envoy has checked and remembers is refused as soon as its key is withdrawn, even while an instance of the
// issuer still publishes the key; the key that takes over is known at once; and nothing of it comes back later.
func TestAWithdrawnKeysTokensAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	d := newDoor(t).open()
	status := func(token string) int { return d.do(d.request(unary, token)).Status }
	first, lost := d.token("trips.read"), d.Issuer.KeyID()
	for range 3 { // the second time Envoy knows it
		if got := status(first); got != http.StatusOK {
			t.Fatalf("before: %d", got)
		}
	}
	d.Issuer.Rotate()
	second := d.token("trips.read")
	if got := status(second); got != http.StatusUnauthorized {
		t.Fatalf("a key that Envoy cannot know: %d", got)
	}
	began := time.Now()
	if err := envoy.WriteRevoked(d.Dir, []string{"kid:" + lost, "sid:sess_0"}); err != nil {
		t.Fatal(err)
	}
	d.await("the withdrawn key's token is refused", func() bool { return status(first) == http.StatusUnauthorized })
	t.Logf("refused after %v", time.Since(began))
	d.await("the new key's token passes", func() bool { return status(second) == http.StatusOK })
	t.Logf("the new key known after %v", time.Since(began))
	if got := status(first); got != http.StatusUnauthorized {
		t.Errorf("once the keys are fetched anew: %d", got)
	}
	if err := envoy.Write(d.Dir, d.Config); err != nil {
		t.Fatal(err)
	}
	if a, b := status(first), status(second); a != http.StatusUnauthorized || b != http.StatusOK {
		t.Errorf("after the configuration is written again: %d, %d", a, b)
	}
	d.Issuer.Forget()
	fetched := d.Issuer.Fetches()
	if err := envoy.WriteRevoked(d.Dir, nil); err != nil {
		t.Fatal(err)
	}
	d.await("the keys are fetched anew, before anybody calls", func() bool { return d.Issuer.Fetches() > fetched })
	d.await("the key that signs is known", func() bool { return status(second) == http.StatusOK })
	if got := status(first); got != http.StatusUnauthorized {
		t.Errorf("when the withdrawal is forgotten: %d", got)
	}
}
