package user

import (
	"context"

	"github.com/tripgen/tripgen/internal/lang"
)

// Me reads the caller's account: ErrNoAccount.
func (s *Service) Me(ctx context.Context, accountID string) (Account, error) {
	return s.Accounts.Account(ctx, accountID)
}

// Changes are new values of a profile; nil leaves a field as it is.
type Changes struct {
	Name, Phone *string
	Language    *lang.Lang
}

// UpdateMe changes the profile if it still has the revision that the changes were made against. Errors: invalid fields,
// ErrStaleRevision with the present account.
func (s *Service) UpdateMe(ctx context.Context, accountID string, revision int64, c Changes) (Account, error) {
	var name, phone string
	var errName, errPhone error
	if c.Name != nil {
		name, errName = CleanName(*c.Name)
	}
	if c.Phone != nil {
		phone, errPhone = CleanPhone(*c.Phone)
	}
	if err := allOf(errName, errPhone); err != nil {
		return Account{}, err
	}
	return s.Accounts.Update(ctx, accountID, func(a *Account) error {
		if a.Revision != revision {
			return ErrStaleRevision.WithResource(*a)
		}
		if c.Name != nil {
			a.Name = name
		}
		if c.Phone != nil {
			a.Phone = phone
		}
		if c.Language != nil {
			a.Language = *c.Language
		}
		return nil
	})
}
