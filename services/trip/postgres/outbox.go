package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/propagation"

	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/trip/events"
)

// publish queues an event for Kafka, with the trace that ctx is in.
func (s *Store) publish(ctx context.Context, b *pgx.Batch, e kafka.Event) {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	b.Queue(`INSERT INTO outbox (event_id, topic, key, value, traceparent) VALUES ($1, $2, $3, $4, $5)`,
		e.ID, string(e.Topic), e.Key, e.Value, carrier.Get(kafka.HeaderTrace))
}

// sweepLock lets one process at a time sweep, so that events keep their order.
const sweepLock = 7_423_801

// Sweep hands out the oldest events.
func (s *Store) Sweep(ctx context.Context, limit int, send func([]events.Entry) error) (int, error) {
	var sent int
	err := postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		var mine bool
		// The commit does not wait for the disk: if it is lost, the events are sent again, and consumers know them by id.
		err := tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1) FROM set_config('synchronous_commit', 'off', true)`, sweepLock).Scan(&mine)
		if err != nil || !mine {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT id, event_id, topic, key, value, traceparent FROM outbox ORDER BY id LIMIT $1`, limit)
		if err != nil {
			return err
		}
		entries, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e events.Entry, err error) {
			return e, row.Scan(&e.ID, &e.Event.ID, &e.Event.Topic, &e.Event.Key, &e.Event.Value, &e.Trace)
		})
		if err != nil || len(entries) == 0 {
			return err
		}
		if err := send(entries); err != nil {
			return err
		}
		ids := make([]int64, len(entries))
		for i, e := range entries {
			ids[i] = e.ID
		}
		if _, err := tx.Exec(ctx, `DELETE FROM outbox WHERE id = ANY($1)`, ids); err != nil {
			return err
		}
		sent = len(entries)
		return nil
	})
	return sent, failed(err, "sweep outbox")
}
