package triptest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tripgen/tripgen/services/trip"
)

// Itinerary reads a version.
func (m *Memory) Itinerary(_ context.Context, owner, tripID string, version int64) (trip.Itinerary, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.living(owner, tripID)
	switch {
	case err != nil:
		return trip.Itinerary{}, err
	case version == 0 && t.Itinerary == 0:
		return trip.Itinerary{}, trip.ErrNoItinerary
	case version == 0:
		version = t.Itinerary
	}
	i := m.versionIndex(tripID, version)
	if i < 0 {
		return trip.Itinerary{}, trip.ErrVersionGone
	}
	return copyOf(m.itineraries[tripID][i]), nil
}

func (m *Memory) versionIndex(tripID string, version int64) int {
	return slices.IndexFunc(m.itineraries[tripID], func(it trip.Itinerary) bool { return it.Version == version })
}

// Versions lists what is kept.
func (m *Memory) Versions(_ context.Context, owner, tripID string) ([]trip.VersionInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.living(owner, tripID); err != nil {
		return nil, err
	}
	var versions []trip.VersionInfo
	for _, it := range slices.Backward(m.itineraries[tripID]) {
		versions = append(versions, trip.VersionInfo{
			Version: it.Version, Origin: it.Origin, Created: it.Created, Stops: it.Plan.Outline.Stops(),
		})
	}
	return versions, nil
}

// Edit changes a version.
func (m *Memory) Edit(
	_ context.Context, owner, tripID string, version int64, once trip.Once, fn func(*trip.Itinerary) ([]int, error),
) (trip.Itinerary, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.living(owner, tripID)
	if err != nil {
		return trip.Itinerary{}, err
	}
	if err := m.before(owner, once); err != nil {
		return trip.Itinerary{}, err
	}
	i := m.versionIndex(tripID, version)
	if i < 0 {
		return trip.Itinerary{}, trip.ErrVersionGone
	}
	it := copyOf(m.itineraries[tripID][i])
	days, err := fn(&it)
	if err != nil {
		return it, err
	}
	it.Revision++
	m.itineraries[tripID][i] = copyOf(it)
	slices.Sort(days)
	m.tellItinerary(&t, it, days)
	m.after(owner, once, tripID)
	return it, nil
}

func (m *Memory) tellItinerary(t *trip.Trip, it trip.Itinerary, days []int) {
	m.tell(t, trip.Change{Itinerary: &trip.ItineraryChange{Version: it.Version, Revision: it.Revision, Days: days}})
}

// AddVersion stores a new version.
func (m *Memory) AddVersion(
	_ context.Context, owner, tripID string, once trip.Once, fn func(*trip.Trip) (trip.Itinerary, error),
) (trip.Itinerary, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.living(owner, tripID)
	if err != nil {
		return trip.Itinerary{}, err
	}
	if err := m.before(owner, once); err != nil {
		return trip.Itinerary{}, err
	}
	it, err := fn(&t)
	if err != nil {
		return it, err
	}
	t.Itinerary++
	m.addVersion(&t, &it)
	m.after(owner, once, tripID)
	return it, nil
}

func (m *Memory) addVersion(t *trip.Trip, it *trip.Itinerary) {
	it.TripID, it.Version, it.Revision, it.Created = t.ID, t.Itinerary, 1, m.now()
	versions := append(m.itineraries[t.ID], copyOf(*it))
	m.itineraries[t.ID] = versions[max(0, len(versions)-trip.KeptVersions):]
	m.tellItinerary(t, *it, nil)
}

// Begin stores a new generation.
func (m *Memory) Begin(
	_ context.Context, owner, tripID string, once trip.Once, fn func(*trip.Trip) (trip.Generation, error),
) (trip.Generation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.owned(owner, tripID)
	if err != nil {
		return trip.Generation{}, err
	}
	if err := m.before(owner, once); err != nil {
		return trip.Generation{}, err
	}
	g, err := fn(&t)
	if err != nil {
		return trip.Generation{}, err
	}
	m.generations[g.ID] = copyOf(g)
	if once.Key != "" {
		m.keyOf[g.ID] = ownedKey{owner, once.Key}
	}
	m.tellGeneration(&t, g)
	m.after(owner, once, g.ID)
	return g, nil
}

func (m *Memory) tellGeneration(t *trip.Trip, g trip.Generation) {
	m.tell(t, trip.Change{Generation: &trip.GenerationChange{
		ID: g.ID, Day: g.Day, State: g.State, Version: g.Version, Reason: g.Reason, Created: g.Created, Ended: g.Ended,
	}})
}

// Generation reads a generation.
func (m *Memory) Generation(_ context.Context, id string) (trip.Generation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	g, ok := m.generations[id]
	if !ok {
		return g, trip.ErrNoGeneration
	}
	return copyOf(g), nil
}

// Advance makes a step of a generation's saga.
func (m *Memory) Advance(_ context.Context, id string, fn func(*trip.Advance) error) (trip.Generation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	g, ok := m.generations[id]
	if !ok {
		return g, trip.ErrNoGeneration
	}
	t, before := copyOf(m.trips[g.TripID]), g.State
	a := trip.Advance{Generation: &g, Trip: &t}
	switch err := fn(&a); {
	case errors.Is(err, trip.ErrUnchanged):
		return copyOf(m.generations[id]), nil
	case err != nil:
		return g, err
	}
	if a.NewVersion != nil {
		m.addVersion(&t, a.NewVersion)
	}
	m.generations[id] = copyOf(g)
	m.trips[t.ID] = copyOf(t)
	if g.State != before && g.State.Told() {
		m.tellGeneration(&t, g)
	}
	if a.ForgetKey {
		delete(m.keys, m.keyOf[id])
	}
	return g, nil
}

// AddShare stores a link.
func (m *Memory) AddShare(_ context.Context, owner string, s trip.Share, token string, once trip.Once) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.before(owner, once); err != nil {
		return err
	}
	if _, err := m.living(owner, s.TripID); err != nil {
		return err
	}
	m.shares[token] = share{s, owner}
	m.after(owner, once, s.ID, token)
	return nil
}

// Share reads a link.
func (m *Memory) Share(_ context.Context, owner, tripID, shareID string) (trip.Share, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.living(owner, tripID); err != nil {
		return trip.Share{}, err
	}
	for _, s := range m.shares {
		if s.TripID == tripID && s.ID == shareID {
			return s.Share, nil
		}
	}
	return trip.Share{}, trip.ErrNoShare
}

// Shares lists a trip's links.
func (m *Memory) Shares(_ context.Context, owner, tripID, before string, limit int) ([]trip.Share, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.living(owner, tripID); err != nil {
		return nil, err
	}
	var found []trip.Share
	for _, s := range m.shares {
		if s.TripID == tripID && (before == "" || s.ID < before) {
			found = append(found, s.Share)
		}
	}
	slices.SortFunc(found, func(a, b trip.Share) int { return -compare(trip.Oldest, trip.Cursor{ID: a.ID}, trip.Cursor{ID: b.ID}) })
	return found[:min(len(found), limit)], nil
}

// RevokeShare makes a link stop working.
func (m *Memory) RevokeShare(_ context.Context, owner, tripID, shareID string, now time.Time) (trip.Share, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.living(owner, tripID); err != nil {
		return trip.Share{}, err
	}
	for hash, s := range m.shares {
		if s.TripID == tripID && s.ID == shareID {
			if s.Revoked.IsZero() {
				s.Revoked = now
				m.shares[hash] = s
			}
			return s.Share, nil
		}
	}
	return trip.Share{}, trip.ErrNoShare
}

// Shared gives what a link shows.
func (m *Memory) Shared(ctx context.Context, token string, now time.Time) (trip.Trip, trip.Itinerary, error) {
	m.mu.Lock()
	s, ok := m.shares[token]
	t := copyOf(m.trips[s.TripID])
	m.mu.Unlock()
	if !ok || !s.Revoked.IsZero() || !now.Before(s.Expires) || t.IsDeleted() {
		return trip.Trip{}, trip.Itinerary{}, trip.ErrShareInvalid
	}
	it, err := m.Itinerary(ctx, t.Owner, t.ID, 0)
	return t, it, err
}
