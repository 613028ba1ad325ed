package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/location"
)

// ratingsKept is how long ratings count, and may be kept by their providers' terms.
const ratingsKept = 30 * 24 * time.Hour

// Rate keeps the rating of a place's details in the place of the one before; details without a rating are not kept.
func (s *Store) Rate(ctx context.Context, placeID string, d location.Details) error {
	if d.Rating == nil || d.RatingCount == nil {
		return nil
	}
	_, err := s.pool.Exec(ctx, `
		INSERT INTO place_rating (place_id, rating, rating_count, provider, attribution, simulated, fetch_time)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (place_id) DO UPDATE SET rating = excluded.rating, rating_count = excluded.rating_count,
			provider = excluded.provider, attribution = excluded.attribution, simulated = excluded.simulated,
			fetch_time = excluded.fetch_time`,
		placeID, *d.Rating, *d.RatingCount, d.Source.Provider, d.Source.Attribution, d.Source.Simulated, d.Source.FetchedAt)
	return postgres.Clean(err)
}

// Ratings are those that count, by place, and forgets the others.
func (s *Store) Ratings(ctx context.Context) (map[string]location.Details, error) {
	if _, err := s.pool.Exec(ctx, `DELETE FROM place_rating WHERE fetch_time < $1`, s.clock.Now().Add(-ratingsKept)); err != nil {
		return nil, postgres.Clean(err)
	}
	rows, err := s.pool.Query(ctx, `
		SELECT place_id, rating, rating_count, provider, attribution, simulated, fetch_time FROM place_rating`)
	if err != nil {
		return nil, fmt.Errorf("ratings: %w", postgres.Clean(err))
	}
	ratings := make(map[string]location.Details)
	var id string
	var rating float64
	var count int
	var source location.Source
	_, err = pgx.ForEachRow(rows, []any{&id, &rating, &count, &source.Provider, &source.Attribution, &source.Simulated, &source.FetchedAt}, func() error {
		source.FetchedAt = source.FetchedAt.UTC()
		ratings[id] = location.Details{Rating: new(rating), RatingCount: new(count), Source: source}
		return nil
	})
	return ratings, postgres.Clean(err)
}

// RatingsRevision changes when ratings do.
func (s *Store) RatingsRevision(ctx context.Context) (string, error) {
	var revision string
	err := s.pool.QueryRow(ctx, `SELECT count(*) || '/' || coalesce(max(fetch_time)::text, '') FROM place_rating`).Scan(&revision)
	return revision, postgres.Clean(err)
}
