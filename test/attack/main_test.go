// Package attack does to a running TripGen what attackers do, and wants a refusal in its proper form each time. Run it
// with `make attack`.
package attack

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tripgen/tripgen/bench/gateway/stack"
	"github.com/tripgen/tripgen/bench/report"
	"github.com/tripgen/tripgen/internal/local"
	"github.com/tripgen/tripgen/test/people"
)

// whole is the running TripGen on the database server, victim and attacker two people in it.
var (
	whole            *stack.Stack
	database         *local.Postgres
	victim, attacker *people.Person
	tried, through   atomic.Int64
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if os.Getenv("TRIPGEN_TEST_ATTACK") != "1" {
		fmt.Println("skipped: make attack runs the attacks")
		return 0
	}
	ctx, cancel := context.WithTimeout(context.Background(), 9*time.Minute)
	defer cancel()
	code, err := attackAll(ctx, m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "attack:", err)
		return 1
	}
	r := report.New("Attacks on a running TripGen")
	r.Add("Each attempt wants its refusal, in the proper form of its protocol.")
	r.Goal("attacks tried", float64(tried.Load()), ">=", 60)
	r.Goal("attacks that got through", float64(through.Load()), "<=", 0)
	if err := r.Finish("../../docs/benchmarks/attacks.md", "make attack"); err != nil {
		fmt.Fprintln(os.Stderr, "attack:", err)
		return 1
	}
	return code
}

func attackAll(ctx context.Context, m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "tripgen-attack-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if database, err = local.StartPostgres(ctx, local.PostgresConfig{Dir: filepath.Join(dir, "postgres"), Throwaway: true}); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, database.Close(context.WithoutCancel(ctx))) }()
	if whole, err = stack.Start(ctx, "--postgres", database.URL("postgres")); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, whole.Stop()) }()
	// It is not limits that are to refuse; those have tests of their own.
	if err := whole.Unlimit(ctx); err != nil {
		return 1, err
	}
	if victim, err = whole.Person(ctx); err != nil {
		return 1, err
	}
	if attacker, err = whole.Person(ctx); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// attack is one attempt; f fails the test if it gets through.
func attack(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		tried.Add(1)
		t.Cleanup(func() {
			if t.Failed() {
				through.Add(1)
			}
		})
		f(t)
	})
}

const (
	listTrips = "/tripgen.trip.v1.TripService/ListTrips"
	getTrip   = "/tripgen.trip.v1.TripService/GetTrip"
)

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

var plain = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func do(t *testing.T, req *http.Request) answer {
	t.Helper()
	res, err := plain.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

// call is a Connect call with JSON to a base address.
func call(t *testing.T, base, path, token, body string, change ...func(*http.Request)) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for _, c := range change {
		c(req)
	}
	return do(t, req)
}

// form posts a form to one of OAuth's endpoints.
func form(t *testing.T, path string, values url.Values, change ...func(*http.Request)) answer {
	t.Helper()
	return call(t, whole.Gateway, path, "", values.Encode(), append([]func(*http.Request){func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}}, change...)...)
}

// refused wants the status and the code: Connect's, or OAuth's error.
func refused(t *testing.T, a answer, status int, codes ...string) {
	t.Helper()
	var said struct{ Code, Error, Message string }
	if err := json.Unmarshal([]byte(a.body), &said); err != nil {
		t.Errorf("%d with a body that is no error: %q", a.status, a.body)
		return
	}
	known := false
	for _, c := range codes {
		known = known || said.Code == c || said.Error == c
	}
	if a.status != status || !known {
		t.Errorf("%d %s, want %d %v", a.status, a.body, status, codes)
	}
	discreet(t, a)
}

// discreet wants nothing of the inside in an answer.
func discreet(t *testing.T, a answer) {
	t.Helper()
	for _, word := range []string{"goroutine", "panic", ".go:", "pgx", "SQLSTATE", "postgres", "fosite", "envoy", "upstream", "rbac", "jwt_authn", "127.0.0.1:", "stack"} {
		if strings.Contains(strings.ToLower(a.body), word) {
			t.Errorf("the answer tells of the inside (%s): %s", word, a.body)
		}
	}
	for name := range a.header {
		if strings.HasPrefix(name, "X-Envoy") || name == "X-Powered-By" {
			t.Errorf("the answer has the header %s", name)
		}
	}
}

// raw sends bytes as they are and gives the first line of the answer, or "closed".
func raw(t *testing.T, wait time.Duration, parts ...string) string {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(whole.Gateway, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // a test's connection
	if err := conn.SetDeadline(time.Now().Add(wait)); err != nil {
		t.Fatal(err)
	}
	for _, part := range parts {
		if _, err := io.WriteString(conn, part); err != nil {
			return "closed"
		}
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "open"
	}
	if err != nil {
		return "closed"
	}
	return strings.TrimSpace(line)
}

func token(t *testing.T, p *people.Person) string {
	t.Helper()
	token, err := p.Tokens.Token()
	if err != nil {
		t.Fatal(err)
	}
	return token.AccessToken
}
