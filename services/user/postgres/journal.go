package postgres

import (
	"context"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/user"
)

// Record appends an event to the journal.
func (s *Store) Record(ctx context.Context, e user.Event) error {
	return failed(s.record(ctx, s.pool, e), "record event")
}

func (s *Store) record(ctx context.Context, db postgres.Querier, e user.Event) error {
	by := user.OriginOf(ctx)
	var from []byte
	if by.Address != "" {
		from = s.seal.BlindIndex(fieldOrigin, by.Address)
	}
	_, err := db.Exec(ctx, `
		INSERT INTO journal (at, kind, account_id, session_id, client_id, detail, by_session, by_client, from_index)
		VALUES ($1, $2, NULLIF($3, ''), NULLIF($4, ''), NULLIF($5, ''), NULLIF($6, ''), NULLIF($7, ''), NULLIF($8, ''), $9)`,
		s.clock.Now(), string(e.Kind), e.AccountID, e.SessionID, e.ClientID, e.Detail, by.SessionID, by.ClientID, from)
	return postgres.Clean(err)
}
