package rpc_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"

	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/services/user/usertest"
)

// detail finds a detail of an error.
func detail[T proto.Message](err error) (found T, ok bool) {
	ce, ok := errors.AsType[*connect.Error](err)
	if !ok {
		return found, false
	}
	for _, d := range ce.Details() {
		if m, err := d.Value(); err == nil {
			if found, ok = m.(T); ok {
				return found, true
			}
		}
	}
	return found, false
}

func reason(err error) string {
	info, _ := detail[*errdetails.ErrorInfo](err)
	return info.GetReason()
}

// [U1]
func TestSignUpTellsAllThatIsWrongAtOnce(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	request := usertest.SignUpRequest()
	request.Name, request.Phone = "1234", "02-312-3456"
	_, err := s.Accounts("").SignUp(t.Context(), request)
	bad, _ := detail[*errdetails.BadRequest](err)
	var fields []string
	for _, v := range bad.GetFieldViolations() {
		fields = append(fields, v.GetField())
	}
	if connect.CodeOf(err) != connect.CodeInvalidArgument || !slices.Equal(fields, []string{"name", "phone"}) {
		t.Errorf("SignUp = %v, fields %v", err, fields)
	}
	weak := usertest.SignUpRequest()
	weak.Password = "x" + weak.GetLoginId() + "-7"
	if _, err := s.Accounts("").SignUp(t.Context(), weak); reason(err) != "PASSWORD_WEAK" {
		t.Errorf("a password with the id in it: %v", err)
	}
	unread := usertest.SignUpRequest()
	unread.Terms.Accepted = false
	if _, err := s.Accounts("").SignUp(t.Context(), unread); connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Errorf("without consent: %v", err)
	}
}

// [U1] Whatever the spelling, and also when two come at the same moment; an address once somebody has verified it.
func TestIdsAndAddressesAreTakenOnce(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	first := usertest.SignUpRequest()
	if _, err := s.Accounts("").SignUp(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if err := verify(t, s, s.Mails.Code(t, first.GetEmail())); err != nil {
		t.Fatal(err)
	}
	sameID, sameEmail := usertest.SignUpRequest(), usertest.SignUpRequest()
	sameID.LoginId = strings.ToUpper(first.GetLoginId())
	sameEmail.Email = strings.ToUpper(first.GetEmail())
	if _, err := s.Accounts("").SignUp(t.Context(), sameID); reason(err) != "LOGIN_ID_TAKEN" {
		t.Errorf("the same id: %v", err)
	}
	if _, err := s.Accounts("").SignUp(t.Context(), sameEmail); reason(err) != "EMAIL_TAKEN" {
		t.Errorf("the same address: %v", err)
	}
	racing := usertest.SignUpRequest()
	var made, refused sync.Map
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			_, err := s.Accounts("").SignUp(t.Context(), racing)
			if err == nil {
				made.Store(i, true)
			} else {
				refused.Store(reason(err), true)
			}
		})
	}
	all.Wait()
	n := 0
	made.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d accounts were made", n)
	}
	refused.Range(func(reason, _ any) bool {
		if reason != "LOGIN_ID_TAKEN" { // the address is not verified
			t.Errorf("a loser got %v", reason)
		}
		return true
	})
}

// [U1] The answer takes the same time whether the id is free or not.
func TestAvailabilityTakesConstantTime(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p, unverified := s.SignUp(), s.SignUp()
	if err := verify(t, s, s.Mails.Code(t, p.Account.GetEmail())); err != nil {
		t.Fatal(err)
	}
	ask := func(r *userv1.CheckAvailabilityRequest) (bool, time.Duration) {
		start := time.Now()
		response, err := s.Accounts("").CheckAvailability(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		return response.GetAvailable(), time.Since(start)
	}
	byID := func(id string) *userv1.CheckAvailabilityRequest {
		return &userv1.CheckAvailabilityRequest{Subject: &userv1.CheckAvailabilityRequest_LoginId{LoginId: id}}
	}
	byEmail := func(email string) *userv1.CheckAvailabilityRequest {
		return &userv1.CheckAvailabilityRequest{Subject: &userv1.CheckAvailabilityRequest_Email{Email: email}}
	}
	for _, c := range []struct {
		ask  *userv1.CheckAvailabilityRequest
		free bool
	}{
		{byID(strings.ToUpper(p.LoginID)), false},
		{byID("somebodyelse"), true},
		{byEmail(p.Account.GetEmail()), false},
		{byEmail("somebody@else.example"), true},
		{byEmail(unverified.Account.GetEmail()), true},
	} {
		free, took := ask(c.ask)
		if free != c.free || took < 20*time.Millisecond {
			t.Errorf("%v: %v after %v", c.ask, free, took)
		}
	}
}

// [U1] [U3] Only the newest code counts, once, and within a day.
func TestAddressesAreConfirmedByTheNewestCode(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	token := s.LogIn(p, "phone").AccessToken
	accounts := s.Accounts(token)
	verify := func(code string) error {
		_, err := accounts.VerifyEmail(t.Context(), &userv1.VerifyEmailRequest{Code: code})
		return err
	}
	me := func() *userv1.Account {
		response, err := accounts.GetMe(t.Context(), &userv1.GetMeRequest{})
		if err != nil {
			t.Fatal(err)
		}
		return response.GetAccount()
	}
	first := s.Mails.Code(t, p.Account.GetEmail())
	if err := verify("AAAAAAAAAAAAAAAAAAAAAAAAAA"); reason(err) != "VERIFICATION_CODE_INVALID" {
		t.Errorf("a made-up code: %v", err)
	}
	if err := verify(first); err != nil || !me().GetEmailVerified() {
		t.Fatalf("the mailed code: %v, %v", err, me())
	}
	if err := verify(first); reason(err) != "VERIFICATION_CODE_INVALID" {
		t.Errorf("a second time: %v", err)
	}
	change := func(email, password string) error {
		_, err := accounts.ChangeEmail(t.Context(), &userv1.ChangeEmailRequest{Email: email, CurrentPassword: password})
		return err
	}
	if err := change("new@traveller.example", "wrong"); reason(err) != "CREDENTIALS_WRONG" {
		t.Errorf("with a wrong password: %v", err)
	}
	theirs := s.SignUp().Account.GetEmail()
	if err := verify(s.Mails.Code(t, theirs)); err != nil {
		t.Fatal(err)
	}
	if err := change(theirs, p.Password); reason(err) != "EMAIL_TAKEN" {
		t.Errorf("somebody else's address: %v", err)
	}
	for _, email := range []string{"one@traveller.example", "two@traveller.example"} {
		if err := change(email, p.Password); err != nil {
			t.Fatal(err)
		}
	}
	if a := me(); a.GetEmail() != p.Account.GetEmail() || a.GetPendingEmail() != "two@traveller.example" {
		t.Errorf("before the confirmation: %v", a)
	}
	if err := verify(s.Mails.Code(t, "one@traveller.example")); reason(err) != "VERIFICATION_CODE_INVALID" {
		t.Errorf("a superseded code: %v", err)
	}
	if err := verify(s.Mails.Code(t, "two@traveller.example")); err != nil {
		t.Fatal(err)
	}
	if a := me(); a.GetEmail() != "two@traveller.example" || a.GetPendingEmail() != "" || !a.GetEmailVerified() {
		t.Errorf("after the confirmation: %v", a)
	}
	late := s.SignUp()
	code := s.Mails.Code(t, late.Account.GetEmail())
	s.Clock.Advance(25 * time.Hour)
	if err := verify(code); reason(err) != "VERIFICATION_CODE_INVALID" {
		t.Errorf("after a day: %v", err)
	}
}
