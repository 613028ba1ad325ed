package google

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"cloud.google.com/go/maps/routing/apiv2/routingpb"
	"google.golang.org/genproto/googleapis/type/latlng"

	"github.com/tripgen/tripgen/internal/resilience"
	"github.com/tripgen/tripgen/services/location"
	"github.com/tripgen/tripgen/services/location/upstream"
)

const matrixMask = "originIndex,destinationIndex,status,condition,distanceMeters,duration"

var modes = map[location.Mode]routingpb.RouteTravelMode{
	location.Walk: routingpb.RouteTravelMode_WALK, location.Transit: routingpb.RouteTravelMode_TRANSIT, location.Car: routingpb.RouteTravelMode_DRIVE,
}

// MaxPoints is between how many points the ways may be asked for: Google allows 625 ways at once, by transit 100.
func MaxPoints(mode location.Mode) int {
	if mode == location.Transit {
		return 10
	}
	return 25
}

// Matrix gives the ways between points, by one request. Ways that Google does not know are estimated.
func (c *Client) Matrix(ctx context.Context, points []location.Point, mode location.Mode) (location.Matrix, error) {
	n := len(points)
	if n > MaxPoints(mode) {
		return location.Matrix{}, resilience.Permanent(fmt.Errorf("routes of google: only between up to %d points", MaxPoints(mode)))
	}
	req := &routingpb.ComputeRouteMatrixRequest{TravelMode: modes[mode]}
	m := location.Matrix{
		Ways:   make([]location.Estimate, n*n),
		Source: location.Source{Provider: Provider, FetchedAt: c.clock.Now(), Attribution: Attribution},
	}
	for i, from := range points {
		at := &routingpb.Waypoint{LocationType: &routingpb.Waypoint_Location{Location: &routingpb.Location{
			LatLng: &latlng.LatLng{Latitude: from.Lat, Longitude: from.Lng},
		}}}
		req.Origins = append(req.Origins, &routingpb.RouteMatrixOrigin{Waypoint: at})
		req.Destinations = append(req.Destinations, &routingpb.RouteMatrixDestination{Waypoint: at})
		for j, to := range points {
			m.Ways[i*n+j] = location.EstimateTravel(from, to, mode)
		}
	}
	stream, err := c.routes.ComputeRouteMatrix(c.masked(ctx, matrixMask), req)
	if err != nil {
		return location.Matrix{}, told("routes", err)
	}
	defer stream.CloseSend() //nolint:errcheck // it is read to its end, or given up
	seen := 0
	for {
		element, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return location.Matrix{}, told("routes", err)
		}
		i, j := int(element.GetOriginIndex()), int(element.GetDestinationIndex())
		if i < 0 || j < 0 || i >= n || j >= n {
			return location.Matrix{}, told("routes", upstream.ErrShape)
		}
		seen++
		m.Source.Simulated = m.Source.Simulated || element.GetStatus().GetMessage() == Simulator
		if i != j && element.GetCondition() == routingpb.RouteMatrixElementCondition_ROUTE_EXISTS && element.GetStatus().GetCode() == 0 {
			took := element.GetDuration().AsDuration()
			m.Ways[i*n+j] = location.Estimate{Minutes: int((took + time.Minute - 1) / time.Minute), Metres: int(element.GetDistanceMeters())}
		}
	}
	if seen != n*n {
		return location.Matrix{}, told("routes", fmt.Errorf("%w: %d ways of %d", upstream.ErrShape, seen, n*n))
	}
	return m, nil
}
