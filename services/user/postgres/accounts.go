package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/lang"
	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/oauth"
)

const (
	fieldLogin  = "user/login"
	fieldEmail  = "user/email"
	fieldOrigin = "user/origin"
)

// profile is the personal part of an account; it is sealed as one.
type profile struct {
	LoginID      string `json:"login_id"`
	Name         string `json:"name"`
	Email        string `json:"email"`
	PendingEmail string `json:"pending_email,omitempty"`
	Phone        string `json:"phone"`
}

func profilePlace(id string) string { return "accounts/" + id + "/profile" }

func (s *Store) sealProfile(a user.Account) ([]byte, error) {
	plain, err := json.Marshal(profile{a.LoginID, a.Name, a.Email, a.PendingEmail, a.Phone})
	if err != nil {
		return nil, err
	}
	return s.seal.Seal(plain, profilePlace(a.ID))
}

func (s *Store) openProfile(sealed []byte, a *user.Account) error {
	plain, err := s.seal.Open(sealed, profilePlace(a.ID))
	if err != nil {
		return err
	}
	var p profile
	if err := json.Unmarshal(plain, &p); err != nil {
		return err
	}
	a.LoginID, a.Name, a.Email, a.PendingEmail, a.Phone = p.LoginID, p.Name, p.Email, p.PendingEmail, p.Phone
	return nil
}

func (s *Store) loginIndex(loginID string) []byte {
	return s.seal.BlindIndex(fieldLogin, user.LoginKey(loginID))
}

func (s *Store) emailIndex(email string) []byte {
	return s.seal.BlindIndex(fieldEmail, user.EmailKey(email))
}

// Create stores a new account.
func (s *Store) Create(ctx context.Context, a user.Account, passwordHash string, c user.Confirmation) error {
	sealed, err := s.sealProfile(a)
	if err != nil {
		return fmt.Errorf("create account: %w", err)
	}
	err = postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO accounts (id, login_index, email_index, profile, password_hash, language, terms_version,
				terms_accepted, created, revision)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			a.ID, s.loginIndex(a.LoginID), s.emailIndex(a.Email), sealed, passwordHash, string(a.Language),
			a.Terms.Version, a.Terms.Accepted, a.Created, a.Revision)
		if err != nil {
			return err
		}
		if err := s.confirmation(ctx, tx, a, c); err != nil {
			return err
		}
		return s.record(ctx, tx, user.Event{Kind: user.AccountCreated, AccountID: a.ID})
	})
	if err != nil {
		return taken(err, "create account")
	}
	s.mailed()
	return nil
}

// taken tells which of the unique values of an account another one has.
func taken(err error, doing string) error {
	if errors.Is(err, postgres.ErrExists) {
		switch postgres.Constraint(err) {
		case "accounts_login_index_key":
			return user.ErrLoginIDTaken
		case "accounts_verified_email_key":
			return user.ErrEmailTaken
		}
	}
	return failed(err, doing)
}

// failed says what was attempted, and leaves refusals as they are.
func failed(err error, doing string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, postgres.ErrNoRow):
		return user.ErrNoAccount
	}
	return fmt.Errorf("%s: %w", doing, err)
}

const accountColumns = `id, profile, email_verified, language, terms_version, terms_accepted, avatar_version, created, revision`

func (s *Store) scanAccount(row pgx.Row, more ...any) (user.Account, error) {
	var (
		a        user.Account
		sealed   []byte
		language string
	)
	err := row.Scan(append([]any{
		&a.ID, &sealed, &a.EmailVerified, &language, &a.Terms.Version, &a.Terms.Accepted, &a.AvatarVersion, &a.Created,
		&a.Revision,
	}, more...)...)
	if err != nil {
		return user.Account{}, postgres.Clean(err)
	}
	a.Language = lang.Lang(language)
	return a, s.openProfile(sealed, &a)
}

// Account reads an account.
func (s *Store) Account(ctx context.Context, id string) (user.Account, error) {
	a, err := s.scanAccount(s.pool.QueryRow(ctx, `SELECT `+accountColumns+` FROM accounts WHERE id = $1 AND deletion IS NULL`, id))
	return a, failed(err, "read account")
}

// Credentials find an account by its log-in id.
func (s *Store) Credentials(ctx context.Context, loginID string) (user.Account, string, error) {
	var hash string
	a, err := s.scanAccount(s.pool.QueryRow(ctx,
		`SELECT `+accountColumns+`, password_hash FROM accounts WHERE login_index = $1 AND deletion IS NULL`, s.loginIndex(loginID)), &hash)
	return a, hash, failed(err, "read credentials")
}

// PasswordHash reads the hash of an account's password.
func (s *Store) PasswordHash(ctx context.Context, id string) (hash string, err error) {
	err = s.pool.QueryRow(ctx, `SELECT password_hash FROM accounts WHERE id = $1 AND deletion IS NULL`, id).Scan(&hash)
	return hash, failed(postgres.Clean(err), "read password hash")
}

// Update changes an account.
func (s *Store) Update(ctx context.Context, id string, fn func(*user.Account) error) (user.Account, error) {
	var a user.Account
	err := postgres.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		if a, err = s.lockAccount(ctx, tx, id); err != nil {
			return err
		}
		err = fn(&a)
		if errors.Is(err, user.ErrUnchanged) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.save(ctx, tx, &a); err != nil {
			return err
		}
		return s.record(ctx, tx, user.Event{Kind: user.AccountChanged, AccountID: id})
	})
	if err != nil {
		return user.Account{}, taken(err, "change account")
	}
	return a, nil
}

func (s *Store) lockAccount(ctx context.Context, tx pgx.Tx, id string) (user.Account, error) {
	return s.scanAccount(tx.QueryRow(ctx, `SELECT `+accountColumns+` FROM accounts WHERE id = $1 AND deletion IS NULL FOR UPDATE`, id))
}

// save writes a locked account and counts up its revision.
func (s *Store) save(ctx context.Context, tx pgx.Tx, a *user.Account) error {
	a.Revision++
	sealed, err := s.sealProfile(*a)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		UPDATE accounts SET email_index = $2, profile = $3, email_verified = $4, language = $5, avatar_version = $6,
			revision = $7
		WHERE id = $1`,
		a.ID, s.emailIndex(a.Email), sealed, a.EmailVerified, string(a.Language), a.AvatarVersion, a.Revision)
	return postgres.Clean(err)
}

// SetPassword replaces a password and ends the other sessions.
func (s *Store) SetPassword(ctx context.Context, id, oldHash, newHash, keepSession string) (ended int, err error) {
	err = postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2`,
			id, oldHash, newHash)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return user.ErrStaleRevision
		}
		if err := s.record(ctx, tx, user.Event{Kind: user.PasswordReplaced, AccountID: id}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM browsers WHERE account_id = $1`, id); err != nil {
			return err
		}
		ended, err = s.endSessions(ctx, tx, user.PasswordChanged, `account_id = $1 AND id <> $2`, id, keepSession)
		return err
	})
	if err != nil {
		return 0, failed(err, "set password")
	}
	return ended, nil
}

// UpgradePassword replaces the hash of the same password.
func (s *Store) UpgradePassword(ctx context.Context, id, oldHash, newHash string) error {
	return failed(postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2`,
			id, oldHash, newHash)
		if err != nil || tag.RowsAffected() == 0 { // somebody else has set another password: theirs stays
			return err
		}
		return s.record(ctx, tx, user.Event{Kind: user.PasswordUpgraded, AccountID: id})
	}), "upgrade password hash")
}

// LoginIDFree tells whether no account has the log-in id.
func (s *Store) LoginIDFree(ctx context.Context, loginID string) (bool, error) {
	return s.free(ctx, `SELECT NOT EXISTS (SELECT FROM accounts WHERE login_index = $1)`, s.loginIndex(loginID))
}

// EmailFree tells whether no account has verified the address.
func (s *Store) EmailFree(ctx context.Context, email string) (bool, error) {
	return s.free(ctx, `SELECT NOT EXISTS (SELECT FROM accounts WHERE email_index = $1 AND email_verified)`, s.emailIndex(email))
}

func (s *Store) free(ctx context.Context, query string, index []byte) (free bool, err error) {
	err = s.pool.QueryRow(ctx, query, index).Scan(&free)
	return free, failed(postgres.Clean(err), "look for a name")
}

var _ oauth.Accounts = (*Store)(nil)
