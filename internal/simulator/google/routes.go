package google

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"cloud.google.com/go/maps/routing/apiv2/routingpb"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/tripgen/tripgen/internal/simulator/world"
)

const (
	maxElements        = 625
	maxTransitElements = 100
	detour             = 1.4
)

// speeds are in metres a second.
var speeds = map[routingpb.RouteTravelMode]float64{
	routingpb.RouteTravelMode_WALK: 1.25, routingpb.RouteTravelMode_TRANSIT: 5, routingpb.RouteTravelMode_DRIVE: 8,
}

// ComputeRouteMatrix streams the ways from each origin to each destination.
func (s *Simulator) ComputeRouteMatrix(q *routingpb.ComputeRouteMatrixRequest, stream routingpb.Routes_ComputeRouteMatrixServer) error {
	elements, err := matrix(stream.Context(), q)
	if err != nil {
		return err
	}
	for _, e := range elements {
		if err := stream.Send(e); err != nil {
			return err
		}
	}
	return nil
}

// matrixREST answers the same as one JSON array.
func (s *Simulator) matrixREST(w http.ResponseWriter, r *http.Request) {
	q := new(routingpb.ComputeRouteMatrixRequest)
	err := read(r, q)
	var elements []*routingpb.RouteMatrixElement
	if err == nil {
		elements, err = matrix(incoming(r), q)
	}
	if err != nil {
		reply(w, nil, err)
		return
	}
	answer := make([]json.RawMessage, 0, len(elements))
	for _, e := range elements {
		encoded, err := protojson.Marshal(e)
		if err != nil {
			reply(w, nil, err)
			return
		}
		answer = append(answer, encoded)
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_ = json.NewEncoder(w).Encode(answer) //nolint:errchkjson // plain data; a caller that hung up is not told
}

func matrix(ctx context.Context, q *routingpb.ComputeRouteMatrixRequest) ([]*routingpb.RouteMatrixElement, error) {
	if _, err := mask(ctx); err != nil {
		return nil, err
	}
	speed, ok := speeds[q.GetTravelMode()]
	if !ok {
		return nil, status.Error(codes.InvalidArgument, "travel_mode is not supported.")
	}
	most := maxElements
	if q.GetTravelMode() == routingpb.RouteTravelMode_TRANSIT {
		most = maxTransitElements
	}
	if n := len(q.GetOrigins()) * len(q.GetDestinations()); n == 0 || n > most {
		return nil, status.Error(codes.InvalidArgument, "The number of elements is out of range.")
	}
	var elements []*routingpb.RouteMatrixElement
	for i, from := range q.GetOrigins() {
		for j, to := range q.GetDestinations() {
			a, b := from.GetWaypoint().GetLocation().GetLatLng(), to.GetWaypoint().GetLocation().GetLatLng()
			metres := detour * world.Metres(a.GetLatitude(), a.GetLongitude(), b.GetLatitude(), b.GetLongitude())
			origin, destination := int32(i), int32(j)
			elements = append(elements, &routingpb.RouteMatrixElement{
				OriginIndex: &origin, DestinationIndex: &destination, DistanceMeters: int32(metres),
				Duration:  durationpb.New(time.Duration(metres/speed) * time.Second),
				Condition: routingpb.RouteMatrixElementCondition_ROUTE_EXISTS, Status: &rpcstatus.Status{Message: Simulated},
			})
		}
	}
	return elements, nil
}
