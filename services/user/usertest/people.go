package usertest

import (
	"crypto/rand"
	"strings"

	"golang.org/x/oauth2"

	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
	"github.com/tripgen/tripgen/services/user/oauth"
)

// Person is somebody with an account.
type Person struct {
	Account           *userv1.Account
	LoginID, Password string
}

// RedirectURI is the command line's.
const RedirectURI = "http://127.0.0.1/callback"

// SignUpRequest is a complete request of somebody new.
func SignUpRequest() *userv1.SignUpRequest {
	name := "user" + strings.ToLower(rand.Text()[:12])
	return &userv1.SignUpRequest{
		Name: "김민수", Email: name + "@traveller.example", Phone: "010-2345-6789", LoginId: name,
		Password: "maple9!Otter_quarry", Terms: &userv1.TermsConsent{Version: "2026-01-01", Accepted: true},
	}
}

// SignUp makes an account.
func (s *Service) SignUp() Person {
	s.t.Helper()
	request := SignUpRequest()
	response, err := s.Accounts("").SignUp(s.t.Context(), request)
	must(s.t, err)
	return Person{Account: response.GetAccount(), LoginID: request.GetLoginId(), Password: request.GetPassword()}
}

// CLI is the command line's OAuth configuration.
func (s *Service) CLI(scopes ...string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: oauth.ClientCLI, RedirectURL: RedirectURI, Scopes: scopes,
		Endpoint: oauth2.Endpoint{
			AuthURL: s.URL + "/oauth2/auth", TokenURL: s.URL + "/oauth2/token", AuthStyle: oauth2.AuthStyleInParams,
		},
	}
}

// Code logs a person in natively and gives the code with the verifier that redeems it.
func (s *Service) Code(p Person, device string) (code, verifier string) {
	s.t.Helper()
	verifier = oauth2.GenerateVerifier()
	response, err := s.Accounts("").SignIn(s.t.Context(), &userv1.SignInRequest{
		LoginId: p.LoginID, Password: p.Password, ClientId: oauth.ClientCLI, RedirectUri: RedirectURI,
		CodeChallenge: oauth2.S256ChallengeFromVerifier(verifier), DeviceName: device,
	})
	must(s.t, err)
	return response.GetAuthorizationCode(), verifier
}

// LogIn logs a person in natively and redeems the code.
func (s *Service) LogIn(p Person, device string) *oauth2.Token {
	s.t.Helper()
	code, verifier := s.Code(p, device)
	token, err := s.CLI().Exchange(s.t.Context(), code, oauth2.VerifierOption(verifier))
	must(s.t, err)
	return token
}
