package postgres_test

import (
	"log/slog"
	"testing"

	"github.com/tripgen/tripgen/internal/clock"
	"github.com/tripgen/tripgen/internal/id"
	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/internal/seal"
	"github.com/tripgen/tripgen/internal/seal/sealtest"
	"github.com/tripgen/tripgen/services/trip/postgres"
	"github.com/tripgen/tripgen/services/trip/triptest"
	"github.com/tripgen/tripgen/services/trip/wake"
)

func sealer(t *testing.T) *seal.Sealer {
	t.Helper()
	s, _ := sealtest.New(t)
	return s
}

func open(t *testing.T, c clock.Clock) triptest.Store {
	return postgres.New(postgres.Deps{
		Pool: postgrestest.New(t, postgres.Migrations()), Seal: sealer(t), Clock: c, IDs: id.Random{},
		Waker: wake.NewHub(nil, slog.New(slog.DiscardHandler)),
	})
}

func TestPostgresKeepsTheStoresPromises(t *testing.T) {
	t.Parallel()
	triptest.Suite(t, open)
}
