package rpc_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/usertest"
)

// Whatever happens to an account's security can be read up afterwards: what, to whom, and by which session.
func TestSecurityEventsAreInTheJournal(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	accounts := s.Accounts(s.LogIn(p, "phone").AccessToken)
	s.LogIn(p, "tablet")
	do := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	_, err := accounts.VerifyEmail(t.Context(), &userv1.VerifyEmailRequest{Code: s.Mails.Code(t, p.Account.GetEmail())})
	do("verify", err)
	_, err = accounts.ChangeEmail(t.Context(), &userv1.ChangeEmailRequest{Email: "new@traveller.example", CurrentPassword: p.Password})
	do("change address", err)
	_, err = accounts.ChangePassword(t.Context(), &userv1.ChangePasswordRequest{CurrentPassword: p.Password, NewPassword: "quarry_Otter9!maple"})
	do("change password", err)
	_, err = accounts.ExportMyData(t.Context(), &userv1.ExportMyDataRequest{})
	do("export", err)
	for range 5 {
		if signIn(t, s, p.LoginID, "wrong") == nil {
			t.Fatal("a wrong password was right")
		}
	}
	if signIn(t, s, p.LoginID, "quarry_Otter9!maple") == nil {
		t.Fatal("it is not locked")
	}
	_, err = accounts.LogOut(t.Context(), &userv1.LogOutRequest{})
	do("log out", err)

	type line struct {
		Kind, Account, Detail, BySession string
		From                             []byte
	}
	rows, err := s.Pool.Query(t.Context(), `SELECT kind, coalesce(account_id, ''), coalesce(detail, ''), coalesce(by_session, ''), from_index FROM journal
		WHERE account_id = $1 OR kind = 'login.locked' ORDER BY id`, p.Account.GetId())
	do("read", err)
	lines, err := pgx.CollectRows(rows, pgx.RowToStructByPos[line])
	do("read", err)
	count := func(kind user.EventKind, detail string) (n int) {
		for _, l := range lines {
			if l.Kind == string(kind) && (detail == "" || l.Detail == detail) {
				n++
			}
		}
		return n
	}
	for _, c := range []struct {
		kind   user.EventKind
		detail string
		want   int
	}{
		{user.AccountCreated, "", 1},
		{user.LogInSucceeded, "", 4}, // two log-ins; both changes want the password, too
		{user.SessionBegun, "", 2},
		{user.EmailConfirmed, "", 1},
		{user.EmailRequested, "", 1},
		{user.PasswordReplaced, "", 1},
		{user.SessionEnded, string(user.PasswordChanged), 1},
		{user.DataExported, "", 1},
		{user.LogInFailed, "", 5},
		{user.LogInLocked, "", 1},
		{user.SessionEnded, string(user.LoggedOut), 1},
	} {
		if got := count(c.kind, c.detail); got != c.want {
			t.Errorf("%s %s: %d lines, want %d", c.kind, c.detail, got, c.want)
		}
	}
	by := slices.IndexFunc(lines, func(l line) bool { return l.Kind == string(user.PasswordReplaced) })
	if by < 0 || lines[by].BySession == "" || len(lines[by].From) != 32 {
		t.Errorf("who changed the password is not told: %+v", lines)
	}
}
