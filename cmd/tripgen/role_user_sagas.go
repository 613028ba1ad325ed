package main

import (
	"context"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/personal"
	"github.com/tripgen/tripgen/internal/rpc"
	"github.com/tripgen/tripgen/internal/telemetry"
	"github.com/tripgen/tripgen/sdk/go/gen/tripgen/privacy/v1/privacyv1connect"
	"github.com/tripgen/tripgen/services/user"
	userpostgres "github.com/tripgen/tripgen/services/user/postgres"
	usersaga "github.com/tripgen/tripgen/services/user/saga"
)

// userSagas makes the runner of deletions and exports.
func userSagas(ctx context.Context, r *role, store *userpostgres.Store) (*usersaga.Runner, error) {
	pool, name, err := sagaPool(ctx, r)
	if err != nil {
		return nil, err
	}
	return usersaga.New(usersaga.Deps{
		Pool: pool, Leases: r.Pool, Executor: name, Unfinished: store, Times: usersaga.DefaultTimes(), Clock: r.Clock, Log: r.Log,
	}), nil
}

func launchUserSagas(ctx context.Context, r *role, runner *usersaga.Runner, service *user.Service) error {
	if err := runner.Launch(ctx, service); err != nil {
		return err
	}
	r.Add(app.Part{Name: "user sagas", Run: runner.Run, Close: runner.Stop})
	_, err := telemetry.Register(r.Metrics, runner.Meter())
	return err
}

// keepersOfData are the other services that have data of persons.
func keepersOfData(r *role) (map[string]user.Keeper, error) {
	options, err := rpc.ClientOptions()
	if err != nil {
		return nil, err
	}
	client := r.Client()
	keepers := map[string]user.Keeper{}
	for role, url := range map[app.Role]string{
		app.Trip: r.Config.Services.Trip, app.AI: r.Config.Services.AI, app.Location: r.Config.Services.Location,
	} {
		keepers[string(role)] = personal.Remote{Client: privacyv1connect.NewPersonalDataServiceClient(client, url, options...)}
	}
	return keepers, nil
}
