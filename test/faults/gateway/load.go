package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	tripgen "github.com/tripgen/tripgen/sdk/go"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
)

// people signs some up and gives their tokens.
func (f *fleet) people(ctx context.Context, n int) ([]string, error) {
	var tokens []string
	client, err := tripgen.New(f.gateway)
	if err != nil {
		return nil, err
	}
	for range n {
		id, password := "f"+strings.ToLower(rand.Text()[:14]), rand.Text()+"-7a"
		if _, err := client.Account.SignUp(ctx, &userv1.SignUpRequest{
			Name: "김하늘", Email: id + "@traveller.example", Phone: "010-1234-5678", LoginId: id, Password: password,
			Terms: &userv1.TermsConsent{Version: "2026-01-01", Accepted: true},
		}); err != nil {
			return nil, fmt.Errorf("sign up: %w", err)
		}
		source, err := client.LogIn(ctx, tripgen.LogInParams{LoginID: id, Password: password, ClientID: "tripgen-cli", RedirectURI: "http://127.0.0.1/callback"})
		if err != nil {
			return nil, fmt.Errorf("log in: %w", err)
		}
		token, err := source.Token()
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, token.AccessToken)
	}
	return tokens, nil
}

type count struct {
	calls, failed int
	first         string
}

// outcome is what became of the calls.
type outcome struct{ reads, writes count }

func (o outcome) String() string {
	text := fmt.Sprintf("%d of %d reads failed, %d of %d writes", o.reads.failed, o.reads.calls, o.writes.failed, o.writes.calls)
	for _, first := range []string{o.reads.first, o.writes.first} {
		if first != "" {
			text += "\n  first: " + first
		}
	}
	return text
}

const (
	readers = 6
	read    = "/tripgen.trip.v1.TripService/ListTrips"
	read2   = "/tripgen.user.v1.ServiceInfoService/GetServiceInfo"
	write   = "/tripgen.trip.v1.TripService/CreateTrip"
	trip    = `{"name":"faults","transportMode":"TRANSPORT_MODE_CAR","members":[{"name":"Jiwoo","age":38,"gender":"GENDER_FEMALE","health":"HEALTH_LEVEL_GOOD","preferences":["PREFERENCE_CULTURE"]}]}`
)

// under lets people call while the faults happen.
func under(ctx context.Context, f *fleet, tokens []string, faults func() error) (outcome, error) {
	var (
		stop     atomic.Bool
		mu       sync.Mutex
		o        outcome
		callers  sync.WaitGroup
		protocol = new(http.Protocols)
	)
	protocol.SetUnencryptedHTTP2(true)
	for i, token := range tokens {
		client := &http.Client{Transport: &http.Transport{Protocols: protocol}}
		path, body, to := read, "{}", &o.reads
		switch {
		case i >= readers:
			path, body, to = write, trip, &o.writes
		case i%2 == 1:
			path = read2
		}
		callers.Go(func() {
			for !stop.Load() && ctx.Err() == nil {
				failure := call(ctx, client, f.gateway+path, token, body)
				mu.Lock()
				to.calls++
				if failure != "" {
					to.failed++
					if to.first == "" {
						to.first = failure
					}
				}
				mu.Unlock()
			}
		})
	}
	err := faults()
	stop.Store(true)
	callers.Wait()
	return o, err
}

// call gives why the call failed, empty if it went well.
func call(ctx context.Context, client *http.Client, url, token, body string) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := client.Do(req)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Sprintf("%s: %s %s", url, res.Status, answer)
	}
	return ""
}
