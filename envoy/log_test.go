package envoy_test

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tripgen/tripgen/envoy"
)

// Whatever changes something, is refused or is slow is in the access log; of reads that go well it has the share that is
// asked for.
func TestTheAccessLogHasAllButOrdinaryReads(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.openWith(func() {
		d.edit("runtime.yaml", func(s string) string { return s + "      gateway.log.reads: 0\n      gateway.log.slow: 600000\n" })
	})
	const write, slow, share, refusal = "/tripgen.trip.v1.TripService/CreateTrip", "/tripgen.trip.v1.TripService/GetTrip", away, "/tripgen.trip.v1.ItineraryService/GetItinerary"
	token := d.token("trips.read", "trips.write", "places.read")
	ok := func(path string) {
		t.Helper()
		if got := d.do(d.request(path, token)); got.Status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, got.Status, got.Body)
		}
	}
	set := func(key, value string) {
		t.Helper()
		if err := d.admin().SetRuntime(t.Context(), map[string]string{key: value}); err != nil {
			t.Fatal(err)
		}
	}
	ok(unary)
	if got := d.do(d.request(refusal, "")); got.Status != http.StatusUnauthorized {
		t.Fatalf("without a token: %d", got.Status)
	}
	set("gateway.log.slow", "0")
	ok(slow)
	set("gateway.log.slow", "")
	set(envoy.LogReads, "100")
	holds := func(want envoy.Setting) {
		t.Helper()
		all, err := d.admin().Runtime(t.Context())
		if err != nil || all[envoy.LogReads] != want {
			t.Errorf("%s is %+v, %v, want %+v", envoy.LogReads, all[envoy.LogReads], err, want)
		}
	}
	holds(envoy.Setting{Value: "100", From: "admin", Admin: "100"})
	ok(share)
	set(envoy.LogReads, "")
	holds(envoy.Setting{Value: "0", From: "file"})
	ok(write)

	var logged []logLine
	d.await("the log is written", func() bool {
		logged = d.logged()
		return slices.ContainsFunc(logged, func(l logLine) bool { return l.Path == write })
	})
	times := func(path string, status int) (n int) {
		for _, l := range logged {
			if l.Path == path && l.Status == status {
				n++
			}
		}
		return n
	}
	if n := times(unary, http.StatusOK); n != 0 {
		t.Errorf("%d reads that went well are logged", n)
	}
	for _, path := range []string{write, slow, share} {
		if n := times(path, http.StatusOK); n != 1 {
			t.Errorf("%s is logged %d times", path, n)
		}
	}
	if n := times(refusal, http.StatusUnauthorized); n != 1 {
		t.Errorf("a refusal is logged %d times", n)
	}
}

// logLine is a line of the access log.
type logLine struct {
	Path   string
	Status int
}

// logged are the whole lines of the access log.
func (d *door) logged() []logLine {
	d.t.Helper()
	content, err := os.ReadFile(d.Config.AccessLog)
	if err != nil {
		d.t.Fatal(err)
	}
	var all []logLine
	for line := range strings.Lines(string(content)) {
		var l logLine
		if err := json.Unmarshal([]byte(line), &l); err == nil { // the last may not be whole yet
			all = append(all, l)
		}
	}
	return all
}
