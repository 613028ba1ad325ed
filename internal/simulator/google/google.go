// Package google simulates Google's Places API (New) and Routes API from the built-in places, over gRPC and over REST as
// Google's own clients speak them: one implementation of the services, two wire formats. Places say by an attribution,
// and ways by their status' message, that they are simulated.
package google

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"

	"cloud.google.com/go/maps/places/apiv1/placespb"
	"cloud.google.com/go/maps/routing/apiv2/routingpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/simulator/world"
)

// Simulated is what answers say of themselves.
const Simulated = "simulated"

const maxBody = 1 << 20

// Simulator answers Google's clients.
type Simulator struct {
	placespb.UnimplementedPlacesServer
	routingpb.UnimplementedRoutesServer
	world *world.World
	grpc  *grpc.Server
	rest  *http.ServeMux
}

// New makes a simulator of some places.
func New(w *world.World) *Simulator {
	s := &Simulator{world: w, grpc: grpc.NewServer(), rest: http.NewServeMux()}
	placespb.RegisterPlacesServer(s.grpc, s)
	routingpb.RegisterRoutesServer(s.grpc, s)
	s.rest.HandleFunc("POST /v1/places:searchNearby", unary(s.SearchNearby))
	s.rest.HandleFunc("POST /v1/places:searchText", unary(s.SearchText))
	s.rest.HandleFunc("GET /v1/places/{id}", func(rw http.ResponseWriter, r *http.Request) {
		answer, err := s.GetPlace(incoming(r), &placespb.GetPlaceRequest{Name: "places/" + r.PathValue("id")})
		reply(rw, answer, err)
	})
	s.rest.HandleFunc("POST /distanceMatrix/v2:computeRouteMatrix", s.matrixREST)
	return s
}

// ServeHTTP answers gRPC (over HTTP/2) and REST.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
		s.grpc.ServeHTTP(w, r)
		return
	}
	s.rest.ServeHTTP(w, r)
}

// incoming carries the headers that the services read, as gRPC's metadata does.
func incoming(r *http.Request) context.Context {
	meta := metadata.MD{}
	for _, name := range []string{"x-goog-fieldmask", "x-goog-api-key"} {
		if value := r.Header.Get(name); value != "" {
			meta.Set(name, value)
		}
	}
	if key := r.URL.Query().Get("key"); key != "" {
		meta.Set("x-goog-api-key", key)
	}
	return metadata.NewIncomingContext(r.Context(), meta)
}

// unary serves a method over REST.
func unary[Q any, P interface {
	*Q
	proto.Message
}, A proto.Message](method func(context.Context, P) (A, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		question := P(new(Q))
		if err := read(r, question); err != nil {
			reply(w, nil, err)
			return
		}
		answer, err := method(incoming(r), question)
		reply(w, answer, err)
	}
}

func read(r *http.Request, into proto.Message) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err == nil {
		err = protojson.Unmarshal(body, into)
	}
	if err != nil {
		return status.Error(codes.InvalidArgument, "Invalid JSON payload received.")
	}
	return nil
}

var httpStatus = map[codes.Code]int{
	codes.InvalidArgument: http.StatusBadRequest, codes.NotFound: http.StatusNotFound, codes.PermissionDenied: http.StatusForbidden,
	codes.ResourceExhausted: http.StatusTooManyRequests,
}

// reply writes an answer, or an error as Google does.
func reply(w http.ResponseWriter, answer proto.Message, err error) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	if err != nil {
		s, _ := status.FromError(err)
		code, ok := httpStatus[s.Code()]
		if !ok {
			code = http.StatusInternalServerError
		}
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(map[string]any{ //nolint:errchkjson // plain data; a caller that hung up is not told
			"error": map[string]any{"code": code, "message": s.Message(), "status": strings.ToUpper(s.Code().String())},
		})
		return
	}
	body, err := protojson.Marshal(answer)
	if err != nil {
		http.Error(w, `{"error":{"code":500}}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

// mask gives the fields asked for; every request needs a key and a mask.
func mask(ctx context.Context) (map[string]bool, error) {
	meta, _ := metadata.FromIncomingContext(ctx)
	if len(meta.Get("x-goog-api-key")) == 0 {
		return nil, status.Error(codes.PermissionDenied, "Method doesn't allow unregistered callers.")
	}
	masks := meta.Get("x-goog-fieldmask")
	if len(masks) == 0 {
		return nil, status.Error(codes.InvalidArgument, "FieldMask is a required parameter.")
	}
	fields := make(map[string]bool)
	for _, field := range strings.Split(masks[0], ",") {
		fields[strings.TrimPrefix(strings.TrimSpace(field), "places.")] = true
	}
	return fields, nil
}
