package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"connectrpc.com/connect"

	tripgen "github.com/tripgen/tripgen/sdk/go"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	"github.com/tripgen/tripgen/test/people"
)

// crowd is travellers who plan trips, each trip twice, and watch.
type crowd struct {
	clients []*tripgen.Client

	mu      sync.Mutex
	left    int
	watches []watch
}

// watch is what one who watched a generation was told.
type watch struct {
	generation string
	state      aiv1.GenerationState
	wrong      string
}

func newCrowd(ctx context.Context, gateway string, n, generations int) (*crowd, error) {
	travellers, err := people.SignUpMany(ctx, gateway, n)
	if err != nil {
		return nil, err
	}
	c := &crowd{left: generations}
	for _, p := range travellers {
		c.clients = append(c.clients, p.Client)
	}
	return c, nil
}

// run lets all plan until there are enough generations and all of them were followed to their end.
func (c *crowd) run(ctx context.Context) error {
	var planning sync.WaitGroup
	failures := make(chan error, len(c.clients))
	for _, client := range c.clients {
		planning.Go(func() {
			for c.take() {
				if err := c.trip(ctx, client); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	planning.Wait()
	close(failures)
	var all []error
	for err := range failures {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// take gives the right to one more generation.
func (c *crowd) take() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left--
	return c.left >= 0
}

var cities = []string{"Seoul", "Busan", "Munich", "Tokyo", "Paris", "Rome"}

// trip plans a new trip and plans it again.
func (c *crowd) trip(ctx context.Context, client *tripgen.Client) error {
	start := time.Now().AddDate(0, 0, 7+mathrand.IntN(30))
	var trip *tripv1.Trip
	if err := persist(ctx, func(ctx context.Context) error {
		created, err := client.Trips.CreateTrip(ctx, &tripv1.CreateTripRequest{
			Name: "faults", TransportMode: typev1.TransportMode_TRANSPORT_MODE_PUBLIC_TRANSPORT,
			StartDate: &typev1.Date{Year: int32(start.Year()), Month: int32(start.Month()), Day: int32(start.Day())},
			Members: []*tripv1.Member{{
				Name: "지우", Age: int32(18 + mathrand.IntN(60)), Gender: typev1.Gender_GENDER_FEMALE, Health: typev1.HealthLevel_HEALTH_LEVEL_GOOD,
				Preferences: []typev1.Preference{typev1.Preference_PREFERENCE_CULTURE},
			}},
			Destinations: []*tripv1.Destination{{Name: cities[mathrand.IntN(len(cities))], Nights: int32(1 + mathrand.IntN(3))}},
		})
		trip = created.GetTrip()
		return err
	}); err != nil {
		return fmt.Errorf("create a trip: %w", err)
	}
	if err := c.generate(ctx, client, trip); err != nil || !c.take() {
		return err
	}
	return c.generate(ctx, client, trip)
}

func (c *crowd) generate(ctx context.Context, client *tripgen.Client, trip *tripv1.Trip) error {
	var generation *tripgen.Generation
	if err := persist(ctx, func(ctx context.Context) (err error) {
		generation, err = client.Generate(ctx, &tripv1.GenerateItineraryRequest{TripId: trip.GetId(), Revision: trip.GetRevision()})
		return err
	}); err != nil {
		return fmt.Errorf("ask for a generation: %w", err)
	}
	c.mu.Lock()
	n := len(c.watches)
	c.watches = append(c.watches, watch{generation: generation.ID()})
	c.mu.Unlock()
	if n%12 == 7 {
		delay := time.Duration(mathrand.IntN(2000)) * time.Millisecond
		cancel := time.AfterFunc(delay, func() {
			// Whether it came in time is seen from how the generation ended.
			_ = persist(ctx, func(ctx context.Context) error { return generation.Cancel(ctx) })
		})
		defer cancel.Stop()
	}
	w := follow(ctx, generation)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watches[n] = w
	return ctx.Err()
}

// hanging is after what time a watcher counts as left hanging.
const hanging = 90 * time.Second

// follow watches a generation to its end: what is told must come without gaps and end exactly once.
func follow(ctx context.Context, g *tripgen.Generation) watch {
	ctx, cancel := context.WithTimeout(ctx, hanging)
	defer cancel()
	w := watch{generation: g.ID()}
	last, ends := int64(0), 0
	for event, err := range g.Events(ctx) {
		if err != nil {
			w.wrong = err.Error()
			return w
		}
		if !event.Polled {
			if event.GetSequence() != last+1 {
				w.wrong = fmt.Sprintf("event %d came after %d", event.GetSequence(), last)
			}
			last = event.GetSequence()
		}
		if finished := event.GetFinished(); finished != nil {
			ends++
			w.state = finished.GetState()
		}
	}
	if ends != 1 {
		w.wrong = fmt.Sprintf("told of %d ends", ends)
	}
	return w
}

// asked are the generations that were accepted.
func (c *crowd) asked() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := make([]string, len(c.watches))
	for i, w := range c.watches {
		ids[i] = w.generation
	}
	return ids
}

// badWatches counts those who were left hanging or told wrongly, and says how.
func (c *crowd) badWatches() int {
	n := 0
	for _, w := range c.watches {
		if w.wrong != "" {
			fmt.Printf("watching %s: %s\n", w.generation, w.wrong)
			n++
		}
	}
	return n
}

const (
	patience = 90 * time.Second
	again    = 250 * time.Millisecond
)

// persist calls until there is an answer, as the same request each time.
func persist(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	key := rand.Text()
	for {
		keyed, info := connect.NewClientContext(ctx)
		info.RequestHeader().Set(tripgen.IdempotencyKeyHeader, key)
		err := call(keyed)
		if err == nil || !passing(err) {
			return err
		}
		timer := time.NewTimer(again)
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
	}
}

// passing tells whether an error comes of what is broken just now. A trip is free a moment after its generation failed.
func passing(err error) bool {
	if e, ok := tripgen.AsError(err); ok && e.Reason == "GENERATION_RUNNING" {
		return true
	}
	switch connect.CodeOf(err) {
	case connect.CodeUnavailable, connect.CodeDeadlineExceeded, connect.CodeResourceExhausted, connect.CodeInternal,
		connect.CodeUnknown, connect.CodeAborted, connect.CodeUnauthenticated:
		return true
	default:
		return false
	}
}
