package envoy_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
)

// Bodies of which the last byte never comes fill the memory; then calls are turned away until it is free again.
func TestUnderHeapPressureCallsAreTurnedAwayAndTheGatewayRecovers(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.Config.MaxHeapBytes = 128 << 20
	d.open()
	pressure := func() int { return int(d.stat("overload.envoy.resource_monitors.fixed_heap.pressure")) }
	d.await("the heap is measured", func() bool { return pressure() > 0 })
	if got := pressure(); got > 80 {
		t.Errorf("a gateway that does nothing uses %d %% of its heap", got)
	}
	token := d.token("trips.read")
	const most = 200 // MiB
	var held []net.Conn
	t.Cleanup(func() {
		for _, conn := range held {
			_ = conn.Close()
		}
	})
	turnsAway := func() bool { return d.stat("overload.envoy.overload_actions.stop_accepting_requests.active") == 1 }
	for len(held) < most && !turnsAway() {
		held = append(held, d.hold(token, 1_000_000))
	}
	d.await("calls are turned away", turnsAway)
	for protocol, options := range protocols {
		t.Run(protocol, func(t *testing.T) {
			_, err := d.call(t.Context(), unary, token, options)
			checkError(t, err, connect.CodeUnavailable, "UNAVAILABLE")
		})
	}
	if got := d.do(d.request(unary, token)); got.Status != http.StatusServiceUnavailable || got.Header.Get("Retry-After") != "1" {
		t.Errorf("status %d, headers %v", got.Status, got.Header)
	}
	for _, conn := range held {
		_ = conn.Close()
	}
	d.await("calls are taken again", func() bool { return d.do(d.request(unary, token)).Status == http.StatusOK })
}

// hold sends a call but for the last byte of its body.
func (d *door) hold(token string, size int) net.Conn {
	d.t.Helper()
	conn, err := net.Dial("tcp", d.Config.Listen)
	if err != nil {
		d.t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n", unary, token, size)
	if _, err := io.WriteString(conn, head+strings.Repeat(" ", size-1)); err != nil {
		d.t.Logf("the gateway takes no more: %v", err) // it has begun to turn calls away
	}
	return conn
}

// A request that does not end, and one that is too large, in each protocol's content type.
func TestSlowAndLargeRequestsEndInTheirProtocolsForm(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.openWith(func() {
		d.edit("listeners.yaml", func(s string) string { return strings.Replace(s, "request_timeout: 30s", "request_timeout: 1s", 1) })
	})
	token := d.token("trips.read", "generations")
	for contentType, c := range map[string]struct {
		path string
		is   func(a answer, status int, code connect.Code) bool
	}{
		"application/json":         {unary, isUnary},
		"application/proto":        {unary, isUnary},
		"application/connect+json": {stream, isEndOfStream},
		"application/grpc+proto":   {unary, isTrailersOnly},
		"application/grpc-web":     {unary, isTrailersInBody},
	} {
		t.Run(contentType, func(t *testing.T) {
			t.Parallel()
			slow, writer := io.Pipe()
			defer writer.Close() //nolint:errcheck // never fails
			for status, w := range map[int]struct {
				body io.Reader
				code connect.Code
			}{
				http.StatusRequestTimeout:        {slow, connect.CodeDeadlineExceeded},
				http.StatusRequestEntityTooLarge: {strings.NewReader(strings.Repeat(" ", 2<<20)), connect.CodeResourceExhausted},
			} {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.URL+c.path, w.body)
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Content-Type", contentType)
				req.Header.Set("Authorization", "Bearer "+token)
				if got := send(h2c(), req); got.Err != nil || !c.is(got, status, w.code) {
					t.Errorf("%d: got %d %v %q, %v", status, got.Status, got.Header, got.Body, got.Err)
				}
			}
		})
	}
}

func isUnary(a answer, status int, code connect.Code) bool {
	return a.Status == status && a.Header.Get("Content-Type") == "application/json" && strings.Contains(a.Body, `"code":"`+code.String()+`"`)
}

func isEndOfStream(a answer, _ int, code connect.Code) bool {
	return a.Status == http.StatusOK && strings.HasPrefix(a.Body, "\x02") && strings.Contains(a.Body, `"code":"`+code.String()+`"`)
}

func isTrailersOnly(a answer, _ int, code connect.Code) bool {
	return a.Status == http.StatusOK && a.Body == "" && a.Header.Get("Grpc-Status") == fmt.Sprint(int(code))
}

func isTrailersInBody(a answer, _ int, code connect.Code) bool {
	return a.Status == http.StatusOK && strings.HasPrefix(a.Body, "\x80") && strings.Contains(a.Body, fmt.Sprintf("grpc-status: %d\r\n", code))
}
