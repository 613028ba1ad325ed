package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/propagation"

	"github.com/tripgen/tripgen/internal/kafka"
	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/ai/events"
)

func traceOf(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier.Get(kafka.HeaderTrace)
}

// Sent takes entries out that Kafka has acknowledged.
func (s *Store) Sent(ctx context.Context, ids []int64) error {
	_, err := s.Pool.Exec(ctx, "DELETE FROM outbox WHERE id = ANY($1)", ids)
	return describe("clear outbox", postgres.Clean(err))
}

// Sweep hands entries that have been due for longer than age to send, oldest first, and takes those out that it sent. Several
// processes may sweep at once: each entry is in one of their hands. It gives how many it sent.
func (s *Store) Sweep(ctx context.Context, age time.Duration, limit int, send func([]events.Entry) (sent []int64, err error)) (int, error) {
	var sent []int64
	err := postgres.InTx(ctx, s.Pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id, event_id, topic, key, value, traceparent FROM outbox
			WHERE due_time < now() - $1::interval ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED`, age, limit)
		if err != nil {
			return err
		}
		entries, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e events.Entry, err error) {
			return e, row.Scan(&e.ID, &e.Event.ID, &e.Event.Topic, &e.Event.Key, &e.Event.Value, &e.Trace)
		})
		if err != nil || len(entries) == 0 {
			return err
		}
		var sendErr error
		if sent, sendErr = send(entries); len(sent) == 0 {
			return sendErr
		}
		if _, err := tx.Exec(ctx, "DELETE FROM outbox WHERE id = ANY($1)", sent); err != nil {
			return err
		}
		return nil
	})
	return len(sent), describe("sweep outbox", err)
}
