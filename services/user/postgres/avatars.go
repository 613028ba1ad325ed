package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/user"
)

func picturePlace(accountID string) string   { return "avatars/" + accountID + "/picture" }
func thumbnailPlace(accountID string) string { return "avatars/" + accountID + "/thumbnail" }

// SetAvatar replaces or removes an account's picture.
func (s *Store) SetAvatar(ctx context.Context, accountID string, p *user.Picture) (user.Account, error) {
	var a user.Account
	err := postgres.InTx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		if a, err = s.lockAccount(ctx, tx, accountID); err != nil {
			return err
		}
		if p == nil && a.AvatarVersion == 0 {
			return nil
		}
		if err := s.putPicture(ctx, tx, &a, p); err != nil {
			return err
		}
		if err := s.save(ctx, tx, &a); err != nil {
			return err
		}
		return s.record(ctx, tx, user.Event{Kind: user.AccountChanged, AccountID: accountID, Detail: "avatar"})
	})
	if err != nil {
		return user.Account{}, failed(err, "set picture")
	}
	return a, nil
}

func (s *Store) putPicture(ctx context.Context, tx pgx.Tx, a *user.Account, p *user.Picture) error {
	if p == nil {
		a.AvatarVersion = 0
		_, err := tx.Exec(ctx, `DELETE FROM avatars WHERE account_id = $1`, a.ID)
		return err
	}
	full, err := s.seal.Seal(p.Full, picturePlace(a.ID))
	if err != nil {
		return err
	}
	thumbnail, err := s.seal.Seal(p.Thumbnail, thumbnailPlace(a.ID))
	if err != nil {
		return err
	}
	// The account's revision never repeats, so that no cache can take a new picture for an old one.
	a.AvatarVersion = int(a.Revision) + 1
	_, err = tx.Exec(ctx, `
		INSERT INTO avatars (account_id, version, picture, thumbnail) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id) DO UPDATE SET version = $2, picture = $3, thumbnail = $4`,
		a.ID, a.AvatarVersion, full, thumbnail)
	return err
}

// Avatar reads a picture.
func (s *Store) Avatar(ctx context.Context, accountID string, version int) (user.Picture, error) {
	var p user.Picture
	err := s.pool.QueryRow(ctx, `SELECT picture, thumbnail FROM avatars WHERE account_id = $1 AND version = $2`,
		accountID, version).Scan(&p.Full, &p.Thumbnail)
	if errors.Is(err, pgx.ErrNoRows) {
		return user.Picture{}, user.ErrNoPicture
	}
	if err == nil {
		p.Full, err = s.seal.Open(p.Full, picturePlace(accountID))
	}
	if err == nil {
		p.Thumbnail, err = s.seal.Open(p.Thumbnail, thumbnailPlace(accountID))
	}
	if err != nil {
		return user.Picture{}, fmt.Errorf("read picture: %w", postgres.Clean(err))
	}
	return p, nil
}
