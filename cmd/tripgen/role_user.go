package main

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/config"
	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/events"
	"github.com/tripgen/tripgen/services/user/mail"
	"github.com/tripgen/tripgen/services/user/oauth"
	"github.com/tripgen/tripgen/services/user/password"
	userpostgres "github.com/tripgen/tripgen/services/user/postgres"
	userrpc "github.com/tripgen/tripgen/services/user/rpc"
	"github.com/tripgen/tripgen/services/user/web"
)

const (
	// clientCache is how long a client is remembered between tokens.
	clientCache = 2 * time.Second
	// passwordPatience is how long somebody waits for their password's turn to be hashed.
	passwordPatience = 3 * time.Second
)

// keyTimes are the times of signing keys: those who cache the keys do so for minutes, and a token lives for at most 15.
func keyTimes(c config.User) oauth.KeyTimes {
	return oauth.KeyTimes{
		Every: c.KeyRotation, Lead: 30 * time.Minute, Keep: oauth.MaxAccessToken + 5*time.Minute, Reload: 10 * time.Second,
	}
}

// wireUser makes the user role: accounts behind their RPCs, and the OAuth server.
func wireUser(ctx context.Context, r *role) error {
	settings := r.Config.User
	deliver, err := deliverer(settings.Mail, r)
	if err != nil {
		return err
	}
	sender := mail.NewSender(deliver, r.Log)
	store := userpostgres.New(r.Pool, r.Seal, r.Clock, r.Log, sender.Kick)
	server, keys, err := oauthServer(ctx, r, store)
	if err != nil {
		return err
	}
	passwords, err := password.NewHasher(password.HasherConfig{
		Target: settings.PasswordTime, AtOnce: settings.PasswordsAtOnce, Patience: passwordPatience,
	})
	if err != nil {
		return err
	}
	sagas, err := userSagas(ctx, r, store)
	if err != nil {
		return err
	}
	keepers, err := keepersOfData(r)
	if err != nil {
		return err
	}
	writer := kafka.NewWriter(r.Kafka)
	r.Add(kafka.Part("user event writer", writer))
	service := user.New(user.Deps{
		Config: user.Defaults(), Accounts: store, Names: store, Attempts: store, Sessions: store, Confirmations: store,
		Avatars: store, Journal: store, Passwords: passwords, Codes: server, Deletions: store, Exports: store, Keepers: keepers, Sagas: sagas,
		Announcer: events.Announcer{Writer: writer}, Log: r.Log, Clock: r.Clock, IDs: r.IDs,
	})
	if err := launchUserSagas(ctx, r, sagas, service); err != nil {
		return err
	}
	options, err := r.Handlers(rpc.Deps{Resource: userrpc.Resource})
	if err != nil {
		return err
	}
	feed := user.NewFeed(keys.Ahead(store), r.Clock.Now, func(err error) { r.Log.Warn("follow revocations", "error", err) })
	userrpc.Handlers{
		Account: userrpc.NewAccount(service, r.Pages), Revocation: userrpc.NewRevocation(feed),
		Info: userrpc.Info{Version: version, Commit: commit, Clock: r.Clock}, Usage: userrpc.Usage{Store: store},
	}.Mount(r.Server.Handle, options...)
	measure, err := metered(r)
	if err != nil {
		return err
	}
	mount := func(pattern string, h http.Handler) { r.Server.Mount(pattern, measure(pattern, h)) }
	mount(userrpc.AvatarPath, userrpc.Pictures(service, r.Tokens, r.Log))
	mount(userrpc.ArchivePath, userrpc.Archives(service, r.Tokens, r.Log))
	server.Mount(r.Server.Mount, measure)
	web.New(web.Deps{
		Authorizer: server, People: service, Browsers: store, Key: r.Seal.Derive("login-forms"),
		Secure: strings.HasPrefix(r.Config.Auth.Issuer, "https://"), Log: r.Log, Clock: r.Clock, Origin: userrpc.OriginOf,
	}).Mount(mount)
	r.Add(
		app.Part{Name: "signing keys", Run: func(ctx context.Context) error {
			return keys.Run(ctx, func(err error) { r.Log.WarnContext(ctx, "look after signing keys", "error", err) })
		}},
		app.Part{Name: "revocation feed", Run: feed.Run},
		app.Part{Name: "mail sender", Run: func(ctx context.Context) error { return sender.Run(ctx, store) }},
		app.Part{Name: "user janitor", Run: store.Run},
	)
	return nil
}

// oauthServer makes the OAuth server with its keys and the clients that the configuration names.
func oauthServer(ctx context.Context, r *role, store *userpostgres.Store) (*oauth.Server, *oauth.Keys, error) {
	keys, err := oauth.OpenKeys(ctx, store, r.Clock, keyTimes(r.Config.User))
	if err != nil {
		return nil, nil, err
	}
	secrets := oauth.NewSecretHasher(r.Seal.Derive(secretPurpose))
	clients, err := configuredClients(r.Config, secrets)
	if err != nil {
		return nil, nil, err
	}
	if err := oauth.Ensure(ctx, store, r.Clock.Now(), clients...); err != nil {
		return nil, nil, err
	}
	shed := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "tripgen_oauth_shed_total", Help: "Requests at the token endpoint and its like that were refused for there being too many at once.",
	})
	if err := r.Metrics.Register(shed); err != nil {
		return nil, nil, err
	}
	settings := oauth.Defaults(r.Config.Auth.Issuer)
	settings.AccessToken, settings.Session = r.Config.User.AccessToken, r.Config.User.Session
	server, err := oauth.New(oauth.Deps{
		Config: settings, Clients: oauth.Cached(store, r.Clock, clientCache), Grants: store, Accounts: store, Keys: keys,
		CodeKey: r.Seal.Derive("oauth-codes"), RefreshKeys: [][]byte{r.Seal.Derive("oauth-refresh-tokens")},
		SecretKey: r.Seal.Derive(secretPurpose), Origin: userrpc.OriginOf, Shed: shed.Inc, Log: r.Log, Clock: r.Clock, IDs: r.IDs,
	})
	return server, keys, err
}

// secretPurpose names the key that client secrets are hashed with.
const secretPurpose = "oauth-client-secrets"

// configuredClients are TripGen's own apps, the services that have a secret, and the partner to try things with.
func configuredClients(c config.Config, secrets oauth.SecretHasher) ([]oauth.Client, error) {
	clients := oauth.FirstParty(c.User.AppRedirects, c.User.WebRedirects)
	for _, own := range []config.Client{c.Clients.User, c.Clients.Trip, c.Clients.AI, c.Clients.Location, c.Clients.Worker} {
		if own.Secret == "" {
			continue
		}
		hash, err := secrets.Hash(context.Background(), []byte(own.Secret.Reveal()))
		if err != nil {
			return nil, err
		}
		clients = append(clients, oauth.Internal(own.ID, hash))
	}
	if partner := c.Clients.Partner; partner.Secret != "" {
		hash, err := secrets.Hash(context.Background(), []byte(partner.Secret.Reveal()))
		if err != nil {
			return nil, err
		}
		clients = append(clients, oauth.Partner(partner.ID, "Demo partner", hash))
	}
	return clients, nil
}

// deliverer is how mails leave: by SMTP, or into a folder.
func deliverer(c config.Mail, r *role) (mail.Deliverer, error) {
	if c.Host == "" {
		return mail.Folder{Dir: c.Folder, From: c.From, Log: r.Log}, nil
	}
	return mail.NewSMTP(mail.SMTPConfig{
		Host: c.Host, Port: c.Port, User: c.Login, Password: c.Password.Reveal(), From: c.From, Insecure: c.Plain,
	})
}
