package envoy_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tripgen/tripgen/envoy"
)

func TestTheAdminInterfaceTellsWhatIsGoingOn(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.Config.Endpoints[envoy.Trip] = append(d.Config.Endpoints[envoy.Trip], "127.0.0.1:1")
	d.open()
	admin := envoy.Admin{Address: strings.TrimPrefix(d.Admin, "http://")}
	info, err := admin.Info(t.Context())
	if err != nil || info.State != "LIVE" || !strings.HasPrefix(info.Version, "1.") {
		t.Errorf("Info = %+v, %v", info, err)
	}
	d.await("the instance that is not there is out", func() bool {
		hosts, err := admin.Hosts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(hosts, func(h envoy.Host) bool {
			return h.Cluster == "trip" && h.Address == "127.0.0.1:1" && slices.Contains(h.Unhealthy, "active health check")
		})
	})
	before, err := admin.Stats(t.Context(), `^http\.public\.downstream_rq_2xx$`)
	if err != nil {
		t.Fatal(err)
	}
	const calls = 5
	for range calls {
		if got := d.do(d.request(unary, d.token("trips.read"))); got.Status != http.StatusOK {
			t.Fatal(got)
		}
	}
	after, err := admin.Stats(t.Context(), `^http\.public\.downstream_rq_2xx$`)
	if err != nil {
		t.Fatal(err)
	}
	if n := after.Sum("http.", "2xx") - before.Sum("http.", "2xx"); n != calls {
		t.Errorf("%d calls are counted as %d", calls, n)
	}
	if _, err := admin.Call(t.Context(), http.MethodPost, "/runtime_modify", url.Values{"gateway.off.read": {"100"}}); err != nil {
		t.Fatal(err)
	}
	d.await("the switch holds", func() bool {
		return d.do(d.request(unary, d.token("trips.read"))).Status == http.StatusServiceUnavailable
	})
	if _, err := admin.Call(t.Context(), http.MethodGet, "/nothing", nil); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("an unknown path: %v", err)
	}
}
