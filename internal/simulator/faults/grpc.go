package faults

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

func isGRPC(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc")
}

// refuseGRPC answers as gRPC servers refuse: with a status in the headers, RESOURCE_EXHAUSTED and what to wait for 429.
func refuseGRPC(w http.ResponseWriter, plan plan) {
	refused := status.New(codes.Unavailable, "simulated")
	if plan.status == http.StatusTooManyRequests {
		refused = status.New(codes.ResourceExhausted, "simulated")
		wait := durationpb.New(time.Duration(plan.retryAfter) * time.Second)
		if detailed, err := refused.WithDetails(&errdetails.RetryInfo{RetryDelay: wait}); err == nil {
			refused = detailed
		}
	}
	header := w.Header()
	header.Set("Content-Type", "application/grpc")
	header.Set("Grpc-Status", strconv.Itoa(int(refused.Code())))
	header.Set("Grpc-Message", refused.Message())
	if details, err := proto.Marshal(refused.Proto()); err == nil {
		header.Set("Grpc-Status-Details-Bin", base64.RawStdEncoding.EncodeToString(details))
	}
	w.WriteHeader(http.StatusOK)
}
