package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/ai/events"
)

// Handled gives what was done about dead letters; it leaves out those that nothing was done about.
func (s *Store) Handled(ctx context.Context) (map[events.LetterID]string, error) {
	rows, err := s.Pool.Query(ctx, "SELECT partition, letter_offset, outcome FROM dead_letter")
	if err != nil {
		return nil, describe("read handled letters", postgres.Clean(err))
	}
	handled := map[events.LetterID]string{}
	var letter events.LetterID
	var outcome string
	_, err = pgx.ForEachRow(rows, []any{&letter.Partition, &letter.Offset, &outcome}, func() error {
		handled[letter] = outcome
		return nil
	})
	return handled, describe("read handled letters", postgres.Clean(err))
}

// Handle notes what is done about a dead letter; false if something was done already.
func (s *Store) Handle(ctx context.Context, letter events.LetterID, outcome string) (bool, error) {
	tag, err := s.Pool.Exec(ctx, `INSERT INTO dead_letter (partition, letter_offset, outcome) VALUES ($1, $2, $3)
		ON CONFLICT DO NOTHING`, letter.Partition, letter.Offset, outcome)
	return tag.RowsAffected() == 1, describe("note handled letter", postgres.Clean(err))
}
