package envoy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	// The contract's files, so that the registry below holds every RPC.
	_ "github.com/tripgen/tripgen/sdk/go/gen/tripgen/ai/v1"
	_ "github.com/tripgen/tripgen/sdk/go/gen/tripgen/location/v1"
	_ "github.com/tripgen/tripgen/sdk/go/gen/tripgen/privacy/v1"
	_ "github.com/tripgen/tripgen/sdk/go/gen/tripgen/trip/v1"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
	_ "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
)

// Route is a public RPC at the gateway.
type Route struct {
	// Path is /<package>.<Service>/<Method>.
	Path string
	// Cluster is the service that answers.
	Cluster Cluster
	// Scopes are those of which the token must carry one; empty with Anonymous false means any valid token.
	Scopes []string
	// Anonymous is true if no token is needed.
	Anonymous bool
	// Stream is true if the answer is a stream: no time limit, keepalives instead.
	Stream bool
	// Safe is true for reads, which may be called by GET and tried again.
	Safe bool
	// Limit is the class of rate limit: "read", "write", "stream", "identity", "generation", "expensive".
	Limit string
}

// Global is true if calls are counted across all gateways as well.
func (r Route) Global() bool { return global(r.Limit) }

// Ordinary is true for reads, of which an operator may have a share logged only while they go well.
func (r Route) Ordinary() bool { return r.Safe && !r.Stream && r.Limit == "read" }

// Timeout is how long the service may take for an answer that is no stream, in seconds.
func (r Route) Timeout() string { return fmt.Sprintf("%.0fs", timeout(r.Limit).Seconds()) }

// Body is the largest request, in bytes.
func (r Route) Body() int { return cmp.Or(bodies[r.Path], mostBody) }

// Routes are all public RPCs, by path. Internal RPCs have no route, so they cannot be reached from outside.
func Routes() []Route {
	var routes []Route
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(file.Package()), "tripgen.") {
			return true
		}
		for i := range file.Services().Len() {
			routes = append(routes, routesOf(file.Services().Get(i))...)
		}
		return true
	})
	slices.SortFunc(routes, func(a, b Route) int { return cmp.Compare(a.Path, b.Path) })
	return routes
}

func routesOf(service protoreflect.ServiceDescriptor) []Route {
	var routes []Route
	for i := range service.Methods().Len() {
		method := service.Methods().Get(i)
		options, _ := method.Options().(*descriptorpb.MethodOptions)
		access, _ := proto.GetExtension(options, typev1.E_Access).(*typev1.AccessRule)
		if access.GetVisibility() != typev1.Visibility_VISIBILITY_PUBLIC {
			continue
		}
		routes = append(routes, Route{
			Path:      "/" + string(service.FullName()) + "/" + string(method.Name()),
			Cluster:   clusterOf(service.FullName()),
			Scopes:    access.GetScopes(),
			Anonymous: access.GetAnonymous(),
			Stream:    method.IsStreamingServer(),
			Safe:      options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS,
			Limit:     strings.ToLower(strings.TrimPrefix(access.GetLimit().String(), "LIMIT_CLASS_")),
		})
	}
	return routes
}

// clusterOf names the service by its package: tripgen.<cluster>.v1.
func clusterOf(service protoreflect.FullName) Cluster {
	return Cluster(strings.Split(string(service), ".")[1])
}
