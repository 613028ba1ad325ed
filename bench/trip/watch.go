package main

import (
	"context"
	"fmt"
	"sync"

	"connectrpc.com/connect"

	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
)

// feed is an open watch.
type feed struct {
	trip   string
	stream *connect.ServerStreamForClient[tripv1.WatchTripResponse]
	close  context.CancelFunc
}

// open watches a trip and waits for its present state.
func (t *traveller) open(ctx context.Context, tripID string) (*feed, error) {
	ctx, cancel := context.WithCancel(ctx)
	stream, err := t.client.Trips.WatchTrip(ctx, &tripv1.WatchTripRequest{TripId: tripID})
	if err != nil {
		cancel()
		return nil, err
	}
	f := &feed{tripID, stream, cancel}
	if !stream.Receive() {
		defer f.end()
		return nil, fmt.Errorf("a watch ended at once: %w", stream.Err())
	}
	return f, nil
}

func (f *feed) end() {
	f.close()
	_ = f.stream.Close() // it was cancelled
}

func (t *traveller) watch(ctx context.Context) error {
	f, err := t.open(ctx, next(t, t.trips))
	if err == nil {
		f.end()
	}
	return err
}

// see edits a trip that the traveller watches and waits until the watch tells of it.
func (t *traveller) see(ctx context.Context) error {
	if t.seen == nil {
		var err error
		if t.seen, err = t.open(ctx, t.trips[0]); err != nil {
			return err
		}
	}
	revision, err := t.rename(ctx, t.seen.trip)
	if err != nil {
		return err
	}
	for t.seen.stream.Receive() {
		if t.seen.stream.Msg().GetTripChanged().GetRevision() == revision {
			return nil
		}
	}
	return fmt.Errorf("a watch ended: %w", t.seen.stream.Err())
}

// watchAlong keeps watches open beside what is measured, spread over the travellers' trips, until end is called.
func (w *world) watchAlong(ctx context.Context) (end func(), err error) {
	var open []*feed
	var reading sync.WaitGroup
	end = func() {
		for _, f := range open {
			f.close()
		}
		reading.Wait()
		for _, t := range w.travellers {
			if t.seen != nil {
				t.seen.end()
				t.seen = nil
			}
		}
	}
	for n := range watchers {
		t := w.travellers[n%len(w.travellers)]
		f, err := t.open(ctx, t.trips[n/len(w.travellers)%len(t.trips)])
		if err != nil {
			end()
			return nil, err
		}
		open = append(open, f)
		reading.Go(func() {
			for f.stream.Receive() {
			}
			f.end()
		})
	}
	return end, nil
}
