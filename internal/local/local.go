// Package local starts what TripGen needs on one machine, for `tripgen up` and for tests: PostgreSQL from the installed
// server programs, a Redis and a Kafka inside this process, and Envoy as a child.
//
// Everything listens on the loopback interface only, keeps its state in a folder that survives a restart, and follows
// one life: Start…, which returns when the part answers; Run, which watches it until the context ends; Close, which
// stops it within the context's deadline. No part outlives this process, even when it is killed.
package local
