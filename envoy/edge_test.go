package envoy_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/tripgen/tripgen/envoy"
)

// raw sends bytes as they are and gives the status line, "closed" if the gateway just hangs up.
func (d *door) raw(request string) string {
	d.t.Helper()
	conn, err := net.Dial("tcp", d.Config.Listen)
	if err != nil {
		d.t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // a test's connection
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		return "closed"
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return "closed"
	}
	return strings.TrimSpace(line)
}

func TestMalformedRequestsEndAtTheDoor(t *testing.T) {
	t.Parallel()
	d := newDoor(t).open()
	token := d.token("trips.read")
	before := d.Arrived[envoy.Trip].Load()
	post := func(path string, headers ...string) string {
		return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer " + token + "\r\n" +
			strings.Join(headers, "\r\n") + "\r\n\r\n{}"
	}
	for name, c := range map[string]struct{ request, want string }{
		"length and chunks":      {post(unary, "Content-Length: 2", "Transfer-Encoding: chunked"), "400"},
		"two hosts":              {post(unary, "Content-Length: 2", "Host: other.example"), "400"},
		"two lengths":            {post(unary, "Content-Length: 2", "Content-Length: 9"), "400"},
		"chunks, twice":          {post(unary, "Transfer-Encoding: chunked", "Transfer-Encoding: identity"), "501"},
		"unknown coding":         {post(unary, "Transfer-Encoding: xchunked"), "501"},
		"negative length":        {post(unary, "Content-Length: -2"), "400"},
		"space before the colon": {post(unary, "Content-Length : 2"), "400"},
		"no host":                {"POST " + unary + " HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", "400"},
		"HTTP/1.0":               {"GET / HTTP/1.0\r\n\r\n", "400"},
		"nonsense":               {"\x16\x03\x01 nonsense\r\n\r\n", "400"},
		"underscore":             {post(unary, "Content-Length: 2", "X_User: a"), "400"},
		"escaped slash":          {post("/tripgen.trip.v1.TripService%2fListTrips", "Content-Length: 2"), "400"},
		"escaped backslash":      {post("/tripgen.trip.v1.TripService%5cListTrips", "Content-Length: 2"), "400"},
		"NUL":                    {post("/tripgen.trip.v1.TripService/ListTrips%00", "Content-Length: 2"), "4"},
		"up":                     {post("/tripgen.trip.v1.TripService/../../metrics", "Content-Length: 2"), "404"},
		"escaped up":             {post("/tripgen.trip.v1.TripService/%2e%2e/%2e%2e/metrics", "Content-Length: 2"), "404"},
		"too many headers":       {post(unary, "Content-Length: 2", strings.Repeat("X-A: b\r\n", 80)+"X-B: c"), "431"},
		"too large headers":      {post(unary, "Content-Length: 2", "X-A: "+strings.Repeat("a", 40_000)), "431"},
		"CONNECT":                {"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n", "40"},
	} {
		got := d.raw(c.request)
		if got != "closed" && !strings.HasPrefix(got, "HTTP/1.1 "+c.want) {
			t.Errorf("%s: %q, want %s", name, got, c.want)
		}
	}
	if after := d.Arrived[envoy.Trip].Load(); after != before {
		t.Errorf("%d malformed requests reached a service", after-before)
	}
	// What is only unusual is put in order.
	if got := d.raw(post("//tripgen.trip.v1.TripService/./ListTrips", "Content-Length: 2")); !strings.HasPrefix(got, "HTTP/1.1 200") {
		t.Errorf("a double slash: %q", got)
	}
}

func TestSlowRequestsDoNotHoldTheDoor(t *testing.T) {
	t.Parallel()
	d := newDoor(t).openWith(func() {})
	d.edit("listeners.yaml", func(s string) string {
		return strings.NewReplacer("request_headers_timeout: 10s", "request_headers_timeout: 0.3s", "request_timeout: 30s", "request_timeout: 0.6s").Replace(s)
	})
	d.await("the listener is taken", func() bool { return d.stat("listener_manager.listener_modified") > 0 })
	head := "POST " + unary + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\nAuthorization: Bearer " + d.token("trips.read") + "\r\n"
	before := d.Arrived[envoy.Trip].Load()
	for name, request := range map[string]string{"headers": head, "body": head + "\r\n{"} {
		if got := d.raw(request); got != "closed" && !strings.HasPrefix(got, "HTTP/1.1 408") {
			t.Errorf("slow %s: %q", name, got)
		}
	}
	if d.Arrived[envoy.Trip].Load() != before {
		t.Error("half a request reached a service")
	}
}

// Rapid reset, CVE-2023-44487: open and cancel as fast as it goes.
func TestRapidResetEndsTheConnection(t *testing.T) {
	t.Parallel()
	d := newDoor(t).open()
	conn, err := net.Dial("tcp", d.Config.Listen)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // a test's connection
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	framer := http2.NewFramer(conn, conn)
	if err := framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	var block strings.Builder
	encoder := hpack.NewEncoder(&block)
	for _, h := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":authority", "x"}, {":path", unary}, {"content-type", "application/json"}} {
		_ = encoder.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]})
	}
	ended := make(chan error, 1)
	go func() {
		for {
			frame, err := framer.ReadFrame()
			if _, goaway := frame.(*http2.GoAwayFrame); goaway {
				err = errors.New("GOAWAY")
			}
			if err != nil {
				ended <- err
				return
			}
		}
	}()
	for i := range 20_000 {
		select {
		case err := <-ended:
			t.Logf("ended after %d resets: %v", i, err)
			if d.Arrived[envoy.Trip].Load() > 2 {
				t.Errorf("%d reached the service", d.Arrived[envoy.Trip].Load())
			}
			return
		default:
		}
		id := uint32(2*i + 1)
		_ = framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: []byte(block.String()), EndHeaders: true})
		_ = framer.WriteRSTStream(id, http2.ErrCodeCancel)
	}
	if err := <-ended; err == nil {
		t.Error("the connection goes on")
	}
}

func TestHTTP2IsBounded(t *testing.T) {
	t.Parallel()
	d := newDoor(t).open()
	conn, err := net.Dial("tcp", d.Config.Listen)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // a test's connection
	_, _ = io.WriteString(conn, http2.ClientPreface)
	framer := http2.NewFramer(conn, conn)
	_ = framer.WriteSettings()
	want := map[http2.SettingID]uint32{http2.SettingMaxConcurrentStreams: 100, http2.SettingInitialWindowSize: 65536}
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		settings, ok := frame.(*http2.SettingsFrame)
		if !ok || settings.IsAck() {
			continue
		}
		for id, value := range want {
			if got, _ := settings.Value(id); got != value {
				t.Errorf("%v is %d, want %d", id, got, value)
			}
		}
		return
	}
}

// Of two instances one dies at every turn; reads are tried again elsewhere, what is no read only if no service saw it.
func TestReadsAreTriedAgainElsewhereAndWritesAreNot(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	var broken atomic.Int64
	bad := d.service(envoy.Trip, func(w http.ResponseWriter, r *http.Request) bool {
		broken.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	})
	d.Config.Endpoints[envoy.Trip] = append(d.Config.Endpoints[envoy.Trip], bad)
	d.open()
	for range 60 {
		if got := d.do(d.request(unary, d.token("trips.read"))); got.Status != http.StatusOK {
			t.Fatalf("a read: %d %s", got.Status, got.Body)
		}
	}
	seen := broken.Load()
	failed := int64(0)
	for range 40 {
		if got := d.do(d.request("/tripgen.trip.v1.TripService/CreateTrip", d.token("trips.write"))); got.Status == http.StatusServiceUnavailable {
			failed++
		} else if got.Status != http.StatusOK {
			t.Fatalf("a write: %d %s", got.Status, got.Body)
		}
	}
	if writes := broken.Load() - seen; failed != writes {
		t.Errorf("%d writes met the broken instance, %d failed: some were tried twice", writes, failed)
	}
}

func TestADrainLosesNothingAndStreamsGoOnAtTheNextGateway(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.Config.Endpoints[envoy.AI] = []string{d.service(envoy.AI, count)}
	if err := envoy.Write(d.Dir, d.Config); err != nil {
		t.Fatal(err)
	}
	first := d.start()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	events := make(chan int)
	go d.follow(ctx, events)
	for want := range 3 {
		if got := <-events; got != want {
			t.Fatalf("event %d, want %d", got, want)
		}
	}
	var failed atomic.Int64
	var calls atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		client := h2c()
		for {
			select {
			case <-stop:
				return
			default:
			}
			calls.Add(1)
			if got := send(client, d.request(unary, d.token("trips.read"))); got.Status != http.StatusOK {
				failed.Add(1)
				t.Log(got.Status, got.Body, got.Err)
			}
		}
	}()
	// The second takes the same port, as both share it; then the first drains and ends.
	d.start()
	if err := first.Close(ctx); err != nil {
		t.Fatal(err)
	}
	last := 2
	for range 20 {
		got := <-events
		if got != last+1 {
			t.Fatalf("event %d after %d: the stream was not resumed", got, last)
		}
		last = got
	}
	close(stop)
	<-stopped
	if failed.Load() > 0 || calls.Load() == 0 {
		t.Errorf("%d of %d calls failed", failed.Load(), calls.Load())
	}
}

// count answers with numbers, from the one that the client asks for, every 20 ms.
func count(w http.ResponseWriter, r *http.Request) bool {
	n := 0
	_, _ = fmt.Sscan(r.Header.Get("Resume-After"), &n)
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		_, _ = fmt.Fprintf(w, "%d\n", n)
		if http.NewResponseController(w).Flush() != nil {
			return true
		}
		n++
		select {
		case <-r.Context().Done():
			return true
		case <-ticker.C:
		}
	}
}

// follow is a client that goes on after the last event when its stream ends.
func (d *door) follow(ctx context.Context, events chan<- int) {
	next := 0
	for ctx.Err() == nil {
		req := d.request(stream, d.token("generations")).WithContext(ctx)
		req.Header.Set("Resume-After", fmt.Sprint(next))
		res, err := h2c().Do(req)
		if err != nil {
			continue
		}
		lines := bufio.NewScanner(res.Body)
		for lines.Scan() {
			if _, err := fmt.Sscan(lines.Text(), &next); err != nil {
				break
			}
			select {
			case events <- next:
			case <-ctx.Done():
			}
			next++
		}
		_ = res.Body.Close()
	}
}
