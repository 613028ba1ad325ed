package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tripgen/tripgen/internal/postgres"
)

// purgeBatch keeps each statement short.
const purgeBatch = 5000

// Purge removes what is kept no longer.
func (s *Store) Purge(ctx context.Context, requests, results, generations time.Time) (int, error) {
	removed := 0
	for _, step := range []struct {
		sql    string
		before time.Time
	}{
		{`DELETE FROM generation_request WHERE generation_id IN (SELECT g.id FROM generation g
			JOIN generation_request r ON r.generation_id = g.id WHERE g.end_time < $1 LIMIT $2)`, requests},
		{`DELETE FROM generation_event WHERE generation_id IN (SELECT g.id FROM generation g
			JOIN generation_event e ON e.generation_id = g.id WHERE g.end_time < $1 LIMIT $2)`, requests},
		{`DELETE FROM improvement WHERE generation_id IN (SELECT g.id FROM generation g
			JOIN improvement i ON i.generation_id = g.id WHERE g.end_time < $1 LIMIT $2)`, results},
		{`DELETE FROM generation_result WHERE generation_id IN (SELECT g.id FROM generation g
			JOIN generation_result r ON r.generation_id = g.id WHERE g.end_time < $1 LIMIT $2)`, results},
		{`DELETE FROM generation WHERE id IN (SELECT id FROM generation WHERE end_time < $1 LIMIT $2)`, generations},
	} {
		tag, err := s.Pool.Exec(ctx, step.sql, step.before, purgeBatch)
		if err != nil {
			return removed, describe("remove what is kept no longer", postgres.Clean(err))
		}
		removed += int(tag.RowsAffected())
	}
	return removed, nil
}

// LatestRequest gives the body of the latest request that is kept of an owner's trip.
func (s *Store) LatestRequest(ctx context.Context, owner, tripID string) ([]byte, error) {
	var generationID string
	var sealed []byte
	err := postgres.Clean(s.Pool.QueryRow(ctx, `SELECT g.id, r.body FROM generation g
		JOIN generation_request r ON r.generation_id = g.id
		WHERE g.owner = $1 AND g.trip_id = $2 ORDER BY g.id DESC LIMIT 1`, owner, tripID).Scan(&generationID, &sealed))
	if errors.Is(err, postgres.ErrNoRow) {
		return nil, nil
	}
	if err != nil {
		return nil, describe("read latest request", err)
	}
	body, err := s.Seal.Open(sealed, requestPlace(generationID))
	if err != nil {
		return nil, fmt.Errorf("open request of %s: %w", generationID, err)
	}
	return body, nil
}
