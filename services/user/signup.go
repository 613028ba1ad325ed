package user

import (
	"context"
	"errors"

	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/lang"
	"github.com/tripgen/tripgen/services/user/password"
)

// SignUp is what somebody tells to get an account.
type SignUp struct {
	Name, Email, Phone string
	LoginID, Password  string
	// TermsVersion is the version of the terms that was shown, and TermsAccepted has to be true.
	TermsVersion  string
	TermsAccepted bool
	Language      lang.Lang
}

// SignUp makes an account and mails a code to its address [U1]. Errors: invalid fields, all at once; password.ErrRefused,
// ErrLoginIDTaken, ErrEmailTaken.
func (s *Service) SignUp(ctx context.Context, r SignUp) (Account, password.Strength, error) {
	now := s.Clock.Now()
	a, err := r.account(id.User, s.IDs)
	if err != nil {
		return Account{}, 0, err
	}
	a.Created, a.Terms.Accepted = now, now
	strength, err := password.Check("password", r.Password, a.LoginID, a.Name, a.Email)
	if err != nil {
		return Account{}, 0, err
	}
	// Before the costly hash; the store decides when two come with one log-in id at once. An address is held against
	// others only once it is verified, so that nobody can keep its owner out.
	if err := s.checkFree(ctx, a); err != nil {
		return Account{}, 0, err
	}
	hash, err := s.Passwords.Hash(ctx, r.Password)
	if err != nil {
		return Account{}, 0, err
	}
	if err := s.Accounts.Create(ctx, a, hash, newConfirmation("", a.Language, now)); err != nil {
		return Account{}, 0, err
	}
	return a, strength, nil
}

func (r SignUp) account(prefix id.Prefix, ids id.Source) (Account, error) {
	name, errName := CleanName(r.Name)
	email, errEmail := CleanEmail(r.Email)
	phone, errPhone := CleanPhone(r.Phone)
	loginID, errLogin := CleanLoginID(r.LoginID)
	var terms error
	if !r.TermsAccepted || !termsPattern.MatchString(r.TermsVersion) {
		terms = errTerms
	}
	if err := allOf(errName, errEmail, errPhone, errLogin, terms); err != nil {
		return Account{}, err
	}
	return Account{
		ID: ids.New(prefix), LoginID: loginID, Name: name, Email: email, Phone: phone, Language: r.Language,
		Terms: Terms{Version: r.TermsVersion}, Revision: 1,
	}, nil
}

func (s *Service) checkFree(ctx context.Context, a Account) error {
	loginFree, err := s.Names.LoginIDFree(ctx, a.LoginID)
	if err != nil {
		return err
	}
	emailFree, err := s.Names.EmailFree(ctx, a.Email)
	switch {
	case err != nil:
		return err
	case !loginFree:
		return ErrLoginIDTaken
	case !emailFree:
		return ErrEmailTaken
	}
	return nil
}

// Available tells whether a log-in id or an address could be used to sign up. Exactly one of them is given. It takes the
// same time whatever the answer, so that nothing but the answer itself tells of other people.
func (s *Service) Available(ctx context.Context, loginID, email string) (bool, error) {
	done := s.after(s.Config.AvailabilityTime)
	free, err := s.available(ctx, loginID, email)
	if waited := done(ctx); err == nil {
		err = waited
	}
	return free, err
}

func (s *Service) available(ctx context.Context, loginID, email string) (bool, error) {
	if (loginID == "") == (email == "") {
		return false, errors.New("ask for either a log-in id or an address")
	}
	if loginID != "" {
		clean, err := CleanLoginID(loginID)
		if err != nil {
			return false, err
		}
		return s.Names.LoginIDFree(ctx, clean)
	}
	clean, err := CleanEmail(email)
	if err != nil {
		return false, err
	}
	return s.Names.EmailFree(ctx, clean)
}
