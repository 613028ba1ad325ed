package rpc_test

import (
	"testing"

	"connectrpc.com/connect"
	"golang.org/x/oauth2"

	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/services/user/usertest"
)

// [U1] [U2] The whole way: sign up, log in, ask, renew, log out.
func TestSignUpLogInRenewAndLogOut(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	token := s.LogIn(p, "my phone")

	me, err := s.Accounts(token.AccessToken).GetMe(t.Context(), &userv1.GetMeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if a := me.GetAccount(); a.GetId() != p.Account.GetId() || a.GetName() != "김민수" || a.GetPhone() != "+821023456789" ||
		a.GetEmailVerified() || a.GetRevision() != 1 {
		t.Errorf("account = %v", a)
	}
	renewed, err := s.CLI().TokenSource(t.Context(), &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
	if err != nil {
		t.Fatal(err)
	}
	if renewed.RefreshToken == token.RefreshToken || renewed.AccessToken == token.AccessToken {
		t.Error("tokens were not renewed")
	}
	if _, err := s.Accounts(renewed.AccessToken).LogOut(t.Context(), &userv1.LogOutRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CLI().TokenSource(t.Context(), &oauth2.Token{RefreshToken: renewed.RefreshToken}).Token(); err == nil {
		t.Error("the refresh token works after the log-out")
	}
	if _, err := s.Accounts("").GetMe(t.Context(), &userv1.GetMeRequest{}); connect.CodeOf(err) != connect.CodeUnauthenticated {
		t.Errorf("GetMe without a token = %v", err)
	}
}
