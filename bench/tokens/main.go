// Command tokens measures the token endpoint with Postgres behind it, beside node's oidc-provider, which keeps all in
// memory: client credentials with a secret in the header, for JWT access tokens signed ES256.
package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tripgen/tripgen/bench/gateway/load"
	"github.com/tripgen/tripgen/bench/gateway/stack"
	"github.com/tripgen/tripgen/envoy"
	"github.com/tripgen/tripgen/internal/local"
	"github.com/tripgen/tripgen/test/people"
)

func main() {
	rounds := flag.Int("rounds", 5, "how often each is measured in turn")
	span := flag.Duration("span", 4*time.Second, "how long each measurement takes")
	peer := flag.String("peer", filepath.Join("bench", "tokens", "peer"), "folder of the peer, with its packages installed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *rounds, *span, *peer); err != nil {
		fmt.Fprintln(os.Stderr, "bench-tokens:", err)
		os.Exit(1)
	}
}

const (
	callers  = 32
	partner  = "tripgen-demo-partner"
	secret   = "s3cret-of-the-benchmark-s3cret"
	families = 16
)

func run(ctx context.Context, rounds int, span time.Duration, peerDir string) (err error) {
	if err := os.Setenv("TRIPGEN_CLIENTS_PARTNER_SECRET", secret); err != nil {
		return err
	}
	s, err := stack.Start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	user, err := s.Service(ctx, envoy.User)
	if err != nil {
		return err
	}
	peer, stop, err := startPeer(ctx, peerDir)
	if err != nil {
		return err
	}
	defer stop()
	fmt.Printf("%s, %d cores, %s: %d callers, HTTP/1.1, straight to each, %d rounds of %v in turn\n\n",
		time.Now().Format(time.DateOnly), runtime.NumCPU(), runtime.GOARCH, callers, rounds, span)
	basic := []string{"Basic " + base64.StdEncoding.EncodeToString([]byte(partner+":"+secret))}
	target := func(at string) *load.Target {
		return load.New(load.Config{URL: at, Body: "grant_type=client_credentials&scope=places.read", ContentType: "application/x-www-form-urlencoded", Authorization: basic})
	}
	names := []string{"tripgen, Postgres", "oidc-provider, memory"}
	targets := []*load.Target{target("http://" + user + "/oauth2/token"), target(peer + "/token")}
	rates, p99s := [2][]float64{}, [2][]float64{}
	for n := range rounds + 1 {
		for i, t := range targets {
			r, err := t.Closed(ctx, callers, span)
			if err != nil {
				return fmt.Errorf("%s: %w", names[i], err)
			}
			if n > 0 { // the first round warms
				rates[i], p99s[i] = append(rates[i], r.PerSecond()), append(p99s[i], r.Quantile(0.99))
			}
		}
	}
	ratios := make([]float64, rounds)
	for n := range ratios {
		ratios[n] = rates[0][n] / rates[1][n]
	}
	fmt.Printf("%-36s %10s %8s\n", "client credentials", "tokens/s", "p99 ms")
	for i, name := range names {
		fmt.Printf("%-36s %10.0f %8.1f\n", "  "+name, median(rates[i]), median(p99s[i]))
	}
	refreshed, err := refreshes(ctx, s, "http://"+user+"/oauth2/token", span)
	if err != nil {
		return err
	}
	fmt.Printf("%-36s %10.0f %8.1f\n\n", fmt.Sprintf("refresh, %d families at once", families), refreshed.PerSecond(), refreshed.Quantile(0.99))
	verdict := "missed"
	if median(ratios) >= 1 {
		verdict = "met"
	}
	fmt.Printf("goal: client-credentials tokens/s with Postgres, of oidc-provider in memory = %.4g (target >= 1) %s\n", median(ratios), verdict)
	return nil
}

// startPeer starts node's oidc-provider and gives its URL.
func startPeer(ctx context.Context, dir string) (string, func(), error) {
	port, err := local.FreePort()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, "node", "peer.mjs", fmt.Sprint(port), partner, secret)
	cmd.Dir = dir
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("oidc-provider: %w", err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if lines.Text() == "up" {
			stop := func() { _ = errors.Join(cmd.Process.Kill(), cmd.Wait()) } // it ends by the kill
			return "http://" + local.Address(port), stop, nil
		}
	}
	return "", nil, fmt.Errorf("oidc-provider ended: %w", cmd.Wait())
}

// refreshes renews families of tokens, each by its own rotating refresh token.
func refreshes(ctx context.Context, s *stack.Stack, endpoint string, span time.Duration) (load.Result, error) {
	var tokens []string
	for range families {
		p, err := s.Person(ctx)
		if err != nil {
			return load.Result{}, err
		}
		token, err := p.Tokens.Token()
		if err != nil {
			return load.Result{}, err
		}
		tokens = append(tokens, token.RefreshToken)
	}
	var (
		mu      sync.Mutex
		times   []time.Duration
		failure error
		all     sync.WaitGroup
	)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: families}}
	began := time.Now()
	for _, token := range tokens {
		all.Go(func() {
			for time.Since(began) < span {
				at := time.Now()
				next, err := refresh(ctx, client, endpoint, token)
				mu.Lock()
				if err != nil {
					failure = err
				} else {
					times = append(times, time.Since(at))
				}
				mu.Unlock()
				if err != nil {
					return
				}
				token = next
			}
		})
	}
	all.Wait()
	return load.Times(times, time.Since(began)), failure
}

func refresh(ctx context.Context, client *http.Client, endpoint, token string) (string, error) {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {people.ClientID}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	var got struct {
		Refresh string `json:"refresh_token"`
		Error   string
	}
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
		return "", fmt.Errorf("refresh: %s: %w", res.Status, err)
	}
	if got.Refresh == "" {
		return "", fmt.Errorf("refresh: %s %s", res.Status, got.Error)
	}
	return got.Refresh, nil
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
