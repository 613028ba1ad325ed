package user

import (
	"context"

	"github.com/tripgen/tripgen/services/user/password"
)

// ChangePassword replaces the password and ends all sessions but the calling one [U3]: how strong the new one is, and
// how many sessions ended. Errors: ErrCredentials for a wrong present password, ErrLocked, password.ErrRefused.
func (s *Service) ChangePassword(
	ctx context.Context, accountID, sessionID, current, next string,
) (password.Strength, int, error) {
	account, hash, err := s.prove(ctx, accountID, current)
	if err != nil {
		return 0, 0, err
	}
	strength, err := password.Check("new_password", next, account.LoginID, account.Name, account.Email)
	if err != nil {
		return 0, 0, err
	}
	fresh, err := s.Passwords.Hash(ctx, next)
	if err != nil {
		return 0, 0, err
	}
	ended, err := s.Accounts.SetPassword(ctx, accountID, hash, fresh, sessionID)
	if err != nil {
		return 0, 0, err
	}
	return strength, ended, nil
}

// ChangeEmail mails a code to a new address, which takes effect when the code comes back [U3]. Errors: ErrCredentials,
// ErrLocked, ErrEmailTaken, an invalid field.
func (s *Service) ChangeEmail(ctx context.Context, accountID, email, current string) (Account, error) {
	email, err := CleanEmail(email)
	if err != nil {
		return Account{}, err
	}
	account, _, err := s.prove(ctx, accountID, current)
	if err != nil {
		return Account{}, err
	}
	if !account.EmailVerified || EmailKey(email) != EmailKey(account.Email) {
		free, err := s.Names.EmailFree(ctx, email)
		if err != nil {
			return Account{}, err
		}
		if !free {
			return Account{}, ErrEmailTaken
		}
	}
	return s.Confirmations.Request(ctx, accountID, newConfirmation(email, account.Language, s.Clock.Now()))
}

// VerifyEmail confirms the address that a code was mailed to: ErrCodeInvalid, ErrEmailTaken where another account has
// confirmed it in the meantime.
func (s *Service) VerifyEmail(ctx context.Context, code string) error {
	_, err := s.Confirmations.Confirm(ctx, hashCode(code), s.Clock.Now())
	return err
}

// prove checks the password of somebody who is logged in. Failures count like failed log-ins: whoever holds a stolen
// token must not guess for ever.
func (s *Service) prove(ctx context.Context, accountID, current string) (Account, string, error) {
	account, err := s.Accounts.Account(ctx, accountID)
	if err != nil {
		return Account{}, "", err
	}
	if _, err := s.Authenticate(ctx, account.LoginID, current); err != nil {
		return Account{}, "", err
	}
	hash, err := s.Accounts.PasswordHash(ctx, accountID)
	return account, hash, err
}
