package rpc_test

import (
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/oauth2"

	"github.com/tripgen/tripgen/internal/errs"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/usertest"
)

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func awaitDeletion(t *testing.T, s *usertest.Service, id string, want userv1.JobState) *userv1.GetDeletionResponse {
	t.Helper()
	var last *userv1.GetDeletionResponse
	eventually(t, "the deletion to be "+want.String(), func() bool {
		var err error
		last, err = s.Accounts("").GetDeletion(t.Context(), &userv1.GetDeletionRequest{DeletionId: id})
		if err != nil {
			t.Fatal(err)
		}
		return last.GetState() == want
	})
	return last
}

// refused tells that somebody cannot log in, like somebody that there never was.
func refused(t *testing.T, s *usertest.Service, p usertest.Person) {
	t.Helper()
	signIn := func(loginID string) error {
		_, err := s.Accounts("").SignIn(t.Context(), &userv1.SignInRequest{
			LoginId: loginID, Password: p.Password, ClientId: "tripgen-cli", RedirectUri: usertest.RedirectURI,
			CodeChallenge: oauth2.S256ChallengeFromVerifier(oauth2.GenerateVerifier()),
		})
		return err
	}
	got, nobody := signIn(p.LoginID), signIn("nobody"+p.LoginID[:6])
	if reason(got) != errs.ReasonCredentialsWrong || got.Error() != nobody.Error() {
		t.Errorf("logging in = %v, somebody unknown %v", got, nobody)
	}
}

// [U4] A deleted account is out at once, gone everywhere soon, and proved; its name and address are free again.
func TestADeletedAccountIsGone(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	token := s.LogIn(p, "phone")
	mine := s.Accounts(token.AccessToken)

	_, err := mine.DeleteAccount(t.Context(), &userv1.DeleteAccountRequest{CurrentPassword: "not it, 1!"})
	if reason(err) != errs.ReasonCredentialsWrong {
		t.Fatalf("with a wrong password: %v", err)
	}
	s.Keeper.Away(true)
	receipt, err := mine.DeleteAccount(t.Context(), &userv1.DeleteAccountRequest{CurrentPassword: p.Password})
	if err != nil {
		t.Fatal(err)
	}
	if receipt.GetState() != userv1.JobState_JOB_STATE_RUNNING {
		t.Errorf("receipt %v", receipt)
	}
	refused(t, s, p) // while it waits for a service that is away
	if _, err := s.CLI().TokenSource(t.Context(), &oauth2.Token{RefreshToken: token.RefreshToken}).Token(); err == nil {
		t.Error("the refresh token still works")
	}
	if revoked, err := s.Store.RevocationsAfter(t.Context(), 0); err != nil || len(revoked) != 1 {
		t.Errorf("revocations %v, %v", revoked, err)
	}
	if _, err := mine.GetMe(t.Context(), &userv1.GetMeRequest{}); connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("GetMe with a token that no verifier has heard of yet = %v", err)
	}
	s.Keeper.Away(false)
	done := awaitDeletion(t, s, receipt.GetDeletionId(), userv1.JobState_JOB_STATE_DONE)
	var services []string
	for _, d := range done.GetDeleted() {
		services = append(services, d.GetService())
	}
	if len(services) != 4 || done.GetDeleted()[3].GetRemoved()["accounts"] != 1 || done.GetDeleted()[3].GetRemoved()["sessions"] != 1 ||
		done.GetDeleted()[2].GetRemoved()["things"] != 1 || done.GetEndTime() == nil {
		t.Errorf("the proof is %v", done)
	}
	refused(t, s, p)
	if a := s.Keeper.Announced(); len(a) != 1 || a[0] != receipt.GetDeletionId() {
		t.Errorf("announced %v", a)
	}
	again := usertest.SignUpRequest()
	again.LoginId, again.Email, again.Password = p.LoginID, p.Account.GetEmail(), p.Password
	fresh, err := s.Accounts("").SignUp(t.Context(), again)
	if err != nil || fresh.GetAccount().GetId() == p.Account.GetId() {
		t.Errorf("signing up anew = %v, %v", fresh, err)
	}
}

// [U4] Asked for many times at once it is one deletion.
func TestADeletionIsOne(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	mine := s.Accounts(s.LogIn(p, "phone").AccessToken)
	var group sync.WaitGroup
	ids := make([]string, 4)
	for i := range ids {
		group.Go(func() {
			res, err := mine.DeleteAccount(t.Context(), &userv1.DeleteAccountRequest{CurrentPassword: p.Password})
			// Whoever comes after the lock is a stranger already.
			if err != nil && reason(err) != errs.ReasonNotFound && reason(err) != errs.ReasonCredentialsWrong {
				t.Error(err)
			}
			ids[i] = res.GetDeletionId()
		})
	}
	group.Wait()
	first := ""
	for _, id := range ids {
		if id != "" && first != "" && id != first {
			t.Fatalf("several deletions: %v", ids)
		}
		first = max(first, id)
	}
	awaitDeletion(t, s, first, userv1.JobState_JOB_STATE_DONE)
}

// A deletion that ops undo before anything is removed leaves everything as it was; afterwards it is too late.
func TestADeletionCanBeUndoneUntilItRemoves(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	s.Keeper.Away(true)
	receipt, err := s.Accounts(s.LogIn(p, "phone").AccessToken).DeleteAccount(t.Context(), &userv1.DeleteAccountRequest{CurrentPassword: p.Password})
	if err != nil {
		t.Fatal(err)
	}
	if err := user.UndoBy(t.Context(), s.Store, receipt.GetDeletionId()); err != nil {
		t.Fatal(err)
	}
	s.Keeper.Away(false)
	undone := awaitDeletion(t, s, receipt.GetDeletionId(), userv1.JobState_JOB_STATE_FAILED)
	if len(undone.GetDeleted()) != 0 || s.Keeper.Held(p.Account.GetId()) != 0 {
		t.Errorf("undone: %v, %d holds", undone, s.Keeper.Held(p.Account.GetId()))
	}
	token := s.LogIn(p, "phone")
	receipt, err = s.Accounts(token.AccessToken).DeleteAccount(t.Context(), &userv1.DeleteAccountRequest{CurrentPassword: p.Password})
	if err != nil {
		t.Fatal(err)
	}
	awaitDeletion(t, s, receipt.GetDeletionId(), userv1.JobState_JOB_STATE_DONE)
	if err := user.UndoBy(t.Context(), s.Store, receipt.GetDeletionId()); !errs.HasReason(err, errs.ReasonDeletionDone) {
		t.Errorf("undoing what is done = %v", err)
	}
}

// A deletion that cannot begin everywhere for a day is undone by itself.
func TestADeletionThatCannotBeginIsUndone(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	s.Keeper.Away(true)
	receipt, err := s.Accounts(s.LogIn(p, "phone").AccessToken).DeleteAccount(t.Context(), &userv1.DeleteAccountRequest{CurrentPassword: p.Password})
	if err != nil {
		t.Fatal(err)
	}
	s.Clock.Advance(25 * time.Hour)
	eventually(t, "the deletion to be given up", func() bool {
		d, err := s.Store.Deletion(t.Context(), receipt.GetDeletionId())
		return err == nil && d.State == user.Undoing
	})
	s.Keeper.Away(false)
	awaitDeletion(t, s, receipt.GetDeletionId(), userv1.JobState_JOB_STATE_FAILED)
	if _, err := s.User.Authenticate(t.Context(), p.LoginID, p.Password); err != nil {
		t.Errorf("logging in afterwards: %v", err)
	}
}
