package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/user/mail"
)

// mailPlace is the same for all mails: their ids are not known before they are stored.
const mailPlace = "mails/content"

// queue queues a mail that goes with the account; one of an empty account outlives it.
func (s *Store) queue(ctx context.Context, tx pgx.Tx, accountID string, m mail.Message) error {
	plain, err := json.Marshal(m)
	if err != nil {
		return err
	}
	sealed, err := s.seal.Seal(plain, mailPlace)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO mails (kind, content, due, account_id) VALUES ($1, $2, $3, NULLIF($4, ''))`,
		string(m.Kind), sealed, s.clock.Now(), accountID)
	return postgres.Clean(err)
}

// Claim takes mails that are due; they are due again after the lease unless they are done by then.
func (s *Store) Claim(ctx context.Context, limit int, lease time.Duration) ([]mail.Queued, error) {
	now := s.clock.Now()
	rows, err := s.pool.Query(ctx, `
		UPDATE mails SET attempts = attempts + 1, due = $1::timestamptz + $2::interval * (attempts + 1)
		WHERE id IN (SELECT id FROM mails WHERE due <= $1 ORDER BY due LIMIT $3 FOR UPDATE SKIP LOCKED)
		RETURNING id, content, attempts`, now, lease, limit)
	if err != nil {
		return nil, fmt.Errorf("claim mails: %w", postgres.Clean(err))
	}
	mails, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (q mail.Queued, err error) {
		var sealed []byte
		if err := row.Scan(&q.ID, &sealed, &q.Attempt); err != nil {
			return q, err
		}
		plain, err := s.seal.Open(sealed, mailPlace)
		if err != nil {
			return q, err
		}
		return q, json.Unmarshal(plain, &q.Message)
	})
	if err != nil {
		return nil, fmt.Errorf("claim mails: %w", postgres.Clean(err))
	}
	return mails, nil
}

// Done forgets a mail.
func (s *Store) Done(ctx context.Context, id int64) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM mails WHERE id = $1`, id)
	if err != nil {
		return fmt.Errorf("forget mail: %w", postgres.Clean(err))
	}
	return nil
}
