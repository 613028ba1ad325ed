package triptest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tripgen/tripgen/services/trip"
)

// OpenAlerts reads a trip's open alerts.
func (m *Memory) OpenAlerts(_ context.Context, owner, tripID string) ([]trip.Alert, time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.living(owner, tripID)
	if err != nil {
		return nil, time.Time{}, err
	}
	return copyOf(m.openAlerts(tripID)), t.StaleFrom(m.now()), nil
}

func (m *Memory) openAlerts(tripID string) []trip.Alert {
	var open []trip.Alert
	for _, a := range m.alerts[tripID] {
		if a.IsOpen() {
			open = append(open, a)
		}
	}
	return open
}

// Alert reads an alert.
func (m *Memory) Alert(_ context.Context, owner, tripID, alertID string) (trip.Alert, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.living(owner, tripID); err != nil {
		return trip.Alert{}, err
	}
	i := slices.IndexFunc(m.alerts[tripID], func(a trip.Alert) bool { return a.ID == alertID })
	if i < 0 {
		return trip.Alert{}, trip.ErrNoAlert
	}
	return copyOf(m.alerts[tripID][i]), nil
}

// UpdateAlerts changes a trip's alerts.
func (m *Memory) UpdateAlerts(
	_ context.Context, owner, tripID string, once trip.Once, fn func(*trip.Trip, []trip.Alert) ([]trip.Alert, error),
) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.living(owner, tripID)
	if err != nil {
		return err
	}
	if err := m.before(owner, once); err != nil {
		return err
	}
	known := slices.DeleteFunc(copyOf(m.alerts[tripID]), func(a trip.Alert) bool { return !a.IsOpen() && !a.Kept() })
	changed, err := fn(&t, known)
	switch {
	case errors.Is(err, trip.ErrUnchanged):
		return nil
	case err != nil:
		return err
	}
	for _, a := range changed {
		i := slices.IndexFunc(m.alerts[tripID], func(old trip.Alert) bool { return old.ID == a.ID })
		if i < 0 {
			m.alerts[tripID] = append(m.alerts[tripID], copyOf(a))
		} else {
			m.alerts[tripID][i] = copyOf(a)
		}
		m.tell(&t, trip.Change{Alert: &a})
	}
	m.trips[tripID] = copyOf(t)
	delete(m.due, tripID)
	m.after(owner, once, tripID)
	return nil
}

// LookNow makes a trip due.
func (m *Memory) LookNow(_ context.Context, tripID string, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.due[tripID] = now
	return nil
}

// TakeDue gives trips that are due.
func (m *Memory) TakeDue(_ context.Context, now, until time.Time, limit int) ([]trip.Due, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var ids []string
	at := map[string]time.Time{}
	for id, t := range m.trips {
		next, ok := t.NextLook()
		if put, known := m.due[id]; known {
			next, ok = put, !t.IsDeleted()
		}
		if ok && !next.After(now) {
			at[id] = next
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(at[a].Compare(at[b]), cmp.Compare(a, b)) })
	var due []trip.Due
	for _, id := range ids[:min(len(ids), limit)] {
		m.due[id] = until
		due = append(due, trip.Due{Owner: m.trips[id].Owner, TripID: id, At: at[id]})
	}
	return due, nil
}
