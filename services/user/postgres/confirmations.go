package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/mail"
)

// confirmation replaces the account's open confirmation and queues its mail.
func (s *Store) confirmation(ctx context.Context, tx pgx.Tx, a user.Account, c user.Confirmation) error {
	to := c.Email
	if to == "" {
		to = a.Email
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO confirmations (account_id, code_hash, pending, expires) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id) DO UPDATE SET code_hash = $2, pending = $3, expires = $4`,
		a.ID, c.Hash(), c.Email != "", c.Expires)
	if err != nil {
		return postgres.Clean(err)
	}
	return s.queue(ctx, tx, a.ID, mail.Message{
		Kind: mail.ConfirmAddress, To: to, Name: a.Name, Code: c.Code, Language: c.Language,
	})
}

// Request stores a pending address and its confirmation.
func (s *Store) Request(ctx context.Context, accountID string, c user.Confirmation) (user.Account, error) {
	var a user.Account
	err := postgres.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		if a, err = s.lockAccount(ctx, tx, accountID); err != nil {
			return err
		}
		a.PendingEmail = c.Email
		if err := s.save(ctx, tx, &a); err != nil {
			return err
		}
		if err := s.confirmation(ctx, tx, a, c); err != nil {
			return err
		}
		return s.record(ctx, tx, user.Event{Kind: user.EmailRequested, AccountID: accountID})
	})
	if err != nil {
		return user.Account{}, failed(err, "request confirmation")
	}
	s.mailed()
	return a, nil
}

// Confirm redeems a code.
func (s *Store) Confirm(ctx context.Context, codeHash []byte, now time.Time) (user.Account, error) {
	var a user.Account
	err := postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		var (
			accountID string
			pending   bool
		)
		err := tx.QueryRow(ctx, `
			DELETE FROM confirmations WHERE code_hash = $1 AND expires > $2 RETURNING account_id, pending`,
			codeHash, now).Scan(&accountID, &pending)
		if errors.Is(err, pgx.ErrNoRows) {
			return user.ErrCodeInvalid
		}
		if err != nil {
			return err
		}
		if a, err = s.lockAccount(ctx, tx, accountID); err != nil {
			return err
		}
		if pending {
			a.Email, a.PendingEmail = a.PendingEmail, ""
		}
		a.EmailVerified = true
		if err := s.save(ctx, tx, &a); err != nil {
			return err
		}
		return s.record(ctx, tx, user.Event{Kind: user.EmailConfirmed, AccountID: accountID})
	})
	if errors.Is(err, user.ErrCodeInvalid) {
		return user.Account{}, user.ErrCodeInvalid
	}
	if err != nil {
		return user.Account{}, taken(err, "confirm address")
	}
	return a, nil
}
