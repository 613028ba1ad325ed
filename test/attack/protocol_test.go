package attack

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

func post(path, token string, headers ...string) string {
	return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer " + token + "\r\n" + strings.Join(headers, "\r\n") + "\r\n\r\n"
}

func TestSmuggling(t *testing.T) {
	held := token(t, attacker)
	hidden := "0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
	for name, c := range map[string]struct{ request, want string }{
		"length and chunks (CL.TE)":  {post(listTrips, held, "Content-Length: 6", "Transfer-Encoding: chunked") + hidden, "HTTP/1.1 400"},
		"chunks and length (TE.CL)":  {post(listTrips, held, "Transfer-Encoding: chunked", "Content-Length: 4") + "1\r\nZ\r\nQ", "HTTP/1.1 400"},
		"chunks, hidden by a tab":    {post(listTrips, held, "Content-Length: 6", "Transfer-Encoding:\tchunked") + hidden, "HTTP/1.1 400"},
		"chunks, hidden by a letter": {post(listTrips, held, "Content-Length: 6", "Transfer-Encoding: xchunked") + hidden, "HTTP/1.1 "},
		"chunks, twice":              {post(listTrips, held, "Transfer-Encoding: chunked", "Transfer-Encoding: identity") + hidden, "HTTP/1.1 "},
		"two hosts":                  {post(listTrips, held, "Content-Length: 2", "Host: inside.example") + "{}", "HTTP/1.1 400"},
		"two lengths":                {post(listTrips, held, "Content-Length: 2", "Content-Length: 40") + "{}", "HTTP/1.1 400"},
		"length with a sign":         {post(listTrips, held, "Content-Length: +2") + "{}", "HTTP/1.1 400"},
		"length as hex":              {post(listTrips, held, "Content-Length: 0x2") + "{}", "HTTP/1.1 400"},
		"space before the colon":     {post(listTrips, held, "Content-Length : 2") + "{}", "HTTP/1.1 400"},
		"chunk size out of range":    {post(listTrips, held, "Transfer-Encoding: chunked") + "FFFFFFFFFFFFFFFFF\r\nx", "HTTP/1.1 400"},
		"line feed in the path":      {"POST " + listTrips + "\nX: y HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 400"},
		"CONNECT to the inside":      {"CONNECT 127.0.0.1:5432 HTTP/1.1\r\nHost: 127.0.0.1:5432\r\n\r\n", "HTTP/1.1 40"},
		"absolute address inside":    {"GET http://127.0.0.1:9901/stats HTTP/1.1\r\nHost: 127.0.0.1:9901\r\n\r\n", "HTTP/1.1 40"},
		"upgrade to HTTP/2":          {"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n", "HTTP/1.1 40"},
	} {
		attack(t, "smuggling: "+name, func(t *testing.T) {
			got := raw(t, 5*time.Second, c.request)
			if got != "closed" && (!strings.HasPrefix(got, c.want) || strings.HasPrefix(got, "HTTP/1.1 200")) {
				t.Errorf("%q, want %s", got, c.want)
			}
		})
	}
}

func TestPaths(t *testing.T) {
	held := token(t, attacker)
	for _, path := range []string{
		"/tripgen.trip.v1.TripService/../../metrics", "/tripgen.trip.v1.TripService/..%2f..%2fmetrics", "/%2e%2e/metrics", "/..;/metrics",
		"/tripgen.trip.v1.TripService%2fListTrips", "/tripgen.trip.v1.tripservice/listtrips", "/TRIPGEN.TRIP.V1.TRIPSERVICE/LISTTRIPS",
		"/tripgen.trip.v1.TripService/ListTrips/", "/tripgen.trip.v1.TripService/ListTrips%20", "/tripgen.trip.v1.TripService/ListTrips%00",
		"/oauth2/assets/../../metrics", "/oauth2/assets/..%2f..%2fmetrics", "/.well-known/../metrics", "/.well-known/%2e%2e/metrics",
		"//tripgen.ai.v1.GenerationIntakeService//StartGeneration", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/metrics", "/livez",
	} {
		attack(t, "path "+path, func(t *testing.T) {
			got := raw(t, 5*time.Second, post(path, held, "Content-Length: 2")+"{}")
			if got != "closed" && !strings.HasPrefix(got, "HTTP/1.1 404") && !strings.HasPrefix(got, "HTTP/1.1 400") {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestSizeAndSlowness(t *testing.T) {
	held := token(t, attacker)
	attack(t, "oversized headers", func(t *testing.T) {
		got := call(t, whole.Gateway, listTrips, held, "{}", func(r *http.Request) { r.Header.Set("X-A", strings.Repeat("a", 60_000)) })
		refused(t, got, http.StatusRequestHeaderFieldsTooLarge, "resource_exhausted")
	})
	attack(t, "too many headers", func(t *testing.T) {
		got := raw(t, 5*time.Second, post(listTrips, held, "Content-Length: 2", strings.Repeat("X-A: b\r\n", 100)+"X-B: c")+"{}")
		if !strings.HasPrefix(got, "HTTP/1.1 431") {
			t.Errorf("%q", got)
		}
	})
	attack(t, "oversized body", func(t *testing.T) {
		got := call(t, whole.Gateway, listTrips, held, `{"pageToken":"`+strings.Repeat("a", 3<<20)+`"}`)
		refused(t, got, http.StatusRequestEntityTooLarge, "resource_exhausted")
	})
	attack(t, "compressed bomb", func(t *testing.T) {
		var bomb bytes.Buffer
		w := gzip.NewWriter(&bomb)
		_, _ = w.Write([]byte(`{"pageToken":"`))
		chunk := bytes.Repeat([]byte("a"), 1<<20)
		for range 200 {
			_, _ = w.Write(chunk)
		}
		_ = w.Close()
		got := call(t, whole.Gateway, listTrips, held, bomb.String(), func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") })
		if got.status < 400 || got.status >= 500 {
			t.Errorf("%d %.200s", got.status, got.body)
		}
		discreet(t, got)
	})
	attack(t, "JSON of 200,000 levels", func(t *testing.T) {
		got := call(t, whole.Gateway, listTrips, held, strings.Repeat(`{"a":`, 200_000/10)+"1"+strings.Repeat("}", 200_000/10))
		refused(t, got, http.StatusBadRequest, "invalid_argument")
	})
	attack(t, "text that is no UTF-8", func(t *testing.T) {
		got := call(t, whole.Gateway, getTrip, held, "{\"tripId\":\"\xff\xfe\"}")
		refused(t, got, http.StatusBadRequest, "invalid_argument")
	})
	attack(t, "slow headers", func(t *testing.T) {
		got := raw(t, 15*time.Second, "POST "+listTrips+" HTTP/1.1\r\nHost: x\r\nX-A: ")
		if got != "closed" && !strings.HasPrefix(got, "HTTP/1.1 408") {
			t.Errorf("%q after 15 s", got)
		}
	})
	attack(t, "slow body", func(t *testing.T) {
		got := raw(t, 40*time.Second, post(listTrips, held, "Content-Length: 100")+"{")
		if got != "closed" && !strings.HasPrefix(got, "HTTP/1.1 408") {
			t.Errorf("%q after 40 s", got)
		}
	})
}

// preface opens an HTTP/2 connection.
func preface(t *testing.T) (net.Conn, *http2.Framer) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(whole.Gateway, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	framer := http2.NewFramer(conn, conn)
	if err := framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	return conn, framer
}

// ended gives the reason when the gateway ends the connection or a stream of it.
func ended(framer *http2.Framer) <-chan error {
	reasons := make(chan error, 1)
	go func() {
		for {
			frame, err := framer.ReadFrame()
			if _, ok := frame.(*http2.GoAwayFrame); ok {
				err = errors.New("GOAWAY")
			}
			if err != nil {
				reasons <- err
				return
			}
		}
	}()
	return reasons
}

func headers(extra ...[2]string) []byte {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, h := range append([][2]string{{":method", "POST"}, {":scheme", "http"}, {":authority", "x"}, {":path", listTrips}, {"content-type", "application/json"}}, extra...) {
		_ = encoder.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]})
	}
	return block.Bytes()
}

func TestHTTP2(t *testing.T) {
	flood := func(t *testing.T, write func(f *http2.Framer, i int) error) {
		t.Helper()
		_, framer := preface(t)
		over := ended(framer)
		for i := range 200_000 {
			select {
			case <-over:
				return
			default:
			}
			if write(framer, i) != nil {
				<-over
				return
			}
		}
		select {
		case <-over:
		case <-time.After(10 * time.Second):
			t.Error("the connection goes on after 200,000 frames")
		}
	}
	id := func(i int) uint32 { return uint32(2*i + 1) }
	attack(t, "rapid reset", func(t *testing.T) {
		flood(t, func(f *http2.Framer, i int) error {
			_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: id(i), BlockFragment: headers(), EndHeaders: true})
			return f.WriteRSTStream(id(i), http2.ErrCodeCancel)
		})
	})
	attack(t, "flood of continuations", func(t *testing.T) {
		flood(t, func(f *http2.Framer, i int) error {
			if i == 0 {
				return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: headers()})
			}
			return f.WriteContinuation(1, false, []byte{0x00, 0x01, 'a', 0x01, 'b'})
		})
	})
	attack(t, "flood of settings", func(t *testing.T) {
		flood(t, func(f *http2.Framer, _ int) error { return f.WriteSettings() })
	})
	attack(t, "flood of priorities", func(t *testing.T) {
		flood(t, func(f *http2.Framer, i int) error { return f.WritePriority(id(i%1000), http2.PriorityParam{Weight: 1}) })
	})
	attack(t, "window overflow", func(t *testing.T) {
		flood(t, func(f *http2.Framer, _ int) error { return f.WriteWindowUpdate(0, 1<<31-1) })
	})
	attack(t, "header with a line break", func(t *testing.T) {
		_, framer := preface(t)
		over := make(chan bool, 1)
		go func() {
			for {
				frame, err := framer.ReadFrame()
				_, goaway := frame.(*http2.GoAwayFrame)
				_, reset := frame.(*http2.RSTStreamFrame)
				answer, answered := frame.(*http2.HeadersFrame)
				refused := answered && !bytes.Contains(answer.HeaderBlockFragment(), []byte{0x88}) // 0x88 is status 200
				if err != nil || goaway || reset || refused {
					over <- true
					return
				}
				if answered {
					over <- false
					return
				}
			}
		}()
		_ = framer.WriteHeaders(http2.HeadersFrameParam{
			StreamID: 1, BlockFragment: headers([2]string{"x-a", "b\r\nGET /metrics HTTP/1.1"}), EndHeaders: true, EndStream: true,
		})
		if !<-over {
			t.Error("answered with 200")
		}
	})
}
