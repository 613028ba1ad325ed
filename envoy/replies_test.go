package envoy_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/tripgen/tripgen/envoy"
)

// protocols are all ways to call. Envoy knows no gRPC with JSON: its own answers and its filter for gRPC-Web are binary.
var protocols = map[string][]connect.ClientOption{
	"Connect, binary": nil,
	"Connect, JSON":   {connect.WithProtoJSON()},
	"gRPC":            {connect.WithGRPC()},
	"gRPC-Web":        {connect.WithGRPCWeb()},
}

const (
	unary  = "/tripgen.trip.v1.TripService/ListTrips"
	away   = "/tripgen.location.v1.PlaceService/SearchNearby"
	stream = "/tripgen.ai.v1.GenerationService/WatchGeneration"
)

func h2c() *http.Client {
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Transport: transport}
}

// call makes a unary call, or opens a stream and reads it to its end, as a client of the generated code does.
func (d *door) call(ctx context.Context, path, token string, options []connect.ClientOption) (http.Header, error) {
	client := connect.NewClient[emptypb.Empty, emptypb.Empty](h2c(), d.URL+path, options...)
	req := connect.NewRequest(&emptypb.Empty{})
	if token != "" {
		req.Header().Set("Authorization", "Bearer "+token)
	}
	if path != stream {
		res, err := client.CallUnary(ctx, req)
		if err != nil {
			return nil, err
		}
		return res.Header(), nil
	}
	answers, err := client.CallServerStream(ctx, req)
	if err != nil {
		return nil, err
	}
	defer answers.Close() //nolint:errcheck // its error is Err's
	for answers.Receive() {
		continue
	}
	return answers.ResponseHeader(), answers.Err()
}

func TestEnvoysOwnAnswersAreProperErrorsInEveryProtocol(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.Config.Endpoints[envoy.AI] = []string{d.service(envoy.AI, hang)}
	d.Config.Endpoints[envoy.Location] = []string{"127.0.0.1:1"} // nobody
	d.openWith(func() {
		d.edit("listeners.yaml", oneCallAnHour)
		d.edit("routes.yaml", func(s string) string { return strings.ReplaceAll(s, "timeout: 15s", "timeout: 0.3s") })
	})
	if err := envoy.WriteRevoked(d.Dir, []string{"sid:sess_over"}); err != nil {
		t.Fatal(err)
	}
	good := func() string { return d.token("trips.read", "generations", "places.read") }
	over := func() string { return d.bearer("user_1", "sess_over", "trips.read", "generations") }
	d.await("the session is over", func() bool { return d.do(d.request(unary, over())).Status == http.StatusUnauthorized })
	none := func() string { return "" }
	bare := func() string { return d.token("x") }
	spent := d.token("trips.read", "generations")
	greedy := func() string { return spent }
	d.await("the caller has had enough", func() bool {
		return d.do(d.request(unary, spent)).Status == 429 && d.do(d.short(stream, spent)).Status == 429
	})

	for _, c := range []struct {
		what, path string
		token      func() string
		code       connect.Code
		reason     string
	}{
		{"no token", unary, none, connect.CodeUnauthenticated, "UNAUTHENTICATED"},
		{"no token", stream, none, connect.CodeUnauthenticated, "UNAUTHENTICATED"},
		{"no such token", unary, func() string { return "no.such.token" }, connect.CodeUnauthenticated, "UNAUTHENTICATED"},
		{"session over", unary, over, connect.CodeUnauthenticated, "UNAUTHENTICATED"},
		{"session over", stream, over, connect.CodeUnauthenticated, "UNAUTHENTICATED"},
		{"no scope", unary, bare, connect.CodePermissionDenied, "SCOPE_MISSING"},
		{"no scope", stream, bare, connect.CodePermissionDenied, "SCOPE_MISSING"},
		{"no such procedure", "/tripgen.trip.v1.TripService/Nothing", good, connect.CodeUnimplemented, "NOT_IMPLEMENTED"},
		{"too many", unary, greedy, connect.CodeResourceExhausted, "RATE_LIMITED"},
		{"too many", stream, greedy, connect.CodeResourceExhausted, "RATE_LIMITED"},
		{"service away", away, good, connect.CodeUnavailable, "UNAVAILABLE"},
		{"service slow", "/tripgen.ai.v1.GenerationService/GetGeneration", good, connect.CodeDeadlineExceeded, "DEADLINE_EXCEEDED"},
	} {
		for protocol, options := range protocols {
			t.Run(c.what+" "+c.path[strings.LastIndex(c.path, "/"):]+" "+protocol, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				_, err := d.call(ctx, c.path, c.token(), options)
				checkError(t, err, c.code, c.reason)
			})
		}
	}
}

// hang takes a call and never answers.
func hang(_ http.ResponseWriter, r *http.Request) bool {
	<-r.Context().Done()
	return true
}

func checkError(t *testing.T, err error, code connect.Code, reason string) {
	t.Helper()
	refusal := new(connect.Error)
	if !errors.As(err, &refusal) || refusal.Code() != code {
		t.Fatalf("error %v, want %v", err, code)
	}
	if m := refusal.Message(); strings.ContainsAny(m, "{}[]_") || !strings.HasSuffix(m, ".") || strings.Contains(m, "%") {
		t.Errorf("message %q is not plain", m)
	}
	for _, detail := range refusal.Details() {
		value, err := detail.Value()
		if err != nil {
			t.Fatal(err)
		}
		if info, ok := value.(*errdetails.ErrorInfo); ok && info.GetReason() == reason {
			return
		}
	}
	t.Errorf("%v has not the reason %s", err, reason)
}

// oneCallAnHour makes the limits of reads and streams so small that a test can count on them.
func oneCallAnHour(listeners string) string {
	hourly := "max_tokens: 1, tokens_per_fill: 1, fill_interval: 3600s"
	return strings.NewReplacer("max_tokens: 200, tokens_per_fill: 50, fill_interval: 1s", hourly,
		"max_tokens: 40, tokens_per_fill: 5, fill_interval: 1s", hourly).Replace(listeners)
}

// short is a request that is given up soon.
func (d *door) short(path, token string) *http.Request {
	ctx, cancel := context.WithTimeout(d.t.Context(), 100*time.Millisecond)
	d.t.Cleanup(cancel)
	return d.request(path, token).WithContext(ctx)
}

func (d *door) edit(name string, change func(string) string) {
	d.t.Helper()
	path := filepath.Join(d.Dir, name)
	content, err := os.ReadFile(path)
	if err != nil {
		d.t.Fatal(err)
	}
	changed := change(string(content))
	if changed == string(content) {
		d.t.Fatalf("nothing changed in %s", name)
	}
	if err := os.WriteFile(path+".new", []byte(changed), 0o600); err != nil {
		d.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		d.t.Fatal(err)
	}
}

func TestRefusalsTellWhatHTTPClientsNeed(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.Config.Endpoints[envoy.Location] = []string{"127.0.0.1:1"}
	d.openWith(func() { d.edit("listeners.yaml", oneCallAnHour) })
	greedy := d.token("trips.read")
	if got := d.do(d.request(unary, greedy)); got.Status != 200 || got.Header.Get("Ratelimit-Remaining") != "0" {
		t.Errorf("the first call: %d %v", got.Status, got.Header)
	}
	for name, c := range map[string]struct {
		req    *http.Request
		status int
		header map[string]string
	}{
		"no token":     {d.request(unary, ""), 401, map[string]string{"Www-Authenticate": "Bearer realm="}},
		"no scope":     {d.request(unary, d.token()), 403, map[string]string{"Www-Authenticate": `Bearer error="insufficient_scope"`}},
		"too many":     {d.request(unary, greedy), 429, map[string]string{"Retry-After": "1", "Ratelimit-Limit": "1", "Ratelimit-Remaining": "0", "Ratelimit-Reset": ""}},
		"service away": {d.request(away, d.token("places.read")), 503, map[string]string{"Retry-After": "1"}},
		"too large":    {d.sized(unary, d.token("trips.read"), 2<<20), 413, nil},
	} {
		got := d.do(c.req)
		if got.Status != c.status || got.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %v %s", name, got.Status, got.Header, got.Body)
		}
		for key, want := range c.header {
			if v := got.Header.Get(key); !strings.HasPrefix(v, want) {
				t.Errorf("%s: %s is %q, want %q", name, key, v, want)
			}
		}
		for key := range got.Header {
			if strings.HasPrefix(key, "X-Envoy") || strings.HasPrefix(key, "X-Ratelimit") {
				t.Errorf("%s: answers with %s", name, key)
			}
		}
	}
	if got := d.do(d.request("/oauth2/nothing", "")); got.Status != 404 || !strings.HasPrefix(got.Body, `{"error":`) {
		t.Errorf("OAuth: %d %s", got.Status, got.Body)
	}
}

func (d *door) sized(path, token string, bytes int) *http.Request {
	req := d.request(path, token)
	padded := `{"pageToken":"` + strings.Repeat("x", bytes) + `"}`
	fresh, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, req.URL.String(), strings.NewReader(padded))
	if err != nil {
		d.t.Fatal(err)
	}
	fresh.Header = req.Header
	return fresh
}
