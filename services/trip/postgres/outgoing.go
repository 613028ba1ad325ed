package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/trip"
	"github.com/tripgen/tripgen/services/trip/webhooks"
)

// dueEndpoints steps from endpoint to endpoint in the index of messages that are due (a loose scan), so that its cost
// goes by endpoints with work and not by their messages.
const dueEndpoints = `
	WITH RECURSIVE pending AS (
		(SELECT webhook_id FROM webhook_message WHERE due IS NOT NULL AND webhook_id > $1 ORDER BY webhook_id LIMIT 1)
		UNION ALL
		SELECT (SELECT m.webhook_id FROM webhook_message m
			WHERE m.due IS NOT NULL AND m.webhook_id > p.webhook_id ORDER BY m.webhook_id LIMIT 1)
		FROM pending p WHERE p.webhook_id IS NOT NULL
	)
	SELECT w.id, w.failing IS NOT NULL FROM pending p JOIN webhook w ON w.id = p.webhook_id
	WHERE w.disabled IS NULL AND w.id <> ALL($3)
		AND EXISTS (SELECT 1 FROM webhook_message m WHERE m.webhook_id = w.id AND m.due <= $2)
	LIMIT $4`

// DueEndpoints gives endpoints with messages that are due.
func (s *Store) DueEndpoints(ctx context.Context, now time.Time, after string, busy []string, limit int) ([]webhooks.Endpoint, error) {
	rows, err := s.pool.Query(ctx, dueEndpoints, after, now, busy, limit)
	if err != nil {
		return nil, failed(postgres.Clean(err), "find endpoints with messages")
	}
	due, err := pgx.CollectRows(rows, pgx.RowToStructByPos[webhooks.Endpoint])
	return due, failed(postgres.Clean(err), "find endpoints with messages")
}

// TakeMessages gives an endpoint's messages that are due and leaves them alone until an instant.
func (s *Store) TakeMessages(ctx context.Context, webhookID string, now, until time.Time, limit int) ([]webhooks.Message, error) {
	rows, err := s.pool.Query(ctx, `
		WITH taken AS (
			SELECT id FROM webhook_message WHERE webhook_id = $1 AND due <= $2 ORDER BY due LIMIT $4 FOR UPDATE SKIP LOCKED)
		UPDATE webhook_message m SET due = $3 FROM taken, webhook w
		WHERE m.webhook_id = $1 AND m.id = taken.id AND w.id = $1 AND w.disabled IS NULL
		RETURNING `+webhookColumns+`, m.id, m.body, m.step`, webhookID, now, until, limit)
	if err != nil {
		return nil, failed(postgres.Clean(err), "take messages")
	}
	messages, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m webhooks.Message, err error) {
		m.Webhook, err = s.scanWebhook(row, &m.ID, &m.Body, &m.Step)
		return m, err
	})
	return messages, failed(postgres.Clean(err), "take messages")
}

// Settle writes down a try and what follows from it.
func (s *Store) Settle(ctx context.Context, m webhooks.Message, a trip.Attempt, o webhooks.Outcome) error {
	err := postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// The endpoint first, as where messages are replayed or it is removed.
		if _, err := tx.Exec(ctx, `
			UPDATE webhook SET failing = CASE WHEN $2 THEN NULL ELSE coalesce(failing, $3) END,
				disabled = CASE WHEN $4 THEN coalesce(disabled, $3) ELSE disabled END
			WHERE id = $1 AND ($4 OR (failing IS NULL) <> $2)`, m.Webhook.ID, o.Delivered, a.Time, o.Disable); err != nil {
			return err
		}
		var number int
		err := tx.QueryRow(ctx, `
			UPDATE webhook_message SET attempts = attempts + 1, step = step + 1, due = $3,
				delivered = CASE WHEN $4 THEN coalesce(delivered, $5) ELSE delivered END
			WHERE webhook_id = $1 AND id = $2 RETURNING attempts`,
			m.Webhook.ID, m.ID, instant(o.Next), o.Delivered, a.Time).Scan(&number)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `
			INSERT INTO webhook_attempt (webhook_id, message_id, number, time, status, error, latency)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, m.Webhook.ID, m.ID, number, a.Time, a.Status, a.Error, a.Latency); err != nil {
			return err
		}
		if !o.Disable {
			return nil
		}
		_, err = tx.Exec(ctx, `UPDATE webhook_message SET due = NULL WHERE webhook_id = $1 AND due IS NOT NULL`, m.Webhook.ID)
		return err
	})
	if errors.Is(err, postgres.ErrNoRow) || errors.Is(err, pgx.ErrNoRows) {
		return nil // the endpoint was removed meanwhile
	}
	return failed(err, "settle a delivery")
}
