package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/oauth"
)

// withdrawalLife is how long verifiers are told that a key was withdrawn: longer than any of them keeps the published keys
// while it cannot fetch them anew.
const withdrawalLife = 24 * time.Hour

func keyPlace(id string) string { return "signing_keys/" + id }

// SigningKeys gives all keys that have not ended.
func (s *Store) SigningKeys(ctx context.Context, now time.Time) ([]oauth.StoredKey, error) {
	keys, err := s.signingKeys(ctx, s.pool, now)
	if err != nil {
		return nil, fmt.Errorf("read signing keys: %w", err)
	}
	return keys, nil
}

func (s *Store) signingKeys(ctx context.Context, db postgres.Querier, now time.Time) ([]oauth.StoredKey, error) {
	rows, err := db.Query(ctx, `
		SELECT id, private_key, created, signs, ends FROM signing_keys WHERE ends IS NULL OR ends > $1 ORDER BY signs`, now)
	if err != nil {
		return nil, postgres.Clean(err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (oauth.StoredKey, error) {
		var (
			k    oauth.StoredKey
			ends *time.Time
		)
		if err := row.Scan(&k.ID, &k.Private, &k.Created, &k.Signs, &ends); err != nil {
			return k, err
		}
		k.Ends = instant(ends)
		k.Private, err = s.seal.Open(k.Private, keyPlace(k.ID))
		return k, err
	})
}

// RotateKeys changes the keys under a lock, and forgets those that have ended.
func (s *Store) RotateKeys(
	ctx context.Context, now time.Time,
	decide func([]oauth.StoredKey) (add []oauth.StoredKey, end map[string]time.Time, err error),
) error {
	return clientFailed(postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('signing_keys'))`); err != nil {
			return err
		}
		there, err := s.signingKeys(ctx, tx, now)
		if err != nil {
			return err
		}
		add, end, err := decide(there)
		if err != nil {
			return err
		}
		for _, k := range add {
			if err := s.addKey(ctx, tx, k); err != nil {
				return err
			}
		}
		for id, at := range end {
			if _, err := tx.Exec(ctx, `UPDATE signing_keys SET ends = $2 WHERE id = $1`, id, at); err != nil {
				return err
			}
			kind := user.SigningKeyRetired
			if !at.After(now) {
				kind = user.SigningKeyRevoked
				if err := revoke(ctx, tx, now, now.Add(withdrawalLife), oauth.RevokedKey(id)); err != nil {
					return err
				}
			}
			if err := s.record(ctx, tx, user.Event{Kind: kind, Detail: id}); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `DELETE FROM signing_keys WHERE ends < $1`, now)
		return err
	}), "change signing keys")
}

func (s *Store) addKey(ctx context.Context, tx pgx.Tx, k oauth.StoredKey) error {
	sealed, err := s.seal.Seal(k.Private, keyPlace(k.ID))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO signing_keys (id, private_key, created, signs, ends) VALUES ($1, $2, $3, $4, $5)`,
		k.ID, sealed, k.Created, k.Signs, null(k.Ends))
	if err != nil {
		return err
	}
	return s.record(ctx, tx, user.Event{Kind: user.SigningKeyAdded, Detail: k.ID})
}
