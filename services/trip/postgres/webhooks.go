package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/trip"
)

// webhookBody is what is sealed of an endpoint.
type webhookBody struct {
	URL       string    `json:"url"`
	Secret    string    `json:"secret"`
	OldSecret string    `json:"old_secret,omitempty"`
	OldUntil  time.Time `json:"old_until,omitzero"`
}

func webhookPlace(id string) string { return "webhook/" + id }

const webhookColumns = `w.id, w.owner, w.body, w.events, w.created, w.failing, w.disabled`

func (s *Store) scanWebhook(row pgx.Row, more ...any) (trip.Webhook, error) {
	var (
		w                 trip.Webhook
		sealed            []byte
		failing, disabled *time.Time
		body              webhookBody
	)
	err := row.Scan(append([]any{&w.ID, &w.Owner, &sealed, &w.Events, &w.Created, &failing, &disabled}, more...)...)
	if err != nil {
		return w, postgres.Clean(err)
	}
	if err := s.get(sealed, webhookPlace(w.ID), &body); err != nil {
		return w, err
	}
	w.URL, w.Secret, w.OldSecret, w.OldUntil = body.URL, body.Secret, body.OldSecret, body.OldUntil
	w.Created, w.Failing, w.Disabled = w.Created.UTC(), ofInstant(failing), ofInstant(disabled)
	return w, nil
}

func (s *Store) webhookBody(w trip.Webhook) ([]byte, error) {
	return s.put(webhookBody{w.URL, w.Secret, w.OldSecret, w.OldUntil}, webhookPlace(w.ID))
}

func noWebhook(err error, doing string) error {
	if errors.Is(err, postgres.ErrNoRow) {
		return trip.ErrNoWebhook
	}
	return failed(err, doing)
}

// AddWebhook stores an endpoint.
func (s *Store) AddWebhook(ctx context.Context, w trip.Webhook, limit int, once trip.Once) error {
	err := s.onceMore(func() error {
		return postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
			// One at a time for an owner, so that two calls cannot both find room for one more.
			if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('webhook ' || $1, 0))`, w.Owner); err != nil {
				return err
			}
			if err := s.before(ctx, tx, w.Owner, once); err != nil {
				return err
			}
			var count int
			if err := tx.QueryRow(ctx, `SELECT count(*) FROM webhook WHERE owner = $1`, w.Owner).Scan(&count); err != nil {
				return err
			}
			if count >= limit {
				return trip.ErrTooManyWebhooks
			}
			body, err := s.webhookBody(w)
			if err != nil {
				return err
			}
			var b pgx.Batch
			b.Queue(`INSERT INTO webhook (id, owner, body, events, created) VALUES ($1, $2, $3, $4, $5)`,
				w.ID, w.Owner, body, w.Events, w.Created)
			s.after(&b, w.Owner, once, w.ID)
			return send(ctx, tx, &b)
		})
	})
	return failed(err, "add webhook")
}

// Webhook reads an endpoint.
func (s *Store) Webhook(ctx context.Context, owner, id string) (trip.Webhook, error) {
	w, err := s.scanWebhook(s.pool.QueryRow(ctx,
		`SELECT `+webhookColumns+` FROM webhook w WHERE w.id = $1 AND w.owner = $2`, id, owner))
	return w, noWebhook(err, "read webhook")
}

// Webhooks lists an owner's endpoints.
func (s *Store) Webhooks(ctx context.Context, owner, before string, limit int) ([]trip.Webhook, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT `+webhookColumns+` FROM webhook w
		WHERE w.owner = $1 AND ($2 = '' OR w.id < $2) ORDER BY w.id DESC LIMIT $3`, owner, before, limit)
	if err != nil {
		return nil, failed(postgres.Clean(err), "list webhooks")
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (trip.Webhook, error) { return s.scanWebhook(row) })
	return found, failed(postgres.Clean(err), "list webhooks")
}

// UpdateWebhook changes an endpoint.
func (s *Store) UpdateWebhook(
	ctx context.Context, owner, id string, once trip.Once, fn func(*trip.Webhook) error,
) (trip.Webhook, error) {
	var w trip.Webhook
	err := s.onWebhook(ctx, owner, id, once, func(b *pgx.Batch, found trip.Webhook) error {
		w = found
		if err := fn(&w); err != nil {
			return err
		}
		body, err := s.webhookBody(w)
		if err != nil {
			return err
		}
		b.Queue(`UPDATE webhook SET body = $2, events = $3, failing = $4, disabled = $5 WHERE id = $1`,
			id, body, w.Events, instant(w.Failing), instant(w.Disabled))
		return nil
	})
	return w, noWebhook(err, "change webhook")
}

// RemoveWebhook removes an endpoint.
func (s *Store) RemoveWebhook(ctx context.Context, owner, id string, once trip.Once) error {
	err := s.onWebhook(ctx, owner, id, once, func(b *pgx.Batch, _ trip.Webhook) error {
		b.Queue(`DELETE FROM webhook WHERE id = $1`, id)
		return nil
	})
	return noWebhook(err, "remove webhook")
}

// onWebhook queues a write on an endpoint that nobody else can change meanwhile.
func (s *Store) onWebhook(
	ctx context.Context, owner, id string, once trip.Once, fn func(*pgx.Batch, trip.Webhook) error,
) error {
	return s.onceMore(func() error {
		return postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
			if err := s.before(ctx, tx, owner, once); err != nil {
				return err
			}
			w, err := s.scanWebhook(tx.QueryRow(ctx,
				`SELECT `+webhookColumns+` FROM webhook w WHERE w.id = $1 AND w.owner = $2 FOR UPDATE`, id, owner))
			if err != nil {
				return err
			}
			var b pgx.Batch
			if err := fn(&b, w); err != nil {
				return err
			}
			s.after(&b, owner, once, id)
			return send(ctx, tx, &b)
		})
	})
}

// enqueue queues a message about an entry of a trip's feed for each endpoint of the trip's owner that wants it.
func (s *Store) enqueue(b *pgx.Batch, c trip.Change) error {
	event, body, ok, err := trip.MessageOf(c)
	if err != nil || !ok {
		return err
	}
	b.Queue(`
		INSERT INTO webhook_message (webhook_id, id, event, body, created, due)
		SELECT w.id, $2, $3, $4, $5, $5 FROM trip t JOIN webhook w ON w.owner = t.owner
		WHERE t.id = $1 AND w.disabled IS NULL AND w.events @> ARRAY[$3::integer]
		FOR KEY SHARE OF w`, // so that one that is being removed is left out instead of breaking the reference
		c.TripID, s.ids.New("msg"), event, body, c.Time)
	return nil
}

const deliveryColumns = `m.id, m.event, m.created, m.delivered IS NOT NULL, m.due`

func scanDelivery(row pgx.Row) (d trip.Delivery, err error) {
	var due *time.Time
	err = row.Scan(&d.ID, &d.Event, &d.Created, &d.Delivered, &due)
	d.Created, d.Next = d.Created.UTC(), ofInstant(due)
	return d, postgres.Clean(err)
}

// Deliveries lists what an endpoint was told.
func (s *Store) Deliveries(ctx context.Context, webhookID, before string, limit int) ([]trip.Delivery, error) {
	var found []trip.Delivery
	// One snapshot, so that a delivery and its tries are of the same moment.
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, s.pool, options, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT `+deliveryColumns+` FROM webhook_message m
			WHERE m.webhook_id = $1 AND ($2 = '' OR m.id < $2) ORDER BY m.id DESC LIMIT $3`, webhookID, before, limit)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (trip.Delivery, error) { return scanDelivery(row) })
		if err != nil {
			return err
		}
		return addAttempts(ctx, tx, webhookID, found)
	})
	return found, failed(postgres.Clean(err), "list deliveries")
}

// addAttempts reads the newest tries of deliveries.
func addAttempts(ctx context.Context, tx pgx.Tx, webhookID string, deliveries []trip.Delivery) error {
	at := make(map[string]*trip.Delivery, len(deliveries))
	ids := make([]string, len(deliveries))
	for i := range deliveries {
		ids[i] = deliveries[i].ID
		at[ids[i]] = &deliveries[i]
	}
	rows, err := tx.Query(ctx, `
		SELECT a.message_id, a.time, a.status, a.error, a.latency
		FROM webhook_attempt a JOIN webhook_message m ON m.webhook_id = a.webhook_id AND m.id = a.message_id
		WHERE a.webhook_id = $1 AND a.message_id = ANY($2) AND a.number > m.attempts - $3
		ORDER BY a.message_id, a.number`, webhookID, ids, trip.AttemptsShown)
	if err != nil {
		return err
	}
	var (
		id string
		a  trip.Attempt
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &a.Time, &a.Status, &a.Error, &a.Latency}, func() error {
		a.Time = a.Time.UTC()
		at[id].Attempts = append(at[id].Attempts, a)
		return nil
	})
	return err
}

const (
	replay       = `UPDATE webhook_message m SET due = $3, step = 0 WHERE m.webhook_id = $1 AND m.id = $2 RETURNING ` + deliveryColumns
	readDelivery = `SELECT ` + deliveryColumns + ` FROM webhook_message m WHERE m.webhook_id = $1 AND m.id = $2`
)

// Replay makes a message due again.
func (s *Store) Replay(
	ctx context.Context, owner, webhookID, messageID string, now time.Time, once trip.Once,
) (trip.Delivery, error) {
	one := make([]trip.Delivery, 1)
	err := s.onceMore(func() error {
		return postgres.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
			err = s.before(ctx, tx, owner, once)
			if _, made := errors.AsType[*trip.Repeated](err); made {
				one[0], err = scanDelivery(tx.QueryRow(ctx, readDelivery, webhookID, messageID))
			} else if err == nil {
				if one[0], err = scanDelivery(tx.QueryRow(ctx, replay, webhookID, messageID, now)); err == nil {
					var b pgx.Batch
					s.after(&b, owner, once, messageID)
					err = send(ctx, tx, &b)
				}
			}
			if err != nil {
				return err
			}
			return addAttempts(ctx, tx, webhookID, one)
		})
	})
	if errors.Is(err, postgres.ErrNoRow) {
		return one[0], trip.ErrNoDelivery
	}
	return one[0], failed(err, "replay delivery")
}
