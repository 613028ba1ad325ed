package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
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

// tokenHash is all that is kept of a token. It has 256 random bits, so that no slow hash is needed.
func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

func tokenPlace(shareID string) string { return "share/" + shareID + "/token" }

// AddShare stores a link.
func (s *Store) AddShare(ctx context.Context, owner string, share trip.Share, token string, once trip.Once) error {
	err := s.onceMore(func() error {
		return postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
			if err := s.before(ctx, tx, owner, once); err != nil {
				return s.withToken(err)
			}
			tag, err := tx.Exec(ctx, `
				INSERT INTO share (id, trip_id, token_hash, created, expires)
				SELECT $1, t.id, $3, $4, $5 FROM trip t WHERE t.id = $2 AND t.owner = $6 AND t.deleted IS NULL`,
				share.ID, share.TripID, tokenHash(token), share.Created, share.Expires, owner)
			if err != nil {
				return err
			}
			if tag.RowsAffected() == 0 {
				return trip.ErrNoTrip
			}
			sealed, err := s.seal.Seal([]byte(token), tokenPlace(share.ID))
			if err != nil {
				return err
			}
			var b pgx.Batch
			s.after(&b, owner, once, share.ID, base64.StdEncoding.EncodeToString(sealed))
			return send(ctx, tx, &b)
		})
	})
	return failed(err, "add share link")
}

// withToken opens the token that was noted with a link.
func (s *Store) withToken(err error) error {
	made, ok := errors.AsType[*trip.Repeated](err)
	if !ok {
		return err
	}
	sealed, err := base64.StdEncoding.DecodeString(made.Resources[1])
	if err != nil {
		return err
	}
	token, err := s.seal.Open(sealed, tokenPlace(made.Resources[0]))
	if err != nil {
		return err
	}
	return &trip.Repeated{Resources: []string{made.Resources[0], string(token)}}
}

// Share reads a link.
func (s *Store) Share(ctx context.Context, owner, tripID, shareID string) (trip.Share, error) {
	share, err := scanShare(s.pool.QueryRow(ctx, `
		SELECT `+shareColumns+` FROM share s JOIN trip t ON t.id = s.trip_id
		WHERE s.id = $1 AND s.trip_id = $2 AND t.owner = $3 AND t.deleted IS NULL`, shareID, tripID, owner))
	if !errors.Is(err, postgres.ErrNoRow) {
		return share, failed(err, "read share link")
	}
	return share, s.noShare(ctx, owner, tripID)
}

// noShare says why there is no such link.
func (s *Store) noShare(ctx context.Context, owner, tripID string) error {
	if err := s.there(ctx, owner, tripID); err != nil {
		return err
	}
	return trip.ErrNoShare
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
	return trip.Share{}, s.noShare(ctx, owner, tripID)
}

// Shared gives what a link shows.
func (s *Store) Shared(ctx context.Context, token string, now time.Time) (trip.Trip, trip.Itinerary, error) {
	t, err := s.scanTrip(s.pool.QueryRow(ctx, `
		SELECT `+tripColumns+` FROM share s JOIN trip t ON t.id = s.trip_id
		WHERE s.token_hash = $1 AND s.revoked IS NULL AND s.expires > $2 AND t.deleted IS NULL`, tokenHash(token), now))
	if errors.Is(err, postgres.ErrNoRow) {
		return trip.Trip{}, trip.Itinerary{}, trip.ErrShareInvalid
	}
	if err != nil {
		return trip.Trip{}, trip.Itinerary{}, failed(err, "open share link")
	}
	it, err := s.Itinerary(ctx, t.Owner, t.ID, 0)
	return t, it, err
}
