package tripgen

import (
	"context"
	"iter"

	"google.golang.org/protobuf/proto"

	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	locationv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
)

// AllTrips yields every trip that the request finds, page by page as they are needed.
func (c *Client) AllTrips(ctx context.Context, req *tripv1.ListTripsRequest) iter.Seq2[*tripv1.Trip, error] {
	req = proto.CloneOf(req)
	return pages(func(token string) ([]*tripv1.Trip, string, error) {
		req.PageToken = token
		resp, err := c.Trips.ListTrips(ctx, req)
		return resp.GetTrips(), resp.GetNextPageToken(), err
	})
}

// AllGenerations yields every generation that the request finds.
func (c *Client) AllGenerations(ctx context.Context, req *aiv1.ListGenerationsRequest) iter.Seq2[*aiv1.Generation, error] {
	req = proto.CloneOf(req)
	return pages(func(token string) ([]*aiv1.Generation, string, error) {
		req.PageToken = token
		resp, err := c.Generations.ListGenerations(ctx, req)
		return resp.GetGenerations(), resp.GetNextPageToken(), err
	})
}

// AllNearby yields every place that the request finds.
func (c *Client) AllNearby(ctx context.Context, req *locationv1.SearchNearbyRequest) iter.Seq2[*locationv1.NearbyPlace, error] {
	req = proto.CloneOf(req)
	return pages(func(token string) ([]*locationv1.NearbyPlace, string, error) {
		req.PageToken = token
		resp, err := c.Places.SearchNearby(ctx, req)
		return resp.GetPlaces(), resp.GetNextPageToken(), err
	})
}

// pages walks a list from its first page to the one without a next token.
func pages[T any](fetch func(token string) ([]T, string, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for token := ""; ; {
			items, next, err := fetch(token)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			token = next
		}
	}
}
