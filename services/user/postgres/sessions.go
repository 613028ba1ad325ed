package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/oauth"
)

func devicePlace(sessionID string) string { return "sessions/" + sessionID + "/device" }

func (s *Store) sealDevice(sessionID, name string) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	return s.seal.Seal([]byte(name), devicePlace(sessionID))
}

func (s *Store) openDevice(sessionID string, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	plain, err := s.seal.Open(sealed, devicePlace(sessionID))
	return string(plain), err
}

const sessionColumns = `id, account_id, client_id, scopes, device, browser, authenticated, created, last_seen, expires`

func (s *Store) scanSession(row pgx.Row, more ...any) (user.Session, error) {
	var (
		v      user.Session
		device []byte
	)
	err := row.Scan(append([]any{
		&v.ID, &v.AccountID, &v.ClientID, &v.Scopes, &device, &v.Browser, &v.Authenticated, &v.Created, &v.LastSeen, &v.Expires,
	}, more...)...)
	if err != nil {
		return user.Session{}, postgres.Clean(err)
	}
	v.DeviceName, err = s.openDevice(v.ID, device)
	return v, err
}

// List gives an account's live sessions.
func (s *Store) List(ctx context.Context, accountID, before string, limit int) ([]user.Session, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT `+sessionColumns+` FROM sessions
		WHERE account_id = $1 AND ended IS NULL AND expires > $2 AND ($3 = '' OR id < $3)
		ORDER BY id DESC LIMIT $4`, accountID, s.clock.Now(), before, limit)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", postgres.Clean(err))
	}
	sessions, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (user.Session, error) { return s.scanSession(row) })
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", postgres.Clean(err))
	}
	return sessions, nil
}

// End ends a session of the account.
func (s *Store) End(ctx context.Context, accountID, sessionID string, why user.EndReason) error {
	err := postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// Whoever logs out of an app in a browser must not be let in again by the log-in page without a password.
		_, err := tx.Exec(ctx, `DELETE FROM browsers USING sessions s WHERE hash = s.browser AND s.id = $1 AND s.account_id = $2`,
			sessionID, accountID)
		if err != nil {
			return err
		}
		n, err := s.endSessions(ctx, tx, why, `account_id = $1 AND id = $2`, accountID, sessionID)
		if err == nil && n == 0 {
			return user.ErrNoSession
		}
		return err
	})
	if errors.Is(err, user.ErrNoSession) {
		return user.ErrNoSession
	}
	return failed(err, "end session")
}

// EndGrant ends a session.
func (s *Store) EndGrant(ctx context.Context, sessionID string, why user.EndReason) error {
	return failed(postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := s.endSessions(ctx, tx, why, `id = $1`, sessionID)
		return err
	}), "end session")
}

// endSessions ends the live sessions that the condition names, for good: their refresh tokens are gone, and verifiers
// are told of their access tokens.
func (s *Store) endSessions(ctx context.Context, tx pgx.Tx, why user.EndReason, where string, args ...any) (int, error) {
	now := s.clock.Now()
	n := len(args)
	rows, err := tx.Query(ctx, fmt.Sprintf(`
		UPDATE sessions SET ended = $%d, end_reason = $%d, refresh_hash = NULL, previous_hash = NULL
		WHERE ended IS NULL AND (%s) RETURNING id, account_id, client_id`, n+1, n+2, where), append(args, now, string(why))...)
	if err != nil {
		return 0, err
	}
	ended, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e user.Event, err error) {
		e.Kind, e.Detail = user.SessionEnded, string(why)
		return e, row.Scan(&e.SessionID, &e.AccountID, &e.ClientID)
	})
	if err != nil {
		return 0, err
	}
	subjects := make([]string, len(ended))
	for i, e := range ended {
		subjects[i] = oauth.RevokedSession(e.SessionID)
		if err := s.record(ctx, tx, e); err != nil {
			return 0, err
		}
	}
	return len(ended), revoke(ctx, tx, now, now.Add(revocationLife), subjects...)
}
