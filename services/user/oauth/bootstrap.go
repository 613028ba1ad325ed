package oauth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tripgen/tripgen/services/user"
)

// The clients that every deployment has.
const (
	ClientCLI    = "tripgen-cli"
	ClientMobile = "tripgen-mobile"
	ClientWeb    = "tripgen-web"
)

// FirstParty are TripGen's own apps: the command line, and the mobile and web apps at these addresses.
func FirstParty(appRedirects, webRedirects []string) []Client {
	app := func(id, name string, redirects []string) Client {
		return Client{
			ID: id, Name: name, FirstParty: true, AuthMethod: AuthNone,
			Grants: []string{GrantCode, GrantRefresh}, Scopes: TravellerScopes(), RedirectURIs: redirects,
		}
	}
	return []Client{
		app(ClientCLI, "TripGen CLI", []string{"http://127.0.0.1/callback", "http://[::1]/callback"}),
		app(ClientMobile, "TripGen", appRedirects),
		app(ClientWeb, "TripGen Web", webRedirects),
	}
}

// Internal is the client as which a service of TripGen calls another.
func Internal(id string, secretHash []byte) Client {
	return Client{
		ID: id, Name: id, FirstParty: true, AuthMethod: AuthSecret, SecretHash: secretHash,
		Grants: []string{GrantCredentials}, Scopes: []string{ScopeInternal},
	}
}

// Partner is a partner's client that acts for itself.
func Partner(id, name string, secretHash []byte) Client {
	return Client{
		ID: id, Name: name, AuthMethod: AuthSecret, SecretHash: secretHash,
		Grants: []string{GrantCredentials}, Scopes: PartnerScopes(),
	}
}

// Ensure makes sure that the clients are there as given, and writes only what differs. A client that was revoked stays
// so.
func Ensure(ctx context.Context, store Clients, now time.Time, clients ...Client) error {
	there, err := store.AllClients(ctx)
	if err != nil {
		return fmt.Errorf("ensure clients: %w", err)
	}
	for _, c := range clients {
		for _, uri := range c.RedirectURIs {
			if problem := CheckRedirect(uri); problem != "" {
				return fmt.Errorf("client %s: redirect address %s %s", c.ID, uri, problem)
			}
		}
		kind := user.ClientCreated
		c.Created = now
		if i := slices.IndexFunc(there, func(o Client) bool { return o.ID == c.ID }); i >= 0 {
			if !there[i].Revoked.IsZero() || there[i].same(c) {
				continue
			}
			kind = user.ClientChanged
			c.Created = there[i].Created
			if !bytes.Equal(c.SecretHash, there[i].SecretHash) {
				kind = user.ClientRotated
			}
		}
		if err := store.SaveClient(ctx, c, kind); err != nil {
			return fmt.Errorf("ensure client %s: %w", c.ID, err)
		}
	}
	return nil
}

// same compares what a configuration can say of a client.
func (c Client) same(o Client) bool {
	return c.Name == o.Name && c.FirstParty == o.FirstParty && c.AuthMethod == o.AuthMethod &&
		bytes.Equal(c.SecretHash, o.SecretHash) && slices.Equal(c.Grants, o.Grants) &&
		slices.Equal(c.Scopes, o.Scopes) && slices.Equal(c.RedirectURIs, o.RedirectURIs)
}

// NewClient completes a client that somebody registers: it checks what is asked for, and gives the secret that is shown
// once, if the client has one.
func NewClient(c Client, hasher SecretHasher, now time.Time) (Client, string, error) {
	switch {
	case c.ID == "" || c.Name == "":
		return Client{}, "", errors.New("a client has an id and a name")
	case len(c.Grants) == 0:
		return Client{}, "", errors.New("a client has at least one grant")
	case slices.Contains(c.Grants, GrantCode) && len(c.RedirectURIs) == 0:
		return Client{}, "", errors.New("the authorization code flow needs a redirect address")
	case c.AuthMethod == AuthKey && (c.Keys == nil || len(c.Keys.Keys) == 0):
		return Client{}, "", errors.New("private_key_jwt needs the client's public keys")
	case c.AuthMethod == AuthNone && slices.Contains(c.Grants, GrantCredentials):
		return Client{}, "", errors.New("a client without credentials cannot act for itself")
	}
	for _, uri := range c.RedirectURIs {
		if problem := CheckRedirect(uri); problem != "" {
			return Client{}, "", fmt.Errorf("redirect address %s %s", uri, problem)
		}
	}
	for _, scope := range c.Scopes {
		if !slices.Contains(PublicScopes(), scope) {
			return Client{}, "", fmt.Errorf("there is no scope %q that a client could have", scope)
		}
	}
	c.Created = now
	if c.AuthMethod != AuthSecret {
		return c, "", nil
	}
	secret := NewSecret()
	hash, err := hasher.Hash(context.Background(), []byte(secret))
	c.SecretHash = hash
	return c, secret, err
}

// RotateSecret gives the client a new secret; the old one holds until the overlap is over.
func (c Client) RotateSecret(hasher SecretHasher, now time.Time, overlap time.Duration) (Client, string, error) {
	if c.AuthMethod != AuthSecret {
		return Client{}, "", fmt.Errorf("client %s has no secret", c.ID)
	}
	secret := NewSecret()
	hash, err := hasher.Hash(context.Background(), []byte(secret))
	if err != nil {
		return Client{}, "", err
	}
	c.OldSecretHash, c.OldSecretEnds, c.SecretHash = c.SecretHash, now.Add(overlap), hash
	return c, secret, nil
}
