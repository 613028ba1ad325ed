package fleet

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"golang.org/x/oauth2"

	tripgen "github.com/tripgen/tripgen/sdk/go"
	userv1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1"
)

// People signs some up at a gateway and gives their tokens, which renew themselves.
func People(ctx context.Context, gateway string, n int) ([]oauth2.TokenSource, error) {
	client, err := tripgen.New(gateway)
	if err != nil {
		return nil, err
	}
	var people []oauth2.TokenSource
	for range n {
		id, password := "f"+strings.ToLower(rand.Text()[:14]), rand.Text()+"-7a"
		if _, err := client.Account.SignUp(ctx, &userv1.SignUpRequest{
			Name: "김하늘", Email: id + "@traveller.example", Phone: "010-1234-5678", LoginId: id, Password: password,
			Terms: &userv1.TermsConsent{Version: "2026-01-01", Accepted: true},
		}); err != nil {
			return nil, fmt.Errorf("sign up: %w", err)
		}
		tokens, err := client.LogIn(ctx, tripgen.LogInParams{LoginID: id, Password: password, ClientID: "tripgen-cli", RedirectURI: "http://127.0.0.1/callback"})
		if err != nil {
			return nil, fmt.Errorf("log in: %w", err)
		}
		people = append(people, tokens)
	}
	return people, nil
}
