package main

import (
	"context"
	"io/fs"
	"time"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/config"
	aipostgres "github.com/tripgen/tripgen/services/ai/postgres"
	locationpostgres "github.com/tripgen/tripgen/services/location/postgres"
	trippostgres "github.com/tripgen/tripgen/services/trip/postgres"
	userpostgres "github.com/tripgen/tripgen/services/user/postgres"
)

const (
	tokenTimeout    = 5 * time.Second
	topicsTimeout   = 30 * time.Second
	providerTimeout = 2 * time.Second
)

// need opens one thing that a role depends on.
type need func(ctx context.Context, r *role) error

// wiring is how a role is put together.
type wiring struct {
	// needs are opened before the role is wired, in this order.
	needs []need
	// migrations are the schema of the role's own database; nil where it has none, or another role owns it.
	migrations fs.FS
	// wire makes the role: handlers on r.Server, background work by r.Add.
	wire func(ctx context.Context, r *role) error
}

// wirings is the dependency map: what each role needs and where it is wired. Each role has a file of its own.
func wirings() map[app.Role]wiring {
	return map[app.Role]wiring{
		app.User: {
			needs: []need{needSeal, needDatabase, needKafka}, migrations: userpostgres.Migrations(), wire: wireUser,
		},
		app.Location: {
			needs: []need{needSeal, needDatabase, needRedis, needKafka}, migrations: locationpostgres.Migrations(), wire: wireLocation,
		},
		app.AI: {needs: []need{needSeal, needDatabase, needRedis, needKafka}, migrations: aipostgres.Migrations(), wire: wireAI},
		app.Trip: {
			needs: []need{needSeal, needDatabase, needRedis, needKafka}, migrations: trippostgres.Migrations(), wire: wireTrip,
		},
		app.Worker: {needs: []need{needSeal, needDatabase, needRedis, needKafka}, wire: wireWorker},
	}
}

// databaseURL is the role's database; the worker works on that of ai.
func databaseURL(c config.Config, name app.Role) string {
	urls := map[app.Role]config.Secret{
		app.User: c.Postgres.User, app.Trip: c.Postgres.Trip, app.AI: c.Postgres.AI, app.Location: c.Postgres.Location,
		app.Worker: c.Postgres.AI,
	}
	return urls[name].Reveal()
}

// address is where the role listens.
func address(c config.Config, name app.Role) string {
	return map[app.Role]string{
		app.User: c.Listen.User, app.Trip: c.Listen.Trip, app.AI: c.Listen.AI, app.Location: c.Listen.Location,
		app.Worker: c.Listen.Worker,
	}[name]
}

// credentials are the OAuth2 client as which the role calls others.
func credentials(c config.Config, name app.Role) config.Client {
	return map[app.Role]config.Client{
		app.User: c.Clients.User, app.Trip: c.Clients.Trip, app.AI: c.Clients.AI, app.Location: c.Clients.Location,
		app.Worker: c.Clients.Worker,
	}[name]
}
