// Package id makes and checks the ids of resources: a prefix that tells the kind and a UUIDv7 (RFC 9562), as in
// trip_01890a5d-ac96-774b-bcce-b302099a8057. Such ids sort by the time they were made.
package id

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Prefix tells what kind of thing an id names.
type Prefix string

// The kinds of things with ids of their own.
const (
	User        Prefix = "user"
	Session     Prefix = "sess"
	Trip        Prefix = "trip"
	Member      Prefix = "mem"
	Destination Prefix = "dest"
	Generation  Prefix = "gen"
	Itinerary   Prefix = "itin"
	Stop        Prefix = "stop"
	Event       Prefix = "evt"
	Deletion    Prefix = "del"
	Export      Prefix = "exp"
)

// Source makes new ids.
type Source interface {
	// New is an id that no other call gives.
	New(Prefix) string
}

// Random makes UUIDv7 from the system's clock and random source.
type Random struct{}

// New is a fresh id. It panics only where the system has no randomness.
func (Random) New(p Prefix) string { return join(p, uuid.Must(uuid.NewV7())) }

// Sequence makes valid, predictable ids, for tests: the same sequence from each zero value.
type Sequence struct {
	mu   sync.Mutex
	last uint64
}

// New is the next id of the sequence; the counter is shared by all prefixes.
func (s *Sequence) New(p Prefix) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	var u uuid.UUID
	binary.BigEndian.PutUint64(u[8:], s.last)
	u[6], u[8] = 0x70, 0x80 // version 7, the RFC's variant
	return join(p, u)
}

// Parse takes an id apart: an error unless it has exactly this prefix and a UUIDv7 in its canonical lower-case form.
func Parse(p Prefix, s string) (uuid.UUID, error) {
	rest, ok := strings.CutPrefix(s, string(p)+"_")
	if !ok {
		return uuid.Nil, fmt.Errorf("id %q does not start with %s_", s, p)
	}
	u, err := uuid.Parse(rest)
	if err != nil {
		return uuid.Nil, fmt.Errorf("id %q: %w", s, err)
	}
	if u.Version() != 7 || u.Variant() != uuid.RFC4122 || u.String() != rest {
		return uuid.Nil, fmt.Errorf("id %q is not a canonical UUIDv7", s)
	}
	return u, nil
}

// Valid tells whether s is an id of this kind.
func Valid(p Prefix, s string) bool {
	_, err := Parse(p, s)
	return err == nil
}

// Time is the instant in UTC, to the millisecond, at which an id was made; zero if s is no id of this kind.
func Time(p Prefix, s string) time.Time {
	u, err := Parse(p, s)
	if err != nil {
		return time.Time{}
	}
	seconds, nanos := u.Time().UnixTime()
	return time.Unix(seconds, nanos).UTC()
}

func join(p Prefix, u uuid.UUID) string { return string(p) + "_" + u.String() }
