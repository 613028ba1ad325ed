package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/oauth"
)

// granted turns a missing row into oauth.ErrNoGrant.
func granted(err error, doing string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, postgres.ErrNoRow):
		return oauth.ErrNoGrant
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// SaveCode stores a code.
func (s *Store) SaveCode(ctx context.Context, c oauth.Code) error {
	device, err := s.sealDevice(c.Session.ID, c.Session.DeviceName)
	if err != nil {
		return fmt.Errorf("save code: %w", err)
	}
	// An account that is locked meanwhile, for its deletion, begins nothing.
	tag, err := s.pool.Exec(ctx, `
		INSERT INTO codes (hash, session_id, account_id, client_id, redirect_uri, scopes, code_challenge, nonce, device,
			browser, authenticated, requested, expires)
		SELECT $1, $2, id, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 FROM accounts
		WHERE id = $3 AND deletion IS NULL FOR KEY SHARE`,
		c.Hash, c.Session.ID, c.Session.AccountID, c.Session.ClientID, c.RedirectURI, c.Session.Scopes, c.CodeChallenge,
		c.Nonce, device, c.Session.Browser, c.Session.Authenticated, c.Requested, c.Expires)
	if err == nil && tag.RowsAffected() == 0 {
		return user.ErrCredentials
	}
	return granted(postgres.Clean(err), "save code")
}

// Code finds a code.
func (s *Store) Code(ctx context.Context, hash []byte) (oauth.Code, error) {
	c := oauth.Code{Hash: hash}
	var (
		device []byte
		used   *time.Time
		v      = &c.Session
	)
	err := s.pool.QueryRow(ctx, `
		SELECT session_id, account_id, client_id, redirect_uri, scopes, code_challenge, nonce, device, browser,
			authenticated, requested, expires, used
		FROM codes WHERE hash = $1`, hash).Scan(
		&v.ID, &v.AccountID, &v.ClientID, &c.RedirectURI, &v.Scopes, &c.CodeChallenge, &c.Nonce, &device,
		&v.Browser, &v.Authenticated, &c.Requested, &c.Expires, &used)
	if err != nil {
		return oauth.Code{}, granted(postgres.Clean(err), "find code")
	}
	c.Used = used != nil
	v.DeviceName, err = s.openDevice(v.ID, device)
	return c, granted(err, "find code")
}

// Redeem marks a code as used and begins its session.
func (s *Store) Redeem(ctx context.Context, codeHash []byte, v user.Session, refreshHash []byte) error {
	device, err := s.sealDevice(v.ID, v.DeviceName)
	if err != nil {
		return fmt.Errorf("redeem code: %w", err)
	}
	err = postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE codes SET used = $2 WHERE hash = $1 AND used IS NULL`, codeHash, v.Created)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return oauth.ErrLost
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO sessions (id, account_id, client_id, scopes, device, browser, authenticated, created, last_seen,
				expires, refresh_hash)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			v.ID, v.AccountID, v.ClientID, v.Scopes, device, v.Browser, v.Authenticated, v.Created, v.LastSeen, v.Expires, refreshHash)
		if err != nil {
			return err
		}
		return s.record(ctx, tx, user.Event{
			Kind: user.SessionBegun, AccountID: v.AccountID, SessionID: v.ID, ClientID: v.ClientID,
		})
	})
	return granted(err, "redeem code")
}

// Grant finds a session.
func (s *Store) Grant(ctx context.Context, sessionID string) (oauth.Grant, error) {
	var (
		g              oauth.Grant
		ended, rotated *time.Time
	)
	v, err := s.scanSession(s.pool.QueryRow(ctx, `
		SELECT `+sessionColumns+`, ended, refresh_hash, previous_hash, rotated FROM sessions WHERE id = $1`, sessionID),
		&ended, &g.Current, &g.Previous, &rotated)
	if err != nil {
		return oauth.Grant{}, granted(err, "find session")
	}
	g.Session, g.Ended, g.Rotated = v, ended != nil, instant(rotated)
	return g, nil
}

// Rotate replaces a refresh token.
func (s *Store) Rotate(ctx context.Context, r oauth.Rotation) error {
	// A token that is shown again after its answer was lost keeps the time of its first use: its grace does not grow.
	tag, err := s.pool.Exec(ctx, `
		UPDATE sessions SET refresh_hash = $4, previous_hash = $3, last_seen = $5, expires = $6,
			rotated = CASE WHEN $2 = $3 THEN $5 ELSE rotated END
		WHERE id = $1 AND refresh_hash = $2 AND ended IS NULL`,
		r.SessionID, r.Current, r.Presented, r.Next, r.Now, r.Expires)
	if err != nil {
		return granted(postgres.Clean(err), "rotate refresh token")
	}
	if tag.RowsAffected() == 0 {
		return oauth.ErrLost
	}
	return nil
}

// Revoke revokes one access token.
func (s *Store) Revoke(ctx context.Context, tokenID string, expires time.Time) error {
	return granted(postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		return revoke(ctx, tx, s.clock.Now(), expires.Add(time.Minute), oauth.RevokedToken(tokenID))
	}), "revoke token")
}

// Revoked tells whether a token is refused for one of its subjects.
func (s *Store) Revoked(ctx context.Context, issued time.Time, subjects ...string) (revoked bool, err error) {
	err = s.pool.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM revocations WHERE subject = ANY($1) AND expires > $2 AND at >= $3)`,
		subjects, s.clock.Now(), issued).Scan(&revoked)
	return revoked, granted(postgres.Clean(err), "look for a revocation")
}
