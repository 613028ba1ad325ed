package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/go-jose/go-jose/v3"
	"github.com/google/uuid"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/config"
	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/internal/seal"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/oauth"
	userpostgres "github.com/tripgen/tripgen/services/user/postgres"
)

// clientsCmd manages the OAuth clients of partners and other apps.
type clientsCmd struct {
	Create clientsCreateCmd `cmd:"" help:"Register a client and print its secret, once."`
	List   clientsListCmd   `cmd:"" help:"List all clients."`
	Rotate clientsRotateCmd `cmd:"" help:"Give a client a new secret; the old one holds for a while."`
	Revoke clientsRevokeCmd `cmd:"" help:"End a client for good, with all its sessions and tokens."`
}

// userTools are the user service's stores, opened for one command.
type userTools struct {
	store   *userpostgres.Store
	secrets oauth.SecretHasher
	clock   clock.Clock
	close   func()
}

// openUserTools opens the user database with the keys that the configuration names.
func openUserTools(ctx context.Context, c *commands) (*userTools, config.Config, error) {
	settings, err := c.settings()
	if err != nil {
		return nil, settings, err
	}
	if settings.Postgres.User == "" || settings.Seal.KeyFile == "" {
		return nil, settings, fmt.Errorf("postgres.user and seal.key_file have to be set")
	}
	sealer, err := seal.Load(settings.Seal.KeyFile)
	if err != nil {
		return nil, settings, err
	}
	pool, err := postgres.Open(ctx, postgres.Config{URL: settings.Postgres.User.Reveal(), MaxConns: 2})
	if err != nil {
		return nil, settings, err
	}
	system := clock.System{}
	store := userpostgres.New(pool, sealer, system, newLog(settings), func() {})
	return &userTools{
		store: store, secrets: oauth.NewSecretHasher(sealer.Derive(secretPurpose)), clock: system, close: pool.Close,
	}, settings, nil
}

// clientsCreateCmd registers a client.
type clientsCreateCmd struct {
	Name     string   `arg:"" help:"Name that people are shown."`
	ID       string   `help:"Client id; made up where none is given." placeholder:"ID"`
	Grants   []string `help:"client_credentials, authorization_code, refresh_token." default:"client_credentials" enum:"client_credentials,authorization_code,refresh_token" sep:","`
	Scopes   []string `help:"Scopes that it may have; those of partners where none is given." placeholder:"SCOPE"`
	Redirect []string `help:"Redirect address, for authorization_code; may be repeated." placeholder:"URI"`
	Public   bool     `help:"An app that cannot keep a secret: PKCE alone protects it."`
	Keys     string   `help:"File with the client's public keys (JWKS), for private_key_jwt instead of a secret." type:"existingfile" placeholder:"FILE"`
}

// Help is the long help.
func (clientsCreateCmd) Help() string {
	return `Examples:
  tripgen clients create "Travel agency"
  tripgen clients create "Planner app" --public --grants authorization_code,refresh_token --redirect com.example.planner:/callback --scopes trips.read,offline_access
  tripgen clients create "Bank" --keys bank-jwks.json

The secret is printed once and kept only as a keyed hash.`
}

// Run is the command.
func (k *clientsCreateCmd) Run(ctx context.Context, c *commands) error {
	tools, _, err := openUserTools(ctx, c)
	if err != nil {
		return err
	}
	defer tools.close()
	asked, err := k.client()
	if err != nil {
		return err
	}
	existing, err := tools.store.AllClients(ctx)
	if err != nil {
		return err
	}
	for _, other := range existing {
		if other.ID == asked.ID {
			return fmt.Errorf("there is a client %s already", asked.ID)
		}
	}
	made, secret, err := oauth.NewClient(asked, tools.secrets, tools.clock.Now())
	if err != nil {
		return err
	}
	if err := tools.store.SaveClient(ctx, made, user.ClientCreated); err != nil {
		return err
	}
	return printSecret(c.stdout(), made.ID, secret)
}

func (k *clientsCreateCmd) client() (oauth.Client, error) {
	c := oauth.Client{
		ID: k.ID, Name: k.Name, AuthMethod: oauth.AuthSecret, Grants: k.Grants, Scopes: k.Scopes, RedirectURIs: k.Redirect,
	}
	if c.ID == "" {
		c.ID = "client_" + uuid.NewString()
	}
	if len(c.Scopes) == 0 {
		c.Scopes = oauth.PartnerScopes()
	}
	switch {
	case k.Public && k.Keys != "":
		return c, fmt.Errorf("a client is either public or has keys")
	case k.Public:
		c.AuthMethod = oauth.AuthNone
	case k.Keys != "":
		content, err := os.ReadFile(k.Keys)
		if err != nil {
			return c, err
		}
		c.AuthMethod, c.Keys = oauth.AuthKey, new(jose.JSONWebKeySet)
		if err := json.Unmarshal(content, c.Keys); err != nil {
			return c, fmt.Errorf("%s: %w", k.Keys, err)
		}
	}
	return c, nil
}

func printSecret(w io.Writer, id, secret string) error {
	if _, err := fmt.Fprintf(w, "client_id: %s\n", id); err != nil {
		return err
	}
	if secret == "" {
		return nil
	}
	_, err := fmt.Fprintf(w, "client_secret: %s\n", secret)
	return err
}

// clientsListCmd lists clients.
type clientsListCmd struct{}

// Run is the command.
func (clientsListCmd) Run(ctx context.Context, c *commands) error {
	tools, _, err := openUserTools(ctx, c)
	if err != nil {
		return err
	}
	defer tools.close()
	clients, err := tools.store.AllClients(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(c.stdout(), 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "ID\tNAME\tAUTHENTICATION\tGRANTS\tSCOPES\tCREATED\tSTATE") // Flush gives the error
	for _, one := range clients {
		state := "in use"
		if !one.Revoked.IsZero() {
			state = "revoked " + one.Revoked.Format(time.DateOnly)
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", one.ID, one.Name, one.AuthMethod,
			strings.Join(one.Grants, " "), strings.Join(one.Scopes, " "), one.Created.Format(time.DateOnly), state)
	}
	return table.Flush()
}

// clientsRotateCmd changes a client's secret.
type clientsRotateCmd struct {
	ID      string        `arg:"" help:"Client id."`
	Overlap time.Duration `help:"How long the old secret still holds." default:"24h"`
}

// Run is the command.
func (k *clientsRotateCmd) Run(ctx context.Context, c *commands) error {
	tools, _, err := openUserTools(ctx, c)
	if err != nil {
		return err
	}
	defer tools.close()
	client, err := tools.store.Client(ctx, k.ID)
	if err != nil {
		return err
	}
	changed, secret, err := client.RotateSecret(tools.secrets, tools.clock.Now(), k.Overlap)
	if err != nil {
		return err
	}
	if err := tools.store.SaveClient(ctx, changed, user.ClientRotated); err != nil {
		return err
	}
	return printSecret(c.stdout(), changed.ID, secret)
}

// clientsRevokeCmd ends a client.
type clientsRevokeCmd struct {
	ID string `arg:"" help:"Client id."`
}

// Run is the command.
func (k *clientsRevokeCmd) Run(ctx context.Context, c *commands) error {
	tools, _, err := openUserTools(ctx, c)
	if err != nil {
		return err
	}
	defer tools.close()
	return tools.store.RevokeClient(ctx, k.ID, tools.clock.Now())
}
