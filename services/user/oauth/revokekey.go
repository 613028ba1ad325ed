package oauth

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tripgen/tripgen/services/user"
)

// Revoke withdraws a key at once, for one that others may have got hold of, and gives the id of the key that was made in
// its place; empty where none was needed. A key that takes over from the one that signs does so at once. Verifiers are
// told to refuse the key and to fetch the keys anew, other processes follow by [Keys.Ahead]: ErrNoKey where there is no
// such key.
func (k *Keys) Revoke(ctx context.Context, id string) (successor string, err error) {
	now := k.clock.Now()
	err = k.store.RotateKeys(ctx, now, func(there []StoredKey) ([]StoredKey, map[string]time.Time, error) {
		add, end, err := k.without(id, there, now)
		if len(add) > 0 {
			successor = add[0].ID
		}
		return add, end, err
	})
	if err != nil {
		return "", fmt.Errorf("revoke signing key %s: %w", id, err)
	}
	return successor, k.RotateIfDue(ctx)
}

// without decides what becomes of the keys when one of them is withdrawn.
func (k *Keys) without(id string, there []StoredKey, now time.Time) ([]StoredKey, map[string]time.Time, error) {
	at := slices.IndexFunc(there, func(s StoredKey) bool { return s.ID == id })
	if at < 0 {
		return nil, nil, ErrNoKey
	}
	lost, rest := there[at], slices.Delete(slices.Clone(there), at, at+1)
	end := map[string]time.Time{id: now}
	signing, _ := newestOf(slices.DeleteFunc(slices.Clone(there), func(s StoredKey) bool { return s.Signs.After(now) }))
	switch {
	case lost.Signs.After(now): // it waits for its turn: another one does instead
		fresh, err := newKey(now, now.Add(k.times.Lead))
		if err != nil {
			return nil, nil, err
		}
		end[signing.ID] = fresh.Signs.Add(k.times.Keep)
		return []StoredKey{fresh}, end, nil
	case id == signing.ID:
		fresh, err := newKey(now, now)
		if err != nil {
			return nil, nil, err
		}
		if next, ok := newestOf(rest); ok && next.Signs.After(now) {
			fresh.Ends = next.Signs.Add(k.times.Keep)
		}
		return []StoredKey{fresh}, end, nil
	}
	return nil, end, nil // it signs no more
}

// Ahead gives revocations that tell of a withdrawn key only once this process neither signs with it nor publishes it: the
// verifiers that hear of it fetch the keys anew.
func (k *Keys) Ahead(r user.Revocations) user.Revocations { return &ahead{r, k} }

type ahead struct {
	user.Revocations
	keys *Keys
}

// RevocationsAfter gives revocations after a sequence.
func (a *ahead) RevocationsAfter(ctx context.Context, sequence int64) ([]user.Revocation, error) {
	fresh, err := a.Revocations.RevocationsAfter(ctx, sequence)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(fresh, func(r user.Revocation) bool { return strings.HasPrefix(r.Subject, revokedKey) }) {
		if err := a.keys.RotateIfDue(ctx); err != nil {
			return nil, err
		}
	}
	return fresh, nil
}
