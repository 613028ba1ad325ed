package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/tripgen/tripgen/internal/authn"
	"github.com/tripgen/tripgen/internal/errs"
	"github.com/tripgen/tripgen/internal/lang"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/internal/rpc/rpctest"
	aiv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1/aiv1connect"
	tripv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1/tripv1connect"
)

const (
	tripID       = "trip_01890a5d-ac96-774b-bcce-b302099a8057"
	generationID = "gen_01890a5d-ac96-774b-bcce-b302099a8057"
)

// trips answers GetTrip as the test says; all else is not built.
type trips struct {
	tripv1connect.UnimplementedTripServiceHandler
	get func(context.Context) error
}

func (s *trips) GetTrip(ctx context.Context, _ *tripv1.GetTripRequest) (*tripv1.GetTripResponse, error) {
	if err := s.get(ctx); err != nil {
		return nil, err
	}
	return &tripv1.GetTripResponse{}, nil
}

// generations streams until the caller or the server ends it.
type generations struct {
	aiv1connect.UnimplementedGenerationServiceHandler
}

func (generations) WatchGeneration(
	ctx context.Context, _ *aiv1.WatchGenerationRequest, stream *connect.ServerStream[aiv1.WatchGenerationResponse],
) error {
	if err := stream.Send(&aiv1.WatchGenerationResponse{}); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// start serves the two services; get is what GetTrip does.
func start(t *testing.T, deps rpc.Deps, get func(context.Context) error) *rpctest.Server {
	t.Helper()
	return rpctest.Start(t, deps, func(s *rpc.Server, options []connect.HandlerOption) {
		s.Handle(tripv1connect.NewTripServiceHandler(&trips{get: get}, options...))
		s.Handle(aiv1connect.NewGenerationServiceHandler(generations{}, options...))
	})
}

func getTrip(t *testing.T, s *rpctest.Server, options ...connect.ClientOption) error {
	t.Helper()
	client := tripv1connect.NewTripServiceClient(s.Client(t, s.Token("user_1", "trips.read")), s.BaseURL, options...)
	_, err := client.GetTrip(lang.With(t.Context(), lang.English), &tripv1.GetTripRequest{TripId: tripID})
	return err
}

// detail finds the detail of one type.
func detail[T proto.Message](t *testing.T, err error) T {
	t.Helper()
	var none T
	ce, ok := errors.AsType[*connect.Error](err)
	if !ok {
		t.Fatalf("%v is no connect error", err)
	}
	for _, d := range ce.Details() {
		m, err := d.Value()
		if err != nil {
			t.Fatal(err)
		}
		if found, ok := m.(T); ok {
			return found
		}
	}
	t.Errorf("%v has no %T", err, none)
	return none
}

func TestARefusalCarriesItsDetailsInAllProtocols(t *testing.T) {
	t.Parallel()
	refusal := errs.Aborted(errs.ReasonStaleRevision, "다른 곳에서 수정되었습니다.", "Changed elsewhere.").
		With("revision", "7").WithField("revision", "오래됨", "stale").Retry(1500 * time.Millisecond).
		WithResource(42).Wrap(errors.New("secret cause"))
	deps := rpc.Deps{Resource: func(v any) proto.Message {
		return &tripv1.GetTripRequest{TripId: fmt.Sprint(v)}
	}}
	server := start(t, deps, func(context.Context) error { return fmt.Errorf("update trip: %w", refusal) })
	for name, option := range map[string]connect.ClientOption{
		"connect": connect.WithAcceptCompression("x", nil, nil), "gRPC": connect.WithGRPC(), "gRPC-Web": connect.WithGRPCWeb(),
	} {
		err := getTrip(t, server, option)
		if connect.CodeOf(err) != connect.CodeAborted || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error is %v", name, err)
		}
		info := detail[*errdetails.ErrorInfo](t, err)
		if info.GetReason() != "STALE_REVISION" || info.GetDomain() != "tripgen" || info.GetMetadata()["revision"] != "7" {
			t.Errorf("%s: info is %v", name, info)
		}
		if m := detail[*errdetails.LocalizedMessage](t, err); m.GetLocale() != "en" || m.GetMessage() != "Changed elsewhere." {
			t.Errorf("%s: message is %v", name, m)
		}
		if r := detail[*errdetails.RetryInfo](t, err); r.GetRetryDelay().AsDuration() != 1500*time.Millisecond {
			t.Errorf("%s: retry is %v", name, r)
		}
		if f := detail[*errdetails.BadRequest](t, err).GetFieldViolations(); len(f) != 1 || f[0].GetField() != "revision" {
			t.Errorf("%s: fields are %v", name, f)
		}
		if r := detail[*tripv1.GetTripRequest](t, err); r.GetTripId() != "42" {
			t.Errorf("%s: resource is %v", name, r)
		}
	}
}

func TestUnknownErrorsAndPanicsAreInternalAndLoggedOnce(t *testing.T) {
	t.Parallel()
	for name, get := range map[string]func(context.Context) error{
		"unknown":          func(context.Context) error { return errors.New("password is hunter2") },
		"panic":            func(context.Context) error { panic("password is hunter2") },
		"inner cancelling": func(context.Context) error { return fmt.Errorf("hunter2: %w", context.Canceled) },
		"declared":         func(context.Context) error { return errs.Internal(errors.New("hunter2")) },
	} {
		var log buffer
		server := start(t, rpc.Deps{Log: slog.New(slog.NewTextHandler(&log, nil))}, get)
		err := getTrip(t, server)
		if connect.CodeOf(err) != connect.CodeInternal || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error is %v", name, err)
		}
		if info := detail[*errdetails.ErrorInfo](t, err); info.GetReason() != "INTERNAL" {
			t.Errorf("%s: info is %v", name, info)
		}
		server.Stop()
		if got := strings.Count(log.String(), "level=ERROR"); got != 1 || !strings.Contains(log.String(), "hunter2") {
			t.Errorf("%s: %d error lines in %s", name, got, log.String())
		}
	}
}

func TestBrokenFieldRulesAreNamedInTheCallersLanguage(t *testing.T) {
	t.Parallel()
	server := start(t, rpc.Deps{}, func(context.Context) error { return nil })
	client := tripv1connect.NewTripServiceClient(server.Client(t, server.Token("user_1", "trips.read")), server.BaseURL)
	_, err := client.GetTrip(t.Context(), &tripv1.GetTripRequest{TripId: "nonsense"})
	if connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Fatalf("error is %v", err)
	}
	if info := detail[*errdetails.ErrorInfo](t, err); info.GetReason() != "INVALID_ARGUMENT" {
		t.Errorf("info is %v", info)
	}
	fields := detail[*errdetails.BadRequest](t, err).GetFieldViolations()
	if len(fields) != 1 || fields[0].GetField() != "trip_id" || fields[0].GetReason() != "STRING_PATTERN" ||
		fields[0].GetLocalizedMessage().GetMessage() != "형식이 올바르지 않습니다." || fields[0].GetDescription() == "" {
		t.Errorf("fields are %v", fields)
	}
}

func TestAccessFollowsTheContract(t *testing.T) {
	t.Parallel()
	server := start(t, rpc.Deps{}, func(ctx context.Context) error {
		if user, err := authn.User(ctx); err != nil || user != "user_1" {
			return fmt.Errorf("the caller is %q: %w", user, err)
		}
		return nil
	})
	for name, c := range map[string]struct {
		token string
		code  connect.Code
	}{
		"the scope":     {server.Token("user_1", "trips.read"), 0},
		"no token":      {"", connect.CodeUnauthenticated},
		"a bad token":   {"bad", connect.CodeUnauthenticated},
		"another scope": {server.Token("user_1", "account"), connect.CodePermissionDenied},
	} {
		client := tripv1connect.NewTripServiceClient(server.Client(t, c.token), server.BaseURL)
		_, err := client.GetTrip(t.Context(), &tripv1.GetTripRequest{TripId: tripID})
		if c.code == 0 && err != nil || c.code != 0 && connect.CodeOf(err) != c.code {
			t.Errorf("%s: error is %v, want %v", name, err, c.code)
		}
	}
}

func TestEveryProcedureOfTheContractHasARule(t *testing.T) {
	t.Parallel()
	rules := rpc.DescriptorRules()
	for procedure, want := range map[string]authn.Rule{
		aiv1connect.GenerationIntakeServiceStartGenerationProcedure: {Internal: true},
		aiv1connect.GenerationServiceWatchGenerationProcedure:       {Scopes: []string{"generations"}},
		tripv1connect.ShareServiceGetSharedItineraryProcedure:       {Anonymous: true},
	} {
		got, ok := rules(procedure)
		if !ok || got.Internal != want.Internal || got.Anonymous != want.Anonymous || fmt.Sprint(got.Scopes) != fmt.Sprint(want.Scopes) {
			t.Errorf("%s: rule is %+v, %v", procedure, got, ok)
		}
	}
	for _, service := range []string{
		tripv1connect.TripServiceName, tripv1connect.ItineraryServiceName, tripv1connect.ExportServiceName,
		aiv1connect.GenerationServiceName, aiv1connect.GenerationIntakeServiceName,
	} {
		d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
		if err != nil {
			t.Fatal(err)
		}
		methods := d.(protoreflect.ServiceDescriptor).Methods()
		for i := range methods.Len() {
			procedure := "/" + service + "/" + string(methods.Get(i).Name())
			if _, ok := rules(procedure); !ok {
				t.Errorf("%s has no rule", procedure)
			}
		}
	}
	for _, nobodys := range []string{"/grpc.health.v1.Health/Check", "/tripgen.trip.v1.TripService", "nonsense", ""} {
		if rule, ok := rules(nobodys); ok {
			t.Errorf("%s has the rule %+v", nobodys, rule)
		}
	}
}

func TestWhatIsNotBuiltSaysSo(t *testing.T) {
	t.Parallel()
	server := start(t, rpc.Deps{}, nil)
	client := server.Client(t, server.Token("user_1", "trips.read", "trips.write"))
	_, unimplemented := tripv1connect.NewTripServiceClient(client, server.BaseURL).
		BatchDeleteTrips(t.Context(), &tripv1.BatchDeleteTripsRequest{TripIds: []string{tripID}})
	_, notServed := tripv1connect.NewExportServiceClient(client, server.BaseURL).
		RenderMap(t.Context(), &tripv1.RenderMapRequest{})
	for _, err := range []error{unimplemented, notServed} {
		if connect.CodeOf(err) != connect.CodeUnimplemented {
			t.Errorf("error is %v", err)
			continue
		}
		if info := detail[*errdetails.ErrorInfo](t, err); info.GetReason() != "NOT_IMPLEMENTED" {
			t.Errorf("info is %v", info)
		}
	}
}

func TestAClientReadsErrorsBack(t *testing.T) {
	t.Parallel()
	options, err := rpc.ClientOptions()
	if err != nil {
		t.Fatal(err)
	}
	full := errs.ResourceExhausted(errs.ReasonQueueFull, "대기열이 가득 찼습니다.", "The queue is full.").With("ahead", "900").Retry(2 * time.Second)
	server := start(t, rpc.Deps{}, func(context.Context) error { return full })
	got := getTrip(t, server, options...)
	e, ok := errs.Of(got)
	if !ok || !errors.Is(got, full) || e.RetryAfter != 2*time.Second || e.Metadata["ahead"] != "900" || e.Message.En != "The queue is full." {
		t.Errorf("error is %#v", got)
	}

	client := tripv1connect.NewTripServiceClient(server.Client(t, "bad"), server.BaseURL, options...)
	_, err = client.GetTrip(t.Context(), &tripv1.GetTripRequest{TripId: tripID})
	if errs.KindOf(err) != errs.KindInternal {
		t.Errorf("a service whose own token is refused gets %v", err)
	}
	server.Stop()
	if err := getTrip(t, server, options...); errs.KindOf(err) != errs.KindUnavailable {
		t.Errorf("without a server: %v", err)
	}
}

func TestUnaryCallsAreBoundedInTime(t *testing.T) {
	t.Parallel()
	server := start(t, rpc.Deps{Timeout: 20 * time.Millisecond}, func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	if err := getTrip(t, server); connect.CodeOf(err) != connect.CodeDeadlineExceeded {
		t.Errorf("error is %v", err)
	}
}

func TestStreamsEndForResumingWhenTheServerStops(t *testing.T) {
	t.Parallel()
	server := start(t, rpc.Deps{}, nil)
	client := aiv1connect.NewGenerationServiceClient(server.Client(t, server.Token("user_1", "generations")), server.BaseURL)
	stream, err := client.WatchGeneration(t.Context(), &aiv1.WatchGenerationRequest{GenerationId: generationID})
	if err != nil {
		t.Fatal(err)
	}
	if !stream.Receive() {
		t.Fatalf("nothing came: %v", stream.Err())
	}
	begin := time.Now()
	server.Stop()
	if stream.Receive() {
		t.Error("the stream goes on")
	}
	if connect.CodeOf(stream.Err()) != connect.CodeUnavailable {
		t.Errorf("stream ended with %v", stream.Err())
	}
	if r := detail[*errdetails.RetryInfo](t, stream.Err()); r.GetRetryDelay().AsDuration() <= 0 {
		t.Errorf("retry is %v", r)
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("stopping took %v", took)
	}
}

func TestProbesTellTheState(t *testing.T) {
	t.Parallel()
	server := start(t, rpc.Deps{}, nil)
	get := func(path string) (int, string) {
		t.Helper()
		res, err := http.Get(server.BaseURL + path) // HTTP/1.1
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(body)
	}
	health := func() grpchealth.Status {
		t.Helper()
		client := grpchealth.NewClient(server.Client(t, ""), server.BaseURL)
		res, err := client.Check(t.Context(), &grpchealth.CheckRequest{Service: tripv1connect.TripServiceName})
		if err != nil {
			t.Fatal(err)
		}
		return res.Status
	}
	if status, _ := get("/livez"); status != http.StatusOK {
		t.Errorf("/livez is %d", status)
	}
	server.Ready.Need("postgres", func(context.Context) error { return nil })
	if status, body := get("/readyz"); status != http.StatusOK || !strings.Contains(body, `"postgres":{"state":"ok"`) {
		t.Errorf("/readyz is %d %s", status, body)
	}
	if got := health(); got != grpchealth.StatusServing {
		t.Errorf("health is %v", got)
	}
	server.Ready.Need("redis", func(context.Context) error { return io.EOF })
	if status, body := get("/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, `"error":"EOF"`) {
		t.Errorf("/readyz is %d %s", status, body)
	}
	if got := health(); got != grpchealth.StatusNotServing {
		t.Errorf("health is %v", got)
	}
	if status, _ := get("/nothing"); status != http.StatusNotFound {
		t.Errorf("/nothing is %d", status)
	}
}
