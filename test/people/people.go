// Package people signs travellers up at a gateway, for tests and measurements.
package people

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"golang.org/x/oauth2"

	tripgen "github.com/tripgen/tripgen/sdk/go"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
)

// What people log in with: the client that everybody may use, and its redirection.
const (
	ClientID    = "tripgen-cli"
	RedirectURI = "http://127.0.0.1/callback"
)

// Person is a traveller.
type Person struct {
	LoginID, Password, Email string
	// Client calls for them, Tokens are theirs and renew themselves; nil before they are logged in.
	Client *tripgen.Client
	Tokens oauth2.TokenSource
}

// New thinks somebody up, who has not signed up yet.
func New() *Person {
	p := &Person{LoginID: "p" + strings.ToLower(rand.Text()[:14]), Password: rand.Text() + "-7a"}
	p.Email = p.LoginID + "@traveller.example"
	return p
}

// SignUpRequest is what they sign up with.
func (p *Person) SignUpRequest() *userv1.SignUpRequest {
	return &userv1.SignUpRequest{
		Name: "김하늘", Email: p.Email, Phone: "010-1234-5678", LoginId: p.LoginID, Password: p.Password,
		Terms: &userv1.TermsConsent{Version: "2026-01-01", Accepted: true},
	}
}

// LogInParams is what they log in with.
func (p *Person) LogInParams() tripgen.LogInParams {
	return tripgen.LogInParams{
		LoginID: p.LoginID, Password: p.Password, ClientID: ClientID, RedirectURI: RedirectURI, DeviceName: "test",
	}
}

// SignUp signs somebody new up at a gateway and logs them in.
func SignUp(ctx context.Context, gateway string) (*Person, error) {
	p := New()
	anonymous, err := tripgen.New(gateway)
	if err != nil {
		return nil, err
	}
	if _, err := anonymous.Account.SignUp(ctx, p.SignUpRequest()); err != nil {
		return nil, fmt.Errorf("sign up: %w", err)
	}
	return p, p.LogIn(ctx, gateway)
}

// LogIn gives them new tokens.
func (p *Person) LogIn(ctx context.Context, gateway string) error {
	anonymous, err := tripgen.New(gateway)
	if err != nil {
		return err
	}
	if p.Tokens, err = anonymous.LogIn(ctx, p.LogInParams()); err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	p.Client, err = tripgen.New(gateway, tripgen.WithTokenSource(p.Tokens))
	return err
}

// SignUpMany signs some up and logs them in.
func SignUpMany(ctx context.Context, gateway string, n int) ([]*Person, error) {
	all := make([]*Person, n)
	for i := range all {
		var err error
		if all[i], err = SignUp(ctx, gateway); err != nil {
			return nil, err
		}
	}
	return all, nil
}
