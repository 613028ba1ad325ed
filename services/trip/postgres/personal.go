package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/personal"
)

// Personal forgets persons; its ledger holds and releases.
type Personal struct {
	personal.Ledger
	// files removes what is cached of trips, and tells how many files.
	files func(ctx context.Context, tripIDs []string) (int64, error)
}

// NewPersonal makes it; files removes what is cached of trips, and tells how many files.
func NewPersonal(s *Store, files func(ctx context.Context, tripIDs []string) (int64, error)) *Personal {
	return &Personal{Ledger: personal.Ledger{Pool: s.pool, Clock: s.clock}, files: files}
}

// ofTrips are the tables whose rows belong to trips; those of an owner go before the trips do, so that they are counted.
var ofTrips = []struct{ kind, table string }{
	{"feed_entries", "change"}, {"shares", "share"}, {"alerts", "alert"}, {"generations", "generation"}, {"itineraries", "itinerary"},
}

// Forget removes all of an owner.
func (p *Personal) Forget(ctx context.Context, deletionID, owner string) (map[string]int64, time.Time, error) {
	return p.Ledger.Forget(ctx, deletionID, owner, func(tx pgx.Tx) (map[string]int64, error) {
		rows, err := tx.Query(ctx, `SELECT id FROM trip WHERE owner = $1 ORDER BY id FOR UPDATE`, owner)
		if err != nil {
			return nil, err
		}
		trips, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return nil, err
		}
		removed := map[string]int64{}
		if removed["cached_files"], err = p.files(ctx, trips); err != nil {
			return nil, err
		}
		for _, t := range ofTrips {
			if removed[t.kind], err = remove(ctx, tx, `DELETE FROM `+t.table+` WHERE trip_id = ANY($1)`, trips); err != nil {
				return nil, err
			}
		}
		for _, own := range []struct{ kind, statement string }{
			{"trips", `DELETE FROM trip WHERE owner = $1`},
			{"webhook_messages", `DELETE FROM webhook_message USING webhook w WHERE webhook_id = w.id AND w.owner = $1`},
			{"webhooks", `DELETE FROM webhook WHERE owner = $1`},
			{"idempotency_keys", `DELETE FROM idempotency WHERE owner = $1`},
		} {
			if removed[own.kind], err = remove(ctx, tx, own.statement, owner); err != nil {
				return nil, err
			}
		}
		return removed, nil
	})
}

func remove(ctx context.Context, tx pgx.Tx, statement string, of any) (int64, error) {
	tag, err := tx.Exec(ctx, statement, of)
	return tag.RowsAffected(), err
}
