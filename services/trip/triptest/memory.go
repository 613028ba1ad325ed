// Package triptest has what tests of trips share: a store in memory, a suite that every store has to pass, and fakes of
// the other services that behave as the real ones do.
package triptest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/wake"
)

// Memory is a store in memory. It passes the same suite as the one in PostgreSQL.
type Memory struct {
	clock clock.Clock
	hub   *wake.Hub

	mu          sync.Mutex
	trips       map[string]trip.Trip
	changes     map[string][]trip.Change
	filled      map[string]bool // by event
	itineraries map[string][]trip.Itinerary
	generations map[string]trip.Generation
	keys        map[ownedKey]note
	keyOf       map[string]ownedKey // by generation
	shares      map[string]share    // by token
	alerts      map[string][]trip.Alert
	due         map[string]time.Time // where it is not the trip's NextLook
}

type ownedKey struct{ owner, key string }

type note struct {
	fingerprint []byte
	resources   []string
	created     time.Time
}

type share struct {
	trip.Share
	owner string
}

// NewMemory makes an empty store.
func NewMemory(c clock.Clock) *Memory {
	return &Memory{
		clock: c, hub: wake.NewHub(nil, nil), trips: map[string]trip.Trip{}, changes: map[string][]trip.Change{}, filled: map[string]bool{},
		itineraries: map[string][]trip.Itinerary{}, generations: map[string]trip.Generation{}, keys: map[ownedKey]note{},
		keyOf: map[string]ownedKey{}, shares: map[string]share{}, alerts: map[string][]trip.Alert{},
		due: map[string]time.Time{},
	}
}

// copyOf gives a value that shares nothing with v.
func copyOf[T any](v T) T {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	var c T
	if err := json.Unmarshal(data, &c); err != nil {
		panic(err)
	}
	return c
}

func (m *Memory) now() time.Time { return m.clock.Now().UTC().Truncate(time.Microsecond) }

func (m *Memory) owned(owner, id string) (trip.Trip, error) {
	t, ok := m.trips[id]
	if !ok || t.Owner != owner {
		return trip.Trip{}, trip.ErrNoTrip.With("trip", id)
	}
	return copyOf(t), nil
}

// living is owned for trips that are not deleted.
func (m *Memory) living(owner, id string) (trip.Trip, error) {
	t, err := m.owned(owner, id)
	if err == nil && t.IsDeleted() {
		return t, trip.ErrNoTrip
	}
	return t, err
}

func (m *Memory) before(owner string, once trip.Once) error {
	n, ok := m.keys[ownedKey{owner, once.Key}]
	switch {
	case once.Key == "" || !ok || !m.now().Before(n.created.Add(trip.KeepKeys)):
		return nil
	case !bytes.Equal(n.fingerprint, once.Fingerprint):
		return trip.ErrMismatch
	}
	return &trip.Repeated{Resources: n.resources}
}

// Made tells of a write that was made.
func (m *Memory) Made(_ context.Context, owner string, once trip.Once) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.before(owner, once)
}

func (m *Memory) after(owner string, once trip.Once, resources ...string) {
	if once.Key != "" {
		m.keys[ownedKey{owner, once.Key}] = note{once.Fingerprint, slices.Clone(resources), m.now()}
	}
}

// tell stores a trip with an entry in its feed.
func (m *Memory) tell(t *trip.Trip, c trip.Change) {
	t.Changes++
	c.TripID, c.Number, c.Time = t.ID, t.Changes, m.now()
	if c.Trip != nil {
		c.Trip = t
	}
	m.changes[t.ID] = append(m.changes[t.ID], copyOf(c))
	m.trips[t.ID] = copyOf(*t)
	delete(m.due, t.ID)
	m.hub.Wake(t.ID)
}

// Create stores a new trip.
func (m *Memory) Create(_ context.Context, t trip.Trip, once trip.Once) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.before(t.Owner, once); err != nil {
		return err
	}
	t.Changes = 0
	m.tell(&t, trip.Change{Trip: &t})
	m.after(t.Owner, once, t.ID)
	return nil
}

// Trip reads a trip.
func (m *Memory) Trip(_ context.Context, owner, id string) (trip.Trip, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.owned(owner, id)
	if err == nil && t.IsDeleted() && !t.Deleted.After(m.now().Add(-trip.KeepDeleted)) {
		return trip.Trip{}, trip.ErrNoTrip
	}
	return t, err
}

// List gives a page of trips.
func (m *Memory) List(_ context.Context, q trip.Query) ([]trip.Trip, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []trip.Trip
	for _, t := range m.trips {
		if t.Owner == q.Owner && matches(&t, q) && (q.After == nil || compare(q.Order, t.CursorOf(q.Order), *q.After) > 0) {
			found = append(found, copyOf(t))
		}
	}
	slices.SortFunc(found, func(a, b trip.Trip) int { return compare(q.Order, a.CursorOf(q.Order), b.CursorOf(q.Order)) })
	return found[:min(len(found), q.Limit)], nil
}

func matches(t *trip.Trip, q trip.Query) bool {
	if q.Deleted {
		if !t.Deleted.After(q.Now.Add(-trip.KeepDeleted)) {
			return false
		}
	} else if t.IsDeleted() {
		return false
	}
	return (q.Status == 0 || t.Status(q.Now) == q.Status) && strings.Contains(t.Searchable(), q.Search)
}

// compare orders places in a list.
func compare(o trip.Order, a, b trip.Cursor) int {
	switch o {
	case trip.Oldest:
		return cmp.Compare(a.ID, b.ID)
	case trip.ByStart:
		if a.Start.IsZero() != b.Start.IsZero() {
			if a.Start.IsZero() {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(a.Start.String(), b.Start.String()), cmp.Compare(a.ID, b.ID))
	case trip.ByName:
		return cmp.Or(bytes.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	default:
		return cmp.Compare(b.ID, a.ID)
	}
}

// Update changes a trip.
func (m *Memory) Update(ctx context.Context, owner, id string, once trip.Once, fn func(*trip.Trip) error) (trip.Trip, error) {
	trips, err := m.UpdateAll(ctx, owner, []string{id}, once, fn)
	if err != nil {
		return trip.Trip{}, err
	}
	return trips[0], nil
}

// UpdateAll changes several trips.
func (m *Memory) UpdateAll(_ context.Context, owner string, ids []string, once trip.Once, fn func(*trip.Trip) error) ([]trip.Trip, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	trips := make([]trip.Trip, len(ids))
	for i, id := range ids {
		t, err := m.owned(owner, id)
		if err != nil {
			return nil, err
		}
		trips[i] = t
	}
	if err := m.before(owner, once); err != nil {
		return nil, err
	}
	changed := make([]bool, len(ids))
	for i := range trips {
		switch err := fn(&trips[i]); {
		case errors.Is(err, trip.ErrUnchanged):
			continue
		case err != nil:
			return nil, err
		}
		changed[i] = true
	}
	for i := range trips {
		if changed[i] {
			t := &trips[i]
			t.Revision++
			t.Updated = m.now()
			m.tell(t, trip.Change{Trip: t})
		}
	}
	m.after(owner, once, ids...)
	return copyOf(trips), nil
}

// Purge removes what is past its time.
func (m *Memory) Purge(_ context.Context, trips, keys, changes time.Time) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	gone := 0
	for id, t := range m.trips {
		if t.IsDeleted() && t.Deleted.Before(trips) {
			m.remove(id)
			gone++
		}
	}
	for key, n := range m.keys {
		if n.created.Before(keys) {
			delete(m.keys, key)
		}
	}
	for id := range m.changes {
		m.changes[id] = slices.DeleteFunc(m.changes[id], func(c trip.Change) bool { return c.Time.Before(changes) })
	}
	return gone, nil
}

func (m *Memory) remove(id string) {
	delete(m.trips, id)
	delete(m.changes, id)
	delete(m.itineraries, id)
	delete(m.alerts, id)
	for key, g := range m.generations {
		if g.TripID == id {
			delete(m.generations, key)
		}
	}
	for key, s := range m.shares {
		if s.TripID == id {
			delete(m.shares, key)
		}
	}
}

// Changes reads a trip's feed.
func (m *Memory) Changes(_ context.Context, owner, tripID string, after int64, limit int) ([]trip.Change, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.owned(owner, tripID)
	if err != nil {
		return nil, err
	}
	var found []trip.Change
	for _, c := range m.changes[tripID] {
		if c.Number > after && len(found) < limit {
			found = append(found, copyOf(c))
		}
	}
	if after > t.Changes || len(found) > 0 && found[0].Number != after+1 || len(found) == 0 && after < t.Changes {
		return nil, trip.ErrResumeToken
	}
	return found, nil
}

// Filled tells that a place's details were filled in, once for each event.
func (m *Memory) Filled(_ context.Context, eventID, tripID, placeID string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t, ok := m.trips[tripID]; ok && !m.filled[eventID] {
		m.filled[eventID] = true
		t = copyOf(t)
		m.tell(&t, trip.Change{Places: []string{placeID}})
	}
	return nil
}

// Subscribe tells when a trip may have new entries.
func (m *Memory) Subscribe(tripID string) (<-chan struct{}, func()) { return m.hub.Subscribe(tripID) }
