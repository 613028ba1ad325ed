package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tripgen/tripgen/envoy"
	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/authn"
	"github.com/tripgen/tripgen/internal/authn/revoked"
	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/config"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/user/v1/userv1connect"
)

const (
	// revokedPause bounds how often Envoy reads the file while many log out at once.
	revokedPause = 100 * time.Millisecond
	// revokedSweep is how often what has expired leaves the file.
	revokedSweep = time.Minute
)

// revocationFiles keeps the gateway's file of revoked tokens as the user service tells. Until it is told something, what
// the file has from before stays.
func revocationFiles(c config.Config, dir string, log *slog.Logger) (app.Part, error) {
	own, err := anyCredentials(c)
	if err != nil {
		return app.Part{}, err
	}
	options, err := rpc.ClientOptions()
	if err != nil {
		return app.Part{}, err
	}
	transport := rpc.Transport()
	client := userv1connect.NewRevocationServiceClient(rpc.NewHTTPClient(transport, authn.ServiceTokens(context.Background(), authn.ClientConfig{
		TokenURL: c.Auth.TokenURL, ID: own.ID, Secret: own.Secret.Reveal(), Audience: c.Auth.Audience, HTTP: &http.Client{Timeout: tokenTimeout},
	})), c.Services.User, options...)
	known := new(revoked.Set)
	return app.Part{
		Name: "gateway's revocations",
		Run: func(ctx context.Context) error {
			g, ctx := errgroup.WithContext(ctx)
			g.Go(func() error { return known.Follow(ctx, client, clock.System{}, log) })
			g.Go(func() error { return writeRevoked(ctx, known, dir, log) })
			return g.Wait()
		},
		Close: func(context.Context) error {
			transport.CloseIdleConnections()
			return nil
		},
	}, nil
}

// anyCredentials are those of the first role that has some.
func anyCredentials(c config.Config) (config.Client, error) {
	for _, name := range app.Roles() {
		if own := credentials(c, name); own.Secret != "" {
			return own, nil
		}
	}
	return config.Client{}, errors.New("no role has a client secret: nothing can be heard of revocations")
}

func writeRevoked(ctx context.Context, known *revoked.Set, dir string, log *slog.Logger) error {
	sweep := time.NewTicker(revokedSweep)
	defer sweep.Stop()
	for {
		subjects, changed := known.Subjects(time.Now())
		if len(subjects) > 0 {
			if err := envoy.WriteRevoked(dir, subjects); err != nil {
				// The services refuse these tokens as well; the next change tries again.
				log.ErrorContext(ctx, "tell the gateway what is revoked", "error", err)
			}
		}
		pause := time.NewTimer(revokedPause)
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil
		case <-pause.C:
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-sweep.C:
		}
	}
}
