package faults_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/simulator/faults"
)

func serve(t *testing.T) (*httptest.Server, *faults.Provider) {
	t.Helper()
	p := faults.New(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"a":1,"b":{"c":[{"d":2}]}}`))
	}), faults.Config{}, 1)
	mux := http.NewServeMux()
	mux.Handle("/", p)
	mux.Handle("/faults/", http.StripPrefix("/faults", faults.Admin(map[string]*faults.Provider{"x": p})))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server, p
}

func ask(t *testing.T, url, fault string) (status int, body string, err error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(faults.Header, fault)
	client := &http.Client{Timeout: 500 * time.Millisecond}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close() //nolint:errcheck // a test
	read, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(read), err
}

func TestAHeaderAsksForOneCallsFaults(t *testing.T) {
	t.Parallel()
	server, _ := serve(t)
	for fault, want := range map[string]func(status int, body string, err error) bool{
		"":              func(_ int, body string, _ error) bool { return json.Valid([]byte(body)) },
		"hang":          func(_ int, _ string, err error) bool { return err != nil },
		"truncate":      func(_ int, body string, err error) bool { return err != nil && body != "" },
		"rename":        func(_ int, body string, _ error) bool { return body == `{"a_v2":1,"b_v2":{"c_v2":[{"d_v2":2}]}}` },
		"missing":       func(_ int, body string, _ error) bool { return body == `{"b":{}}` },
		"status=503":    func(status int, _ string, _ error) bool { return status == http.StatusServiceUnavailable },
		"busy=2":        func(status int, _ string, _ error) bool { return status == http.StatusTooManyRequests },
		"status=200":    func(status int, _ string, _ error) bool { return status == http.StatusBadRequest },
		"nonsense":      func(status int, _ string, _ error) bool { return status == http.StatusBadRequest },
		"latency=600ms": func(_ int, _ string, err error) bool { return err != nil },
	} {
		if status, body, err := ask(t, server.URL, fault); !want(status, body, err) {
			t.Errorf("%q gives %d %q, %v", fault, status, body, err)
		}
	}
}

func TestTheAdminCallChangesHowAProviderMisbehaves(t *testing.T) {
	t.Parallel()
	server, p := serve(t)
	put := func(body string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL+"/faults/x", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	for _, bad := range []string{`{"error_rate":2}`, `{"status":200}`, `{"p50":"2s","p99":"1s"}`, `{"nonsense":1}`, `no`} {
		if status := put(bad); status != http.StatusBadRequest {
			t.Errorf("%s: status %d", bad, status)
		}
	}
	if status := put(`{"error_rate":1,"status":500,"p50":"1ms","p99":"2ms"}`); status != http.StatusNoContent {
		t.Fatalf("status %d", status)
	}
	if status, _, err := ask(t, server.URL, ""); status != http.StatusInternalServerError || err != nil {
		t.Errorf("status %d, %v", status, err)
	}
	if p.Calls() != 1 {
		t.Errorf("%d calls", p.Calls())
	}
}
