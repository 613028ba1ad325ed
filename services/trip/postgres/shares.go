package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/trip"
)

const shareColumns = `s.id, s.trip_id, s.created, s.expires, s.revoked`

func scanShare(row pgx.Row) (trip.Share, error) {
	var (
		s       trip.Share
		revoked *time.Time
	)
	err := row.Scan(&s.ID, &s.TripID, &s.Created, &s.Expires, &revoked)
	s.Created, s.Expires, s.Revoked = s.Created.UTC(), s.Expires.UTC(), ofInstant(revoked)
	return s, postgres.Clean(err)
}

// AddShare stores a link.
func (s *Store) AddShare(ctx context.Context, owner string, share trip.Share, tokenHash []byte) error {
	tag, err := s.pool.Exec(ctx, `
		INSERT INTO share (id, trip_id, token_hash, created, expires)
		SELECT $1, t.id, $3, $4, $5 FROM trip t WHERE t.id = $2 AND t.owner = $6 AND t.deleted IS NULL`,
		share.ID, share.TripID, tokenHash, share.Created, share.Expires, owner)
	if err != nil {
		return failed(postgres.Clean(err), "add share link")
	}
	if tag.RowsAffected() == 0 {
		return trip.ErrNoTrip
	}
	return nil
}

// Shares lists a trip's links.
func (s *Store) Shares(ctx context.Context, owner, tripID, before string, limit int) ([]trip.Share, error) {
	if err := s.there(ctx, owner, tripID); err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `
		SELECT `+shareColumns+` FROM share s WHERE s.trip_id = $1 AND ($2 = '' OR s.id < $2) ORDER BY s.id DESC LIMIT $3`,
		tripID, before, limit)
	if err != nil {
		return nil, failed(postgres.Clean(err), "list share links")
	}
	shares, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (trip.Share, error) { return scanShare(row) })
	return shares, failed(postgres.Clean(err), "list share links")
}

// RevokeShare makes a link stop working.
func (s *Store) RevokeShare(ctx context.Context, owner, tripID, shareID string, now time.Time) (trip.Share, error) {
	share, err := scanShare(s.pool.QueryRow(ctx, `
		UPDATE share s SET revoked = coalesce(s.revoked, $4)
		FROM trip t WHERE s.id = $1 AND s.trip_id = $2 AND t.id = s.trip_id AND t.owner = $3 AND t.deleted IS NULL
		RETURNING `+shareColumns, shareID, tripID, owner, now))
	if !errors.Is(err, postgres.ErrNoRow) {
		return share, failed(err, "revoke share link")
	}
	if err := s.there(ctx, owner, tripID); err != nil {
		return trip.Share{}, err
	}
	return trip.Share{}, trip.ErrNoShare
}

// Shared gives what a link shows.
func (s *Store) Shared(ctx context.Context, tokenHash []byte, now time.Time) (trip.Trip, trip.Itinerary, error) {
	t, err := s.scanTrip(s.pool.QueryRow(ctx, `
		SELECT `+tripColumns+` FROM share s JOIN trip t ON t.id = s.trip_id
		WHERE s.token_hash = $1 AND s.revoked IS NULL AND s.expires > $2 AND t.deleted IS NULL`, tokenHash, now))
	if errors.Is(err, postgres.ErrNoRow) {
		return trip.Trip{}, trip.Itinerary{}, trip.ErrShareInvalid
	}
	if err != nil {
		return trip.Trip{}, trip.Itinerary{}, failed(err, "open share link")
	}
	it, err := s.Itinerary(ctx, t.Owner, t.ID, 0)
	return t, it, err
}
