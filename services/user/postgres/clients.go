package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v3"
	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/oauth"
)

const clientColumns = `id, name, first_party, auth_method, secret_hash, old_secret_hash, old_secret_ends, keys, grants, scopes,
	redirect_uris, created, revoked`

func scanClient(row pgx.Row) (oauth.Client, error) {
	var (
		c             oauth.Client
		ends, revoked *time.Time
		keys          []byte
	)
	err := row.Scan(&c.ID, &c.Name, &c.FirstParty, &c.AuthMethod, &c.SecretHash, &c.OldSecretHash, &ends, &keys, &c.Grants,
		&c.Scopes, &c.RedirectURIs, &c.Created, &revoked)
	if err != nil {
		return oauth.Client{}, postgres.Clean(err)
	}
	c.OldSecretEnds, c.Revoked = instant(ends), instant(revoked)
	if keys != nil {
		c.Keys = new(jose.JSONWebKeySet)
		if err := json.Unmarshal(keys, c.Keys); err != nil {
			return oauth.Client{}, fmt.Errorf("keys of client %s: %w", c.ID, err)
		}
	}
	return c, nil
}

func clientFailed(err error, doing string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, postgres.ErrNoRow):
		return oauth.ErrNoClient
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// Client finds a client that was not revoked.
func (s *Store) Client(ctx context.Context, id string) (oauth.Client, error) {
	c, err := scanClient(s.pool.QueryRow(ctx, `SELECT `+clientColumns+` FROM clients WHERE id = $1 AND revoked IS NULL`, id))
	return c, clientFailed(err, "find client")
}

// AllClients gives all clients.
func (s *Store) AllClients(ctx context.Context) ([]oauth.Client, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+clientColumns+` FROM clients ORDER BY id`)
	if err != nil {
		return nil, clientFailed(postgres.Clean(err), "list clients")
	}
	clients, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (oauth.Client, error) { return scanClient(row) })
	return clients, clientFailed(err, "list clients")
}

// SaveClient stores a client.
func (s *Store) SaveClient(ctx context.Context, c oauth.Client, why user.EventKind) error {
	var keys []byte
	if c.Keys != nil {
		raw, err := json.Marshal(c.Keys)
		if err != nil {
			return fmt.Errorf("save client: %w", err)
		}
		keys = raw
	}
	return clientFailed(postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO clients (`+clientColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
			ON CONFLICT (id) DO UPDATE SET name = $2, first_party = $3, auth_method = $4, secret_hash = $5,
				old_secret_hash = $6, old_secret_ends = $7, keys = $8, grants = $9, scopes = $10, redirect_uris = $11,
				revoked = $13`,
			c.ID, c.Name, c.FirstParty, string(c.AuthMethod), c.SecretHash, c.OldSecretHash, null(c.OldSecretEnds), keys,
			list(c.Grants), list(c.Scopes), list(c.RedirectURIs), c.Created, null(c.Revoked))
		if err != nil {
			return err
		}
		return s.record(ctx, tx, user.Event{Kind: why, ClientID: c.ID})
	}), "save client")
}

// RevokeClient ends a client and all its sessions.
func (s *Store) RevokeClient(ctx context.Context, id string, now time.Time) error {
	return clientFailed(postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE clients SET revoked = $2 WHERE id = $1 AND revoked IS NULL`, id, now)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return oauth.ErrNoClient
		}
		if err := s.record(ctx, tx, user.Event{Kind: user.ClientTakenAway, ClientID: id}); err != nil {
			return err
		}
		if _, err := s.endSessions(ctx, tx, user.ClientRevoked, `client_id = $1`, id); err != nil {
			return err
		}
		return revoke(ctx, tx, now, now.Add(revocationLife), oauth.RevokedClient(id))
	}), "revoke client")
}

// UseAssertion uses up a client assertion.
func (s *Store) UseAssertion(ctx context.Context, id string, expires time.Time) error {
	tag, err := s.pool.Exec(ctx, `INSERT INTO assertions (id, expires) VALUES ($1, $2) ON CONFLICT DO NOTHING`, id, expires)
	if err != nil {
		return clientFailed(postgres.Clean(err), "use client assertion")
	}
	if tag.RowsAffected() == 0 {
		return oauth.ErrAssertionUsed
	}
	return nil
}
