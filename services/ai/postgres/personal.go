package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/personal"
	"github.com/tripgen/tripgen/internal/postgres"
)

// Personal forgets persons; its ledger holds and releases.
type Personal struct {
	personal.Ledger
	// logs removes the progress logs of generations.
	logs func(ctx context.Context, generationIDs []string) error
}

// NewPersonal makes it; logs removes the progress logs of generations.
func NewPersonal(s *Store, logs func(ctx context.Context, generationIDs []string) error) *Personal {
	return &Personal{Ledger: personal.Ledger{Pool: s.Pool, Clock: s.Clock}, logs: logs}
}

// ofGenerations are the tables whose rows belong to generations; those of an owner go before the generations do, so that
// they are counted.
var ofGenerations = []struct{ kind, table string }{
	{"progress_events", "generation_event"},
	{"improvements", "improvement"},
	{"results", "generation_result"},
	{"requests", "generation_request"},
}

// Forget removes all of an owner. What runs finds its generation gone and stops.
func (p *Personal) Forget(ctx context.Context, deletionID, owner string) (map[string]int64, time.Time, error) {
	return p.Ledger.Forget(ctx, deletionID, owner, func(tx pgx.Tx) (map[string]int64, error) {
		rows, err := tx.Query(ctx, `SELECT id FROM generation WHERE owner = $1 ORDER BY id FOR UPDATE`, owner)
		if err != nil {
			return nil, err
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return nil, err
		}
		removed := map[string]int64{}
		for _, t := range ofGenerations {
			tag, err := tx.Exec(ctx, `DELETE FROM `+t.table+` WHERE generation_id = ANY($1)`, ids)
			if err != nil {
				return nil, err
			}
			removed[t.kind] = tag.RowsAffected()
		}
		tag, err := tx.Exec(ctx, `DELETE FROM generation WHERE id = ANY($1)`, ids)
		if err != nil {
			return nil, err
		}
		removed["generations"] = tag.RowsAffected()
		return removed, p.logs(ctx, ids)
	})
}

// Request gives the body of a generation's request, nil where it is kept no longer.
func (s *Store) Request(ctx context.Context, generationID string) ([]byte, error) {
	var sealed []byte
	err := postgres.Clean(s.Pool.QueryRow(ctx, `SELECT body FROM generation_request WHERE generation_id = $1`, generationID).Scan(&sealed))
	if errors.Is(err, postgres.ErrNoRow) {
		return nil, nil
	}
	if err != nil {
		return nil, describe("read request", err)
	}
	body, err := s.Seal.Open(sealed, requestPlace(generationID))
	return body, describe("open request", err)
}
