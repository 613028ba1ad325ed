package envoy_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/tripgen/tripgen/envoy"
	"github.com/tripgen/tripgen/envoy/limiter"
)

const (
	generate = "/tripgen.trip.v1.ItineraryService/GenerateItinerary"
	signUp   = "/tripgen.user.v1.AccountService/SignUp"
)

// limit starts the global limiter beside the door, which must be written already.
func (d *door) limit(redis string) {
	d.t.Helper()
	found, err := limiter.Find(program(d.t))
	if err != nil {
		if os.Getenv("TRIPGEN_TEST_REAL") == "1" {
			d.t.Fatal(err)
		}
		d.t.Skip(err)
	}
	running, err := limiter.Start(d.t.Context(), limiter.Config{
		Program: found, Listen: d.Config.Limiters[0], Dir: d.Dir, Redis: redis, LogFile: filepath.Join(d.Dir, "limiter.log"),
	})
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := running.Close(ctx); err != nil {
			d.t.Error(err)
		}
	})
}

func TestGlobalLimitsAreCountedInRedisAndPassWhileTheLimiterIsAway(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	d := newDoor(t)
	d.Config.Limiters = []string{freeAddress(t)}
	d.Config.Quotas = envoy.Quotas{IdentityPerAddress: 5, TokenPerAddress: 100, GenerationPerCaller: 3, GenerationPerClient: 6}
	d.openWith(func() { d.limit("redis://" + redis.Addr()) })

	count := func(want int, next func() *http.Request) answer {
		t.Helper()
		for i := range 30 {
			got := d.do(next())
			if got.Status == http.StatusTooManyRequests {
				// A minute may begin between two calls.
				if i < want || i > 2*want {
					t.Errorf("%s: %d calls passed, want %d", next().URL.Path, i, want)
				}
				return got
			}
			if got.Status != http.StatusOK {
				t.Fatalf("%d %s", got.Status, got.Body)
			}
		}
		t.Fatal("nothing limits ", next().URL.Path)
		return answer{}
	}
	one := d.bearer("user_one", "sess_1", "itineraries.write", "generations", "trips.write")
	refused := count(3, func() *http.Request { return d.request(generate, one) })
	reset, err := strconv.Atoi(refused.Header.Get("Ratelimit-Reset"))
	if err != nil || reset < 0 || reset > 60 || refused.Header.Get("Ratelimit-Remaining") != "0" || refused.Header.Get("Ratelimit-Limit") == "" {
		t.Errorf("headers %v", refused.Header)
	}
	if again := refused.Header.Get("Retry-After"); again == "" || again != refused.Header.Get("Ratelimit-Reset") {
		t.Errorf("Retry-After %q, RateLimit-Reset %q", again, refused.Header.Get("Ratelimit-Reset"))
	}
	// Others of the same client share the client's quota.
	count(2, func() *http.Request {
		return d.request(generate, d.token("itineraries.write", "generations", "trips.write"))
	})
	count(5, func() *http.Request { return d.request(signUp, "") })
	if got := d.do(d.request(unary, one)); got.Status == http.StatusTooManyRequests {
		t.Error("an ordinary call is counted globally")
	}
	if len(redis.Keys()) == 0 {
		t.Error("nothing is counted in Redis")
	}

	redis.Close()
	const failed = "cluster.user.ratelimit.global.failure_mode_allowed"
	before := d.stat(failed)
	d.await("calls pass without Redis", func() bool {
		return d.do(d.request("/oauth2/revoke", "")).Status == http.StatusOK && d.stat(failed) > before
	})
}

func TestOrdinaryCallsAreCountedByCallerAndAddressHere(t *testing.T) {
	t.Parallel()
	d := newDoor(t).openWith(func() {})
	greedy, modest := d.token("trips.read"), d.token("trips.read")
	passed, refused := 0, 0
	for range 400 {
		switch got := d.do(d.request(unary, greedy)); got.Status {
		case http.StatusOK:
			passed++
		case http.StatusTooManyRequests:
			refused++
		default:
			t.Fatal(got.Status, got.Body)
		}
	}
	if passed < 200 || refused == 0 {
		t.Errorf("%d passed, %d refused", passed, refused)
	}
	if got := d.do(d.request(unary, modest)); got.Status != http.StatusOK {
		t.Errorf("another caller: %d", got.Status)
	}
	if d.stat("per_caller.http_local_rate_limit.rate_limited") != refused {
		t.Errorf("the statistic says %d", d.stat("per_caller.http_local_rate_limit.rate_limited"))
	}
	refused = 0
	for range 400 {
		if d.do(d.get(d.URL+"/.well-known/openid-configuration")).Status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused == 0 || refused > 200 {
		t.Errorf("of 400 calls without a token, %d were refused", refused)
	}
	// One switch lets everything pass, in need.
	d.edit("runtime.yaml", func(s string) string { return s + "      gateway.limit.per_caller: 0\n" })
	d.await("limits are off", func() bool { return d.stat("runtime.load_success") > 1 })
	for range 300 {
		if got := d.do(d.request(unary, greedy)); got.Status != http.StatusOK {
			t.Fatalf("with limits off: %d", got.Status)
		}
	}
}
