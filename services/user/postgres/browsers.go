package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/web"
)

var _ web.Browsers = (*Store)(nil)

func browserFailed(err error, doing string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, postgres.ErrNoRow):
		return web.ErrNoBrowser
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// SaveBrowser stores a log-in.
func (s *Store) SaveBrowser(ctx context.Context, b web.Browser) error {
	tag, err := s.pool.Exec(ctx, `
		INSERT INTO browsers (hash, account_id, authenticated, expires)
		SELECT $1, id, $3, $4 FROM accounts WHERE id = $2 AND deletion IS NULL FOR KEY SHARE`,
		b.Hash, b.AccountID, b.Authenticated, b.Expires)
	if err == nil && tag.RowsAffected() == 0 {
		return user.ErrCredentials
	}
	return browserFailed(postgres.Clean(err), "save browser")
}

// Browser finds a log-in.
func (s *Store) Browser(ctx context.Context, hash []byte) (web.Browser, error) {
	b := web.Browser{Hash: hash}
	err := s.pool.QueryRow(ctx, `SELECT account_id, authenticated, expires FROM browsers WHERE hash = $1 AND expires > $2`,
		hash, s.clock.Now()).Scan(&b.AccountID, &b.Authenticated, &b.Expires)
	return b, browserFailed(postgres.Clean(err), "find browser")
}

// EndBrowser forgets a log-in.
func (s *Store) EndBrowser(ctx context.Context, hash []byte) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM browsers WHERE hash = $1`, hash)
	return browserFailed(postgres.Clean(err), "end browser")
}

// Consent gives the scopes that a client was given.
func (s *Store) Consent(ctx context.Context, accountID, clientID string) (scopes []string, err error) {
	err = s.pool.QueryRow(ctx, `SELECT scopes FROM consents WHERE account_id = $1 AND client_id = $2`,
		accountID, clientID).Scan(&scopes)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return scopes, browserFailed(postgres.Clean(err), "find consent")
}

// SaveConsent adds scopes to what a client was given.
func (s *Store) SaveConsent(ctx context.Context, accountID, clientID string, scopes []string) error {
	return browserFailed(postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO consents AS c (account_id, client_id, scopes, given) VALUES ($1, $2, $3, $4)
			ON CONFLICT (account_id, client_id) DO UPDATE SET given = $4,
				scopes = (SELECT array_agg(DISTINCT s) FROM unnest(c.scopes || $3) s)`,
			accountID, clientID, list(scopes), s.clock.Now())
		if err != nil {
			return err
		}
		return s.record(ctx, tx, user.Event{Kind: user.ConsentGiven, AccountID: accountID, ClientID: clientID})
	}), "save consent")
}

// NoteRefusal records that a client was not let in.
func (s *Store) NoteRefusal(ctx context.Context, accountID, clientID string) error {
	return s.Record(ctx, user.Event{Kind: user.ConsentRefused, AccountID: accountID, ClientID: clientID})
}
