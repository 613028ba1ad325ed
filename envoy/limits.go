package envoy

import (
	"fmt"
	"strings"
	"time"
)

// Rate is a token bucket: so many calls a second in the long run, and so many at once after a pause.
type Rate struct{ PerSecond, Burst int }

// Limits are what one gateway counts by itself, before it looks at who is calling.
type Limits struct {
	// Connection is for one connection, Address for all of an address.
	Connection, Address Rate
}

var doorLimits = Limits{
	Connection: Rate{PerSecond: 1000, Burst: 2000},
	Address:    Rate{PerSecond: 2000, Burst: 4000},
}

// Class is a class of rate limit (tripgen.type.v1.LimitClass) and what one gateway lets through of it.
type Class struct {
	Name string
	// Caller is for each user of each client, or each partner that acts for itself; Address for each address where a call
	// needs no token.
	Caller, Address Rate
	// Global is true if the class is counted across all gateways as well, by the [Quotas].
	Global bool
}

// Classes are all classes. The last is for what OAuth's endpoints get.
func Classes() []Class {
	return []Class{
		{Name: "read", Caller: Rate{50, 200}, Address: Rate{50, 200}},
		{Name: "write", Caller: Rate{20, 60}, Address: Rate{20, 60}},
		{Name: "stream", Caller: Rate{5, 40}, Address: Rate{5, 40}},
		{Name: "expensive", Caller: Rate{2, 20}, Address: Rate{2, 20}},
		{Name: "identity", Caller: Rate{5, 20}, Address: Rate{100, 400}, Global: true},
		{Name: "generation", Caller: Rate{2, 20}, Address: Rate{2, 10}, Global: true},
		{Name: "token", Caller: Rate{20, 60}, Address: Rate{500, 1000}, Global: true},
	}
}

func global(class string) bool {
	for _, c := range Classes() {
		if c.Name == class {
			return c.Global
		}
	}
	return false
}

// Quotas are what is counted across all gateways by the global limiter, in calls a minute. The zero value has the
// defaults.
type Quotas struct {
	// IdentityPerAddress is for sign-up, log-in and questions whether a name is free.
	IdentityPerAddress int
	// TokenPerAddress is for the token endpoint and its like. Many people may share an address.
	TokenPerAddress int
	// GenerationPerCaller is for each user or partner, GenerationPerClient for all of a client together.
	GenerationPerCaller, GenerationPerClient int
	// Partners have quotas of their own for generations, by client id, instead of GenerationPerClient.
	Partners map[string]int
}

func (q Quotas) withDefaults() Quotas {
	for _, f := range []struct {
		field *int
		value int
	}{
		{&q.IdentityPerAddress, 60}, {&q.TokenPerAddress, 1200}, {&q.GenerationPerCaller, 20}, {&q.GenerationPerClient, 6000},
	} {
		if *f.field == 0 {
			*f.field = f.value
		}
	}
	return q
}

// mostBody is the largest request, in bytes.
const mostBody = 1 << 20

// bodies are the RPCs whose requests may be larger than the mebibyte of all others, in bytes.
var bodies = map[string]int{
	"/tripgen.user.v1.AccountService/SetAvatar": 7 << 20, // a picture of 5 MB, as JSON by base64
}

// timeout is how long a service may take for an answer that is no stream.
func timeout(class string) time.Duration {
	if class == "expensive" {
		return 30 * time.Second
	}
	return 15 * time.Second
}

// Page is a plain HTTP route: OAuth and OpenID, pictures and exported files.
type Page struct {
	Path string
	// Cluster is the service that answers.
	Cluster Cluster
	// Folder is true if everything below the path belongs to it.
	Folder bool
	Limit  string
	Safe   bool
}

// Anonymous is always true: pages check their callers by rules of their own, such as OAuth's, or by the secret in the path.
func (Page) Anonymous() bool { return true }

// Body is the largest request, in bytes.
func (Page) Body() int { return mostBody }

// Ordinary is true for reads, of which an operator may have a share logged only while they go well.
func (p Page) Ordinary() bool { return p.Safe && p.Limit == "read" }

// Global is true if calls are counted across all gateways.
func (p Page) Global() bool { return global(p.Limit) }

// Pages are all routes that are no RPCs.
func Pages() []Page {
	return []Page{
		{Path: "/oauth2/auth", Cluster: User, Limit: "identity"},
		{Path: "/oauth2/token", Cluster: User, Limit: "token"},
		{Path: "/oauth2/revoke", Cluster: User, Limit: "token"},
		{Path: "/oauth2/introspect", Cluster: User, Limit: "token"},
		{Path: "/oauth2/userinfo", Cluster: User, Limit: "read", Safe: true},
		{Path: "/oauth2/assets/", Cluster: User, Folder: true, Limit: "read", Safe: true},
		{Path: "/.well-known/", Cluster: User, Folder: true, Limit: "read", Safe: true},
		{Path: "/account/avatar/", Cluster: User, Folder: true, Limit: "read", Safe: true},
		{Path: "/account/exports/", Cluster: User, Folder: true, Limit: "expensive", Safe: true},
		{Path: "/exports/", Cluster: Trip, Folder: true, Limit: "read", Safe: true},
		{Path: "/shared/", Cluster: Trip, Folder: true, Limit: "read", Safe: true},
	}
}

// limiterConfig is the configuration of github.com/envoyproxy/ratelimit.
func limiterConfig(q Quotas) string {
	q = q.withDefaults()
	var b strings.Builder
	b.WriteString("# What is counted across all gateways, for github.com/envoyproxy/ratelimit, which follows this file.\ndomain: tripgen\ndescriptors:\n")
	class := func(name string, rest ...string) {
		fmt.Fprintf(&b, "  - key: class\n    value: %s\n    descriptors:\n%s", name, strings.Join(rest, ""))
	}
	per := func(key, value string, n int) string {
		if value != "" {
			value = fmt.Sprintf(" value: %q,", value)
		}
		return fmt.Sprintf("      - { key: %s,%s rate_limit: { unit: minute, requests_per_unit: %d } }\n", key, value, n)
	}
	class("identity", per("remote_address", "", q.IdentityPerAddress))
	class("token", per("remote_address", "", q.TokenPerAddress))
	generation := []string{per("caller", "", q.GenerationPerCaller), per("client", "", q.GenerationPerClient)}
	for _, client := range sortedKeys(q.Partners) {
		generation = append(generation, per("client", client, q.Partners[client]))
	}
	class("generation", generation...)
	return b.String()
}
