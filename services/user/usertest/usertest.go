// Package usertest runs the whole user service in a test: on a real port, a real database, with its own tokens.
package usertest

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/oauth2"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/authn"
	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/page"
	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/internal/seal"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1/userv1connect"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/mail"
	"github.com/tripgen/tripgen/services/user/oauth"
	"github.com/tripgen/tripgen/services/user/password"
	"github.com/tripgen/tripgen/services/user/postgres"
	userrpc "github.com/tripgen/tripgen/services/user/rpc"
	"github.com/tripgen/tripgen/services/user/web"
)

// Secrets of the clients that the service starts with.
const (
	InternalClient, InternalSecret = "tripgen-trip", "internal-secret"
	PartnerClient, PartnerSecret   = "tripgen-demo-partner", "partner-secret"
)

// Service is a running user service.
type Service struct {
	t testing.TB
	// URL is where it listens, and its issuer.
	URL   string
	Pool  *pgxpool.Pool
	Store *postgres.Store
	Seal  *seal.Sealer
	OAuth *oauth.Server
	Keys  *oauth.Keys
	// Passwords hashes them.
	Passwords *password.Hasher
	User      *user.Service
	// Clock is what the service goes by; Fosite itself goes by the machine's.
	Clock *clock.Fake
	// Secrets hashes client secrets as the service does.
	Secrets oauth.SecretHasher
	Mails   *Mails
	// Keeper stands for each of the other services that have data of persons.
	Keeper *Keeper
	log    *slog.Logger
}

// Options change how the service is set up.
type Options struct {
	// Grace replaces the times of used refresh tokens.
	Grace *oauth.GraceTimes
	// Keys replaces the times of signing keys.
	Keys *oauth.KeyTimes
	// AtOnce replaces the bound of requests under way.
	AtOnce int
	// Hashes replaces how passwords are hashed.
	Hashes *password.HasherConfig
	// Patience replaces the bound of such a request's time.
	Patience time.Duration
	// Clients stands in front of the store of clients.
	Clients func(oauth.Clients) oauth.Clients
}

// Start runs the service until the test ends.
func Start(t testing.TB, o Options) *Service {
	t.Helper()
	content, err := seal.Generate()
	must(t, err)
	sealer, err := seal.New(content)
	must(t, err)
	s := &Service{
		t: t, Pool: postgrestest.New(t, postgres.Migrations()), Seal: sealer, Mails: &Mails{}, Keeper: NewKeeper(),
		Clock: clock.NewFake(time.Now()), Secrets: oauth.NewSecretHasher(sealer.Derive("secrets")),
		log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	sender := mail.NewSender(s.Mails, s.log)
	s.Store = postgres.New(s.Pool, sealer, s.Clock, s.log, sender.Kick)
	s.registerClients()
	s.openKeys(o)
	server := rpc.NewServer(rpc.ServerConfig{Name: "user", Addr: "127.0.0.1:0", Log: s.log, Ready: new(app.Readiness)})
	var mount lateHandler
	server.Mount("/oauth2/", &mount)
	server.Mount("/.well-known/", &mount)
	s.mountRPC(o, server, &mount)
	part, err := server.Listen(t.Context())
	must(t, err)
	s.URL = "http://" + server.Addr()
	s.startOAuth(o, &mount)
	run(t, part.Run)
	run(t, func(ctx context.Context) error { return sender.Run(ctx, s.Store) })
	return s
}

// lateHandler is a handler that is known only after the server has its address, which the issuer is named by.
type lateHandler struct {
	mux  *http.ServeMux
	user lateService
}

// ServeHTTP serves.
func (h *lateHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

type lateService struct{ user.Codes }

func (s *Service) registerClients() {
	hash := func(secret string) []byte {
		h, err := s.Secrets.Hash(s.t.Context(), []byte(secret))
		must(s.t, err)
		return h
	}
	clients := append(oauth.FirstParty([]string{"com.tripgen.app:/oauth2/callback"}, []string{"https://app.example/callback"}),
		oauth.Internal(InternalClient, hash(InternalSecret)),
		oauth.Partner(PartnerClient, "Demo partner", hash(PartnerSecret)))
	must(s.t, oauth.Ensure(s.t.Context(), s.Store, s.Clock.Now(), clients...))
}

func (s *Service) mountRPC(o Options, server *rpc.Server, late *lateHandler) {
	hashes := password.HasherConfig{Target: time.Millisecond, AtOnce: 2, Patience: time.Minute}
	if o.Hashes != nil {
		hashes = *o.Hashes
	}
	hasher, err := password.NewHasher(hashes)
	must(s.t, err)
	s.Passwords = hasher
	settings := user.Defaults()
	settings.AvailabilityTime = 20 * time.Millisecond
	sagas := s.newSagas()
	s.User = user.New(user.Deps{
		Config: settings, Accounts: s.Store, Names: s.Store, Attempts: s.Store, Sessions: s.Store, Confirmations: s.Store,
		Avatars: s.Store, Journal: s.Store, Passwords: hasher, Codes: &late.user, Deletions: s.Store, Exports: s.Store,
		Keepers: map[string]user.Keeper{"trip": s.Keeper, "ai": s.Keeper, "location": s.Keeper}, Sagas: sagas, Announcer: s.Keeper,
		Log: s.log, Clock: s.Clock, IDs: id.Random{},
	})
	s.runSagas(sagas)
	pages, err := page.NewTokens(s.Seal.Derive("pages"))
	must(s.t, err)
	tokens := lateVerifier{s}
	options, err := rpc.HandlerOptions(rpc.Deps{Log: s.log, Tokens: tokens, Resource: userrpc.Resource})
	must(s.t, err)
	feed := user.NewFeed(s.Keys.Ahead(s.Store), s.Clock.Now, func(err error) { s.log.Warn("revocation feed", "error", err) })
	run(s.t, feed.Run)
	userrpc.Handlers{
		Account: userrpc.NewAccount(s.User, pages), Revocation: userrpc.NewRevocation(feed),
		Info: userrpc.Info{Version: "1.2.3", Clock: s.Clock}, Usage: userrpc.Usage{Store: s.Store},
	}.Mount(server.Handle, options...)
	server.Mount(userrpc.AvatarPath, userrpc.Pictures(s.User, tokens, s.log))
	server.Mount(userrpc.ArchivePath, userrpc.Archives(s.User, tokens, s.log))
}

// lateVerifier checks tokens against the service's published keys.
type lateVerifier struct{ s *Service }

// Verify checks a token.
func (v lateVerifier) Verify(ctx context.Context, token string) (authn.Principal, error) {
	return v.s.Verifier().Verify(ctx, token)
}

// Verifier is what another service would check tokens with.
func (s *Service) Verifier() *authn.Verifier {
	return authn.NewVerifier(authn.VerifierConfig{
		Issuer: s.URL, Audience: oauth.Audience, KeysURL: s.URL + "/.well-known/jwks.json",
	})
}

func (s *Service) openKeys(o Options) {
	times := oauth.KeyTimes{Lead: 30 * time.Minute, Keep: 20 * time.Minute, Reload: time.Hour}
	if o.Keys != nil {
		times = *o.Keys
	}
	keys, err := oauth.OpenKeys(s.t.Context(), s.Store, s.Clock, times)
	must(s.t, err)
	s.Keys = keys
}

func (s *Service) startOAuth(o Options, late *lateHandler) {
	config := oauth.Defaults(s.URL)
	if o.Grace != nil {
		config.Grace = *o.Grace
	}
	if o.AtOnce > 0 {
		config.AtOnce = o.AtOnce
	}
	if o.Patience > 0 {
		config.Patience = o.Patience
	}
	clients := oauth.Clients(s.Store)
	if o.Clients != nil {
		clients = o.Clients(clients)
	}
	server, err := oauth.New(oauth.Deps{
		Config: config, Clients: clients, Grants: s.Store, Accounts: s.Store, Keys: s.Keys,
		CodeKey: s.Seal.Derive("codes"), RefreshKeys: [][]byte{s.Seal.Derive("refresh")}, SecretKey: s.Seal.Derive("secrets"),
		Origin: userrpc.OriginOf, Log: s.log, Clock: s.Clock, IDs: id.Random{},
	})
	must(s.t, err)
	s.OAuth = server
	late.mux = http.NewServeMux()
	late.user.Codes = server
	server.Mount(late.mux.Handle, nil)
	web.New(web.Deps{
		Authorizer: server, People: s.User, Browsers: s.Store, Key: s.Seal.Derive("forms"), Log: s.log, Clock: s.Clock,
		Origin: userrpc.OriginOf,
	}).Mount(late.mux.Handle)
}

// run runs fn until the test ends, and awaits its end.
func run(t testing.TB, fn func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- fn(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// Accounts calls AccountService with the token; empty for none.
func (s *Service) Accounts(token string) userv1connect.AccountServiceClient {
	client := http.DefaultClient
	if token != "" {
		client = oauth2.NewClient(s.t.Context(), oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token}))
	}
	return userv1connect.NewAccountServiceClient(client, s.URL, connect.WithProtoJSON())
}

// Browser is a client with cookies that follows no redirects.
func (s *Service) Browser() *http.Client {
	jar, err := cookiejar.New(nil)
	must(s.t, err)
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
