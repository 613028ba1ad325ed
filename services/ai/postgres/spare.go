package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/ai/progress"
)

// PutEvent keeps an event while Redis is away.
func (s *Store) PutEvent(ctx context.Context, e progress.Spared) error {
	sealed, err := s.Seal.Seal(e.Body, eventPlace(e.GenerationID, e.Sequence))
	if err != nil {
		return fmt.Errorf("seal progress: %w", err)
	}
	_, err = s.Pool.Exec(ctx, `INSERT INTO generation_event (generation_id, sequence, percent, body)
		VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, e.GenerationID, e.Sequence, e.Percent, sealed)
	return describe("keep progress", postgres.Clean(err))
}

// EventsAfter gives kept events.
func (s *Store) EventsAfter(ctx context.Context, after map[string]int64) ([]progress.Spared, error) {
	ids, sequences := make([]string, 0, len(after)), make([]int64, 0, len(after))
	for generationID, sequence := range after {
		ids, sequences = append(ids, generationID), append(sequences, sequence)
	}
	rows, err := s.Pool.Query(ctx, `SELECT e.generation_id, e.sequence, e.percent, e.body
		FROM unnest($1::text[], $2::bigint[]) AS a (id, sequence)
		JOIN generation_event e ON e.generation_id = a.id AND e.sequence > a.sequence
		ORDER BY e.generation_id, e.sequence`, ids, sequences)
	if err != nil {
		return nil, describe("read kept progress", postgres.Clean(err))
	}
	kept, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e progress.Spared, err error) {
		var sealed []byte
		if err := row.Scan(&e.GenerationID, &e.Sequence, &e.Percent, &sealed); err != nil {
			return e, err
		}
		e.Body, err = s.Seal.Open(sealed, eventPlace(e.GenerationID, e.Sequence))
		return e, err
	})
	return kept, describe("read kept progress", postgres.Clean(err))
}

func eventPlace(generationID string, sequence int64) string {
	return fmt.Sprintf("%s/event/%d", generationID, sequence)
}
