package rpc_test

import (
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/lang"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/usertest"
)

func verify(t *testing.T, s *usertest.Service, code string) error {
	_, err := s.Accounts("").VerifyEmail(t.Context(), &userv1.VerifyEmailRequest{Code: code})
	return err
}

// [U1] Whoever signs up with somebody else's address first does not keep its owner out.
func TestAnAddressIsItsOwnersOnceVerified(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	squatter := usertest.SignUpRequest()
	if _, err := s.Accounts("").SignUp(t.Context(), squatter); err != nil {
		t.Fatal(err)
	}
	email := squatter.GetEmail()
	stray := s.Mails.Code(t, email)
	owner := usertest.SignUpRequest()
	owner.Email = email
	signedUp, err := s.Accounts("").SignUp(t.Context(), owner)
	if err != nil {
		t.Fatalf("the owner after the squatter: %v", err)
	}
	if err := verify(t, s, codeAfter(t, s, email, stray)); err != nil {
		t.Fatalf("the owner's code: %v", err)
	}
	accounts := s.Accounts(s.LogIn(usertest.Person{LoginID: squatter.GetLoginId(), Password: squatter.GetPassword()}, "phone").AccessToken)
	if err := verify(t, s, stray); reason(err) != "EMAIL_TAKEN" {
		t.Errorf("the squatter's code: %v", err)
	}
	_, err = accounts.ChangeEmail(t.Context(), &userv1.ChangeEmailRequest{Email: email, CurrentPassword: squatter.GetPassword()})
	if reason(err) != "EMAIL_TAKEN" {
		t.Errorf("another code for the squatter: %v", err)
	}
	me, err := accounts.GetMe(t.Context(), &userv1.GetMeRequest{})
	if err != nil || me.GetAccount().GetEmailVerified() || me.GetAccount().GetRevision() != 1 {
		t.Errorf("the squatter's account = %v, %v", me.GetAccount(), err)
	}
	kept, err := s.Store.Account(t.Context(), signedUp.GetAccount().GetId())
	if err != nil || !kept.EmailVerified {
		t.Errorf("the owner's account = %v, %v", kept, err)
	}
}

// codeAfter is the code of a newer mail than the one with this code.
func codeAfter(t *testing.T, s *usertest.Service, to, before string) string {
	t.Helper()
	code := s.Mails.Code(t, to)
	for code == before && t.Context().Err() == nil {
		code = s.Mails.Code(t, to)
	}
	return code
}

// [U1] Many accounts verify one address at the same moment: one gets it, and the others are told.
func TestOneOfManyVerifiesAnAddress(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	const email, n = "wanted@traveller.example", 8
	var codes []string
	for range n {
		p := s.SignUp()
		c := user.Confirmation{Email: email, Code: p.LoginID, Language: lang.English, Expires: s.Clock.Now().Add(time.Hour)}
		if _, err := s.Store.Request(t.Context(), p.Account.GetId(), c); err != nil {
			t.Fatal(err)
		}
		codes = append(codes, c.Code)
	}
	outcomes := make(chan string, n)
	for _, code := range codes {
		go func() {
			if err := verify(t, s, code); err != nil {
				outcomes <- reason(err)
				return
			}
			outcomes <- "verified"
		}()
	}
	count := map[string]int{}
	for range n {
		count[<-outcomes]++
	}
	if count["verified"] != 1 || count["EMAIL_TAKEN"] != n-1 {
		t.Errorf("outcomes = %v", count)
	}
}
