package envoy_test

import (
	"net/http"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/tripgen/tripgen/envoy"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// everyRPC walks the contract, not the table of routes, so that neither can forget one.
func everyRPC(visit func(path string, rule *typev1.AccessRule)) {
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				method := service.Methods().Get(j)
				options, _ := method.Options().(*descriptorpb.MethodOptions)
				rule, _ := proto.GetExtension(options, typev1.E_Access).(*typev1.AccessRule)
				visit("/"+string(service.FullName())+"/"+string(method.Name()), rule)
			}
		}
		return true
	})
}

func clusterOf(path string) envoy.Cluster { return envoy.Cluster(strings.Split(path, ".")[1]) }

func TestEveryPublicRPCReachesItsServiceAndNoOtherDoes(t *testing.T) {
	t.Parallel()
	d := newDoor(t).open()
	public, internal := 0, 0
	everyRPC(func(path string, rule *typev1.AccessRule) {
		token := d.token(append(rule.GetScopes(), "internal")...)
		if rule.GetVisibility() != typev1.Visibility_VISIBILITY_PUBLIC {
			internal++
			if got := d.do(d.request(path, token)); got.Status != http.StatusNotFound || !strings.Contains(got.Body, `"unimplemented"`) {
				t.Errorf("%s is not public and answers %d %s", path, got.Status, got.Body)
			}
			return
		}
		public++
		got := d.do(d.request(path, token))
		if got.Status != http.StatusOK {
			t.Errorf("%s answers %d %s", path, got.Status, got.Body)
			return
		}
		if s := got.seen(t); s.Service != clusterOf(path) || s.Path != path {
			t.Errorf("%s went to %s %s", path, s.Service, s.Path)
		}
	})
	if public < 40 || internal < 5 {
		t.Errorf("the walk found %d public and %d internal RPCs", public, internal)
	}
}

func TestNothingButTheContractIsReachable(t *testing.T) {
	t.Parallel()
	d := newDoor(t).open()
	before := d.Arrived[envoy.Trip].Load()
	for _, path := range []string{
		"/", "/metrics", "/livez", "/readyz", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
		"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "/grpc.health.v1.Health/Check", "/debug/pprof/",
		"/tripgen.trip.v1.TripService/", "/tripgen.trip.v1.TripService/ListTrip", "/tripgen.trip.v1.TripService/ListTripsX",
		"/tripgen.trip.v1.tripservice/listtrips", "/tripgen.trip.v1.TripService/ListTrips/", "/oauth2/", "/oauth2/tokens",
		"/stats", "/quitquitquit",
	} {
		for _, contentType := range []string{"application/json", "application/grpc"} {
			req := d.request(path, d.token("internal", "trips.read"))
			req.Header.Set("Content-Type", contentType)
			got := d.do(req)
			if got.Status != http.StatusNotFound && got.Header.Get("Grpc-Status") != "12" {
				t.Errorf("%s (%s) answers %d %s", path, contentType, got.Status, got.Body)
			}
		}
	}
	if after := d.Arrived[envoy.Trip].Load(); after != before {
		t.Errorf("%d requests reached a service", after-before)
	}
}

func TestAnRPCWantsOneOfItsScopes(t *testing.T) {
	t.Parallel()
	d := newDoor(t).open()
	everyRPC(func(path string, rule *typev1.AccessRule) {
		if rule.GetVisibility() != typev1.Visibility_VISIBILITY_PUBLIC {
			return
		}
		want := func(what, token string, status int) {
			if got := d.do(d.request(path, token)); got.Status != status {
				t.Errorf("%s with %s: %d %s, want %d", path, what, got.Status, got.Body, status)
			}
		}
		if rule.GetAnonymous() {
			want("no token", "", http.StatusOK)
			return
		}
		want("no token", "", http.StatusUnauthorized)
		if len(rule.GetScopes()) == 0 {
			want("any token", d.token(), http.StatusOK)
			return
		}
		// A scope must be whole and the claim's own: not a part of a word, not another's.
		want("no scope", d.token(), http.StatusForbidden)
		want("another scope", d.token(rule.GetScopes()[0]+"x", strings.ToUpper(rule.GetScopes()[0])), http.StatusForbidden)
		for _, scope := range rule.GetScopes() {
			want(scope, d.token("x", scope), http.StatusOK)
		}
	})
}

func TestIdentityHeadersFromOutsideAreStripped(t *testing.T) {
	t.Parallel()
	d := newDoor(t).open()
	req := d.request("/tripgen.trip.v1.TripService/ListTrips", d.token("trips.read"))
	lies := []string{
		"X-Tripgen-Session", "X-Tripgen-Token", "X-Tripgen-Scope", "X-User-Id", "Remote-User",
		"X-Forwarded-Client-Cert", "X-Forwarded-User", "X-Original-Url",
	}
	for _, name := range lies {
		req.Header.Set(name, "user_admin")
	}
	req.Header.Set("X-Forwarded-For", "203.0.113.9")
	req.Header.Set("X-Request-Id", "mine")
	req.Header.Set("X-Envoy-Internal", "true")
	req.Header.Set("X-Envoy-Max-Retries", "9")
	got := d.do(req).seen(t)
	for _, name := range append(lies, "X-Envoy-Internal", "X-Envoy-Max-Retries") {
		if v := got.Header.Get(name); v != "" {
			t.Errorf("%s: %s reached the service", name, v)
		}
	}
	if got.Header.Get("X-Request-Id") == "mine" {
		t.Error("the client chose its request id")
	}
	// The last address is the gateway's word; services go by it.
	chain := strings.Split(got.Header.Get("X-Forwarded-For"), ",")
	if last := chain[len(chain)-1]; last == "203.0.113.9" || len(chain) != 2 {
		t.Errorf("X-Forwarded-For: %v", chain)
	}
}

func TestBrowsersMayCallFromKnownOriginsOnly(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.Config.Origins = []string{"https://app.example"}
	d.open()
	for origin, allowed := range map[string]string{
		"https://app.example": "https://app.example", "http://localhost:5173": "http://localhost:5173",
		"https://evil.example": "", "https://app.example.evil.example": "", "http://localhost.evil.example": "", "null": "",
	} {
		before := d.Arrived[envoy.Trip].Load()
		preflight := d.request(unary, "")
		preflight.Method = http.MethodOptions
		preflight.Header.Set("Origin", origin)
		preflight.Header.Set("Access-Control-Request-Method", http.MethodPost)
		got := d.do(preflight)
		if got.Header.Get("Access-Control-Allow-Origin") != allowed || (allowed != "" && got.Status != http.StatusOK) {
			t.Errorf("preflight from %s: %d %v", origin, got.Status, got.Header)
		}
		if d.Arrived[envoy.Trip].Load() != before {
			t.Errorf("a preflight from %s reached a service", origin)
		}
		// Its own refusals can be read by the app's script, too.
		refused := d.request(unary, "")
		refused.Header.Set("Origin", origin)
		if got := d.do(refused); got.Status != http.StatusUnauthorized || got.Header.Get("Access-Control-Allow-Origin") != allowed {
			t.Errorf("a refusal from %s: %d %v", origin, got.Status, got.Header)
		}
	}
}
