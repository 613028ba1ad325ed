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
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tripgen/tripgen/bench/gateway/load"
	"github.com/tripgen/tripgen/bench/gateway/stack"
	"github.com/tripgen/tripgen/bench/report"
	"github.com/tripgen/tripgen/envoy"
	"github.com/tripgen/tripgen/internal/local"
	"github.com/tripgen/tripgen/test/people"
)

func main() {
	rounds := flag.Int("rounds", 5, "how often each is measured in turn")
	span := flag.Duration("span", 4*time.Second, "how long each measurement takes")
	peer := flag.String("peer", filepath.Join("bench", "tokens", "peer"), "folder of the peer, with its packages installed")
	document := flag.String("out", "docs/benchmarks/tokens.md", "where the report is written; empty for nowhere")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	r := report.New("The token endpoint beside node's oidc-provider")
	err := run(ctx, r, *rounds, *span, *peer)
	r.End(err, *document, "make bench-tokens")
}

const (
	callers  = 32
	partner  = "tripgen-demo-partner"
	secret   = "s3cret-of-the-benchmark-s3cret"
	families = 16
)

func run(ctx context.Context, r *report.Report, rounds int, span time.Duration, peerDir string) (err error) {
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
	r.Add("%d callers, HTTP/1.1, straight to each server, client secret in the header, JWT access tokens signed ES256; medians of %d rounds of %v in turn.\n",
		callers, rounds, span)
	basic := []string{"Basic " + base64.StdEncoding.EncodeToString([]byte(partner+":"+secret))}
	target := func(at string) *load.Target {
		return load.New(load.Config{URL: at, Body: "grant_type=client_credentials&scope=places.read", ContentType: "application/x-www-form-urlencoded", Authorization: basic})
	}
	names := []string{"TripGen's user service, PostgreSQL", "oidc-provider on Node, in memory"}
	targets := []*load.Target{target("http://" + user + "/oauth2/token"), target(peer + "/token")}
	rates, p99s := [2][]float64{}, [2][]float64{}
	for n := range rounds + 1 {
		for i, t := range targets {
			result, err := t.Closed(ctx, callers, span)
			if err != nil {
				return fmt.Errorf("%s: %w", names[i], err)
			}
			if n > 0 { // the first round warms
				rates[i], p99s[i] = append(rates[i], result.PerSecond()), append(p99s[i], result.Quantile(0.99))
			}
		}
	}
	ratios := make([]float64, rounds)
	for n := range ratios {
		ratios[n] = rates[0][n] / rates[1][n]
	}
	refreshed, err := refreshes(ctx, s, "http://"+user+"/oauth2/token", span)
	if err != nil {
		return err
	}
	r.Add("| | tokens/s | p99, ms |\n|---|---|---|")
	for i, name := range names {
		r.Add("| %s | %.0f | %.1f |", name, median(rates[i]), median(p99s[i]))
	}
	r.Add("| refresh with rotation, %d families at once | %.0f | %.1f |\n", families, refreshed.PerSecond(), refreshed.Quantile(0.99))
	r.Goal("client-credentials tokens/s with Postgres, of oidc-provider in memory", median(ratios), ">=", 1)
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
