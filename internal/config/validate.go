package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"time"

	"github.com/tripgen/tripgen/internal/app"
)

// Validate says all that is wrong, or missing for the roles that the process takes on, in one error of a line each.
func (c Config) Validate(roles ...app.Role) error {
	var v problems
	v.check(c.Log.Format == "json" || c.Log.Format == "text", "log.format", "is %q, not json or text", c.Log.Format)
	v.check(c.Trace.Ratio >= 0 && c.Trace.Ratio <= 1, "trace.ratio", "is %v, not within 0–1", c.Trace.Ratio)
	if c.Trace.Endpoint != "" {
		v.url("trace.endpoint", c.Trace.Endpoint, "http", "https")
	}
	v.check(c.Process.GCPercent >= 0, "process.gc_percent", "is negative")
	v.positive("process.shutdown", c.Process.Shutdown)
	v.check(c.Process.Drain >= 0, "process.drain", "is negative")
	v.url("auth.issuer", c.Auth.Issuer, "http", "https")
	v.url("auth.jwks_url", c.Auth.JWKSURL, "http", "https")
	v.url("auth.token_url", c.Auth.TokenURL, "http", "https")
	v.check(c.Auth.Audience != "", "auth.audience", "is missing")
	v.check(c.Postgres.MaxConns > 0, "postgres.max_conns", "is %d, not positive", c.Postgres.MaxConns)
	v.check(c.Kafka.Partitions > 0, "kafka.partitions", "is %d, not positive", c.Kafka.Partitions)
	v.check(c.Kafka.Replication > 0, "kafka.replication", "is %d, not positive", c.Kafka.Replication)
	v.positive("kafka.session_timeout", c.Kafka.SessionTimeout)
	v.generation(c.Generation)
	for _, role := range roles {
		v.role(c, role)
	}
	return errors.Join(v...)
}

// needs is what each role cannot do without.
var needs = map[app.Role][]func(*problems, Config){
	app.User:     {seal, kafka, service("trip"), service("ai"), service("location"), userSettings},
	app.Trip:     {seal, kafka, redis, service("ai"), service("location")},
	app.AI:       {seal, kafka, redis, service("location")},
	app.Location: {redis, kafka, seal},
	app.Worker:   {seal, kafka, redis, service("location")},
}

type problems []error

func (v *problems) role(c Config, role app.Role) {
	part := map[app.Role]struct {
		listen   string
		postgres Secret
		client   Client
	}{
		app.User:     {c.Listen.User, c.Postgres.User, c.Clients.User},
		app.Trip:     {c.Listen.Trip, c.Postgres.Trip, c.Clients.Trip},
		app.AI:       {c.Listen.AI, c.Postgres.AI, c.Clients.AI},
		app.Location: {c.Listen.Location, c.Postgres.Location, c.Clients.Location},
		app.Worker:   {c.Listen.Worker, c.Postgres.AI, c.Clients.Worker},
	}[role]
	_, _, err := net.SplitHostPort(part.listen)
	v.check(err == nil, "listen."+string(role), "is %q, not host:port", part.listen)
	database := role
	if role == app.Worker {
		database = app.AI
	}
	v.url("postgres."+string(database), part.postgres.Reveal(), "postgres", "postgresql")
	if role != app.Location { // those that call others
		v.check(part.client.ID != "", "clients."+string(role)+".id", "is missing")
		v.check(part.client.Secret != "", "clients."+string(role)+".secret", "is missing")
	}
	for _, need := range needs[role] {
		need(v, c)
	}
}

func seal(v *problems, c Config) { v.check(c.Seal.KeyFile != "", "seal.key_file", "is missing") }

func redis(v *problems, c Config) { v.url("redis.url", c.Redis.URL.Reveal(), "redis", "rediss") }

func kafka(v *problems, c Config) {
	v.check(len(c.Kafka.Brokers) > 0, "kafka.brokers", "is empty")
	for _, broker := range c.Kafka.Brokers {
		_, _, err := net.SplitHostPort(broker)
		v.check(err == nil, "kafka.brokers", "has %q, not host:port", broker)
	}
}

func service(name string) func(*problems, Config) {
	return func(v *problems, c Config) {
		base := map[string]string{"user": c.Services.User, "trip": c.Services.Trip, "ai": c.Services.AI, "location": c.Services.Location}[name]
		v.url("services."+name, base, "http", "https")
	}
}

func (v *problems) generation(g Generation) {
	v.positive("generation.deadline", g.Deadline)
	v.positive("generation.gather", g.Gather)
	v.positive("generation.plan", g.Plan)
	v.positive("generation.refine", g.Refine)
	v.check(g.Gather+max(g.Plan, g.Refine) < g.Deadline, "generation.deadline",
		"is %v: too short for gathering and planning or refining", g.Deadline)
	v.check(g.Parallel > 0, "generation.parallel", "is %d, not positive", g.Parallel)
	v.check(g.Queue > 0, "generation.queue", "is %d, not positive", g.Queue)
	v.check(g.Attempts > 0, "generation.attempts", "is %d, not positive", g.Attempts)
}

// check adds a problem once, however many roles have it. The values of secrets are never in it.
func (v *problems) check(ok bool, path, format string, args ...any) {
	if ok {
		return
	}
	problem := fmt.Errorf(path+" "+format, args...)
	if !slices.ContainsFunc(*v, func(e error) bool { return e.Error() == problem.Error() }) {
		*v = append(*v, problem)
	}
}

func (v *problems) positive(path string, d time.Duration) {
	v.check(d > 0, path, "is %v, not positive", d)
}

func (v *problems) url(path, value string, schemes ...string) {
	if value == "" {
		v.check(false, path, "is missing")
		return
	}
	u, err := url.Parse(value)
	v.check(err == nil && u.Host != "" && slices.Contains(schemes, u.Scheme), path, "is not a URL with %s://", schemes[0])
}
