package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/user"
)

// ownAccount is account.json of an archive. The password is not in it: only a hash is kept.
type ownAccount struct {
	ID            string    `json:"id"`
	LoginID       string    `json:"login_id"`
	Name          string    `json:"name"`
	Email         string    `json:"email"`
	EmailVerified bool      `json:"email_verified"`
	PendingEmail  string    `json:"pending_email,omitempty"`
	Phone         string    `json:"phone"`
	Language      string    `json:"language"`
	TermsVersion  string    `json:"terms_version"`
	TermsAccepted time.Time `json:"terms_accepted"`
	Created       time.Time `json:"created"`
}

// ownLists are the lists of an archive: a file and what is in it, as an array of objects in JSON.
var ownLists = []struct{ path, query string }{
	{"consents.json", `SELECT client_id, scopes, given FROM consents WHERE account_id = $1 ORDER BY client_id`},
	{"security_events.json", `SELECT at, kind, session_id, client_id, detail FROM journal WHERE account_id = $1 ORDER BY id`},
	{"exports.json", `SELECT id, state, requested, ended, expires FROM exports WHERE account_id = $1 ORDER BY id`},
}

// OwnDocuments gives what is stored here of an account.
func (s *Store) OwnDocuments(ctx context.Context, accountID string, add func(string, []byte) error) error {
	a, err := s.Account(ctx, accountID)
	if err != nil {
		return err
	}
	put := func(path string, v any) error {
		content, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return err
		}
		return add(path, content)
	}
	if err := put("account.json", ownAccount{
		a.ID, a.LoginID, a.Name, a.Email, a.EmailVerified, a.PendingEmail, a.Phone, string(a.Language), a.Terms.Version,
		a.Terms.Accepted, a.Created,
	}); err != nil {
		return err
	}
	if err := s.ownSessions(ctx, accountID, put); err != nil {
		return err
	}
	for _, l := range ownLists {
		rows, err := s.pool.Query(ctx, l.query, accountID)
		if err != nil {
			return fmt.Errorf("collect %s: %w", l.path, postgres.Clean(err))
		}
		entries, err := pgx.CollectRows(rows, pgx.RowToMap)
		if err != nil {
			return fmt.Errorf("collect %s: %w", l.path, postgres.Clean(err))
		}
		if err := put(l.path, entries); err != nil {
			return err
		}
	}
	if a.AvatarVersion == 0 {
		return nil
	}
	picture, err := s.Avatar(ctx, accountID, a.AvatarVersion)
	if errors.Is(err, user.ErrNoPicture) {
		return nil
	}
	if err != nil {
		return err
	}
	return add("avatar.jpg", picture.Full)
}

func (s *Store) ownSessions(ctx context.Context, accountID string, put func(string, any) error) error {
	type session struct {
		ID       string    `json:"id"`
		Client   string    `json:"client_id"`
		Device   string    `json:"device_name,omitempty"`
		Scopes   []string  `json:"scopes"`
		Created  time.Time `json:"created"`
		LastSeen time.Time `json:"last_seen"`
	}
	rows, err := s.pool.Query(ctx, `SELECT `+sessionColumns+` FROM sessions WHERE account_id = $1 ORDER BY id`, accountID)
	if err != nil {
		return fmt.Errorf("collect sessions: %w", postgres.Clean(err))
	}
	sessions, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (session, error) {
		v, err := s.scanSession(row)
		return session{v.ID, v.ClientID, v.DeviceName, v.Scopes, v.Created, v.LastSeen}, err
	})
	if err != nil {
		return fmt.Errorf("collect sessions: %w", postgres.Clean(err))
	}
	return put("sessions.json", sessions)
}
