package rpc_test

import (
	"bytes"
	"crypto/rand"
	"image"
	"image/jpeg"
	"image/png"
	"net/http"
	"slices"
	"testing"

	"connectrpc.com/connect"
	"golang.org/x/oauth2"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/services/user/usertest"
)

// [U3]
func TestTheProfileChangesByMaskAndRevision(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	accounts := s.Accounts(s.LogIn(s.SignUp(), "phone").AccessToken)
	update := func(revision int64, paths ...string) (*userv1.Account, error) {
		response, err := accounts.UpdateMe(t.Context(), &userv1.UpdateMeRequest{
			Account:    &userv1.Account{Name: "Ada Lovelace", Phone: "010-9999-8888", Language: userv1.Language_LANGUAGE_EN, Email: "x@y.example"},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}, Revision: revision,
		})
		return response.GetAccount(), err
	}
	changed, err := update(1, "name")
	if err != nil || changed.GetName() != "Ada Lovelace" || changed.GetPhone() != "+821023456789" || changed.GetRevision() != 2 {
		t.Fatalf("by name: %v, %v", changed, err)
	}
	_, err = update(1, "phone")
	present, _ := detail[*userv1.Account](err)
	if reason(err) != "STALE_REVISION" || present.GetRevision() != 2 || present.GetName() != "Ada Lovelace" {
		t.Errorf("with an old revision: %v, %v", err, present)
	}
	if changed, err = update(2, "phone", "language"); err != nil || changed.GetPhone() != "+821099998888" || changed.GetLanguage() != userv1.Language_LANGUAGE_EN {
		t.Errorf("phone and language: %v, %v", changed, err)
	}
	if _, err := update(3, "email"); connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Errorf("an address without its confirmation: %v", err)
	}
}

// [U3] The other devices are logged out.
func TestAChangedPasswordEndsTheOtherSessions(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	phone, laptop := s.LogIn(p, "phone"), s.LogIn(p, "laptop")
	accounts := s.Accounts(phone.AccessToken)
	change := func(current, next string) (*userv1.ChangePasswordResponse, error) {
		return accounts.ChangePassword(t.Context(), &userv1.ChangePasswordRequest{CurrentPassword: current, NewPassword: next})
	}
	if _, err := change("wrong", "another7-Kite"); reason(err) != "CREDENTIALS_WRONG" {
		t.Errorf("with a wrong password: %v", err)
	}
	if _, err := change(p.Password, "Password1!"); reason(err) != "PASSWORD_WEAK" {
		t.Errorf("a breached one: %v", err)
	}
	response, err := change(p.Password, "another7-Kite_lagoon")
	if err != nil || response.GetSessionsEnded() != 1 || response.GetPasswordStrength() != userv1.PasswordStrength_PASSWORD_STRENGTH_STRONG {
		t.Fatalf("ChangePassword = %v, %v", response, err)
	}
	renew := func(refresh string) error {
		_, err := s.CLI().TokenSource(t.Context(), &oauth2.Token{RefreshToken: refresh}).Token()
		return err
	}
	if renew(laptop.RefreshToken) == nil {
		t.Error("the other device is still logged in")
	}
	if err := renew(phone.RefreshToken); err != nil {
		t.Errorf("this device: %v", err)
	}
	if err := signIn(t, s, p.LoginID, p.Password); reason(err) != "CREDENTIALS_WRONG" {
		t.Errorf("the old password: %v", err)
	}
	if err := signIn(t, s, p.LoginID, "another7-Kite_lagoon"); err != nil {
		t.Errorf("the new password: %v", err)
	}
}

// [U2]
func TestSessionsAreListedByPageAndEnded(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	p := s.SignUp()
	for _, device := range []string{"phone", "laptop", "tablet"} {
		s.LogIn(p, device)
	}
	token := s.LogIn(p, "desk").AccessToken
	accounts := s.Accounts(token)
	var names []string
	var laptop string
	for page := ""; ; {
		response, err := accounts.ListSessions(t.Context(), &userv1.ListSessionsRequest{PageSize: 3, PageToken: page})
		if err != nil {
			t.Fatal(err)
		}
		for _, session := range response.GetSessions() {
			names = append(names, session.GetDeviceName())
			if session.GetCurrent() != (session.GetDeviceName() == "desk") {
				t.Errorf("%v is the current one: %v", session.GetDeviceName(), session.GetCurrent())
			}
			if session.GetDeviceName() == "laptop" {
				laptop = session.GetId()
			}
		}
		if page = response.GetNextPageToken(); page == "" {
			break
		}
	}
	if want := []string{"desk", "tablet", "laptop", "phone"}; !slices.Equal(names, want) {
		t.Errorf("sessions = %v, want %v", names, want)
	}
	if _, err := accounts.EndSession(t.Context(), &userv1.EndSessionRequest{SessionId: laptop}); err != nil {
		t.Fatal(err)
	}
	if _, err := accounts.EndSession(t.Context(), &userv1.EndSessionRequest{SessionId: laptop}); connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("a second time: %v", err)
	}
	stranger := s.Accounts(s.LogIn(s.SignUp(), "theirs").AccessToken)
	response, err := accounts.ListSessions(t.Context(), &userv1.ListSessionsRequest{})
	if err != nil || len(response.GetSessions()) != 3 {
		t.Fatalf("sessions = %v, %v", response, err)
	}
	if _, err := stranger.EndSession(t.Context(), &userv1.EndSessionRequest{SessionId: response.GetSessions()[0].GetId()}); connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("somebody else's session: %v", err)
	}
}

// [U3] A picture is there for its owner alone, until it is taken away.
func TestAnAvatarIsItsOwners(t *testing.T) {
	t.Parallel()
	s := usertest.Start(t, usertest.Options{})
	token := s.LogIn(s.SignUp(), "phone").AccessToken
	accounts := s.Accounts(token)
	var picture bytes.Buffer
	noise := image.NewRGBA(image.Rect(0, 0, 1200, 1000))
	if _, err := rand.Read(noise.Pix); err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(&picture, noise); err != nil || picture.Len() < 4<<20 || picture.Len() > 5<<20 {
		t.Fatalf("%d bytes, %v", picture.Len(), err)
	}
	set, err := accounts.SetAvatar(t.Context(), &userv1.SetAvatarRequest{Image: picture.Bytes()})
	if err != nil {
		t.Fatal(err)
	}
	get := func(path, token string) (int, []byte) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		var body bytes.Buffer
		if _, err := body.ReadFrom(res.Body); err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, body.Bytes()
	}
	avatar := set.GetAccount().GetAvatar()
	status, body := get(avatar.GetThumbnailPath(), token)
	if size, err := jpeg.DecodeConfig(bytes.NewReader(body)); status != http.StatusOK || err != nil || size.Width != 128 {
		t.Errorf("thumbnail: %d, %v, %v", status, size, err)
	}
	if status, _ := get(avatar.GetPath(), token); status != http.StatusOK {
		t.Errorf("picture: %d", status)
	}
	if status, _ := get(avatar.GetPath(), ""); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", status)
	}
	if status, _ := get(avatar.GetPath(), s.LogIn(s.SignUp(), "theirs").AccessToken); status != http.StatusNotFound {
		t.Errorf("with somebody else's token: %d", status)
	}
	removed, err := accounts.RemoveAvatar(t.Context(), &userv1.RemoveAvatarRequest{})
	if err != nil || removed.GetAccount().GetAvatar() != nil {
		t.Errorf("RemoveAvatar = %v, %v", removed, err)
	}
	if status, _ := get(avatar.GetPath(), token); status != http.StatusNotFound {
		t.Errorf("after its removal: %d", status)
	}
}
