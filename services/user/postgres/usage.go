package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/user"
)

var _ user.UsageStore = (*Store)(nil)

const (
	// keepBatches is how long the name of a batch is known: far longer than anybody tells it again.
	keepBatches = 7 * 24 * time.Hour
	// keepUsage is how long usage is kept.
	keepUsage = 400 * 24 * time.Hour
)

// AddUsage adds a batch once.
func (s *Store) AddUsage(ctx context.Context, batch string, uses []user.Use) error {
	clients, days := make([]string, len(uses)), make([]time.Time, len(uses))
	metrics, amounts := make([]string, len(uses)), make([]int64, len(uses))
	for i, u := range uses {
		clients[i], days[i], metrics[i], amounts[i] = u.ClientID, u.Day, u.Metric, u.Amount
	}
	err := postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `INSERT INTO usage_batches (id, taken) VALUES ($1, $2) ON CONFLICT DO NOTHING`, batch, s.clock.Now())
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		// In one order, so that batches side by side wait for each other and do not lock each other out.
		_, err = tx.Exec(ctx, `
			INSERT INTO usage AS u (client_id, day, metric, amount)
			SELECT client, day, metric, sum(amount) FROM unnest($1::text[], $2::date[], $3::text[], $4::bigint[]) AS a (client, day, metric, amount)
			GROUP BY client, day, metric ORDER BY client, day, metric
			ON CONFLICT (client_id, day, metric) DO UPDATE SET amount = u.amount + EXCLUDED.amount`, clients, days, metrics, amounts)
		return err
	})
	return failed(postgres.Clean(err), "add usage")
}

// Usage gives a client's usage by day and metric.
func (s *Store) Usage(ctx context.Context, clientID string, from, to time.Time) ([]user.Use, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT day, metric, amount FROM usage WHERE client_id = $1 AND day BETWEEN $2 AND $3 ORDER BY day, metric`, clientID, from, to)
	if err != nil {
		return nil, failed(postgres.Clean(err), "read usage")
	}
	uses, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (user.Use, error) {
		u := user.Use{ClientID: clientID}
		err := row.Scan(&u.Day, &u.Metric, &u.Amount)
		return u, err
	})
	return uses, failed(postgres.Clean(err), "read usage")
}
