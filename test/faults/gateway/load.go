package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tripgen/tripgen/test/fleet"
	"github.com/tripgen/tripgen/test/people"
)

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
	writers = 2
	read    = "/tripgen.trip.v1.TripService/ListTrips"
	read2   = "/tripgen.user.v1.ServiceInfoService/GetServiceInfo"
	write   = "/tripgen.trip.v1.TripService/CreateTrip"
	trip    = `{"name":"faults","transportMode":"TRANSPORT_MODE_CAR","members":[{"name":"Jiwoo","age":38,"gender":"GENDER_FEMALE","health":"HEALTH_LEVEL_GOOD","preferences":["PREFERENCE_CULTURE"]}]}`
)

// under lets people call while the faults happen.
func under(ctx context.Context, f *fleet.Fleet, travellers []*people.Person, faults func() error) (outcome, error) {
	var (
		stop     atomic.Bool
		mu       sync.Mutex
		o        outcome
		callers  sync.WaitGroup
		protocol = new(http.Protocols)
	)
	protocol.SetUnencryptedHTTP2(true)
	for i, p := range travellers {
		token, err := p.Tokens.Token()
		if err != nil {
			return o, err
		}
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
				failure := call(ctx, client, f.Gateway+path, token.AccessToken, body)
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
