package trip

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/tripgen/tripgen/internal/errs"
)

// Share is a read-only link to a trip's newest itinerary.
type Share struct {
	// ID is share_….
	ID, TripID string
	// Created, Expires and Revoked are in UTC; Revoked is zero for a link that was not.
	Created, Expires, Revoked time.Time
}

var (
	// ErrShareInvalid: the link expired, was revoked, or never was; which one is not told.
	ErrShareInvalid = errs.NotFound(errs.ReasonShareLinkInvalid,
		"더 이상 열 수 없는 링크입니다.", "This link does not work (any more).")
	// ErrNoShare: the trip has no such link.
	ErrNoShare = errs.NotFound(errs.ReasonNotFound, "공유 링크를 찾을 수 없습니다.", "There is no such link.")
)

const (
	defaultShareDays = 30
	shareTokenBytes  = 32
)

// Share makes a link that works for some days, 0 for 30, and gives the token in it, which is told only now.
// A repeated request is told it again.
func (s *Service) Share(ctx context.Context, c Caller, tripID string, days int) (Share, string, error) {
	var token string
	share, err := writeOnce(ctx, s, c, func() (made Share, err error) {
		made, token, err = s.share(ctx, c, tripID, days)
		return made, err
	}, func(ids []string) (Share, error) {
		token = ids[1]
		return s.Shares.Share(ctx, c.Owner, tripID, ids[0])
	})
	return share, token, err
}

func (s *Service) share(ctx context.Context, c Caller, tripID string, days int) (Share, string, error) {
	if days == 0 {
		days = defaultShareDays
	}
	now := s.now()
	secret := make([]byte, shareTokenBytes)
	_, _ = rand.Read(secret) // it never fails (crypto/rand)
	token := base64.RawURLEncoding.EncodeToString(secret)
	share := Share{ID: s.IDs.New(prefixShare), TripID: tripID, Created: now, Expires: now.AddDate(0, 0, days)}
	return share, token, s.Shares.AddShare(ctx, c.Owner, share, token, c.Once)
}

// ListShares gives a page of a trip's links, newest first, those made before the cursor (a link's id).
func (s *Service) ListShares(ctx context.Context, c Caller, tripID, before string, limit int) ([]Share, error) {
	return s.Shares.Shares(ctx, c.Owner, tripID, before, limit)
}

// Revoke makes a link stop working at once.
func (s *Service) Revoke(ctx context.Context, c Caller, tripID, shareID string) (Share, error) {
	return s.Shares.RevokeShare(ctx, c.Owner, tripID, shareID, s.now())
}

// OpenShare gives the trip that a link shows and its newest itinerary: ErrShareInvalid, ErrNoItinerary.
func (s *Service) OpenShare(ctx context.Context, token string) (Trip, Itinerary, error) {
	return s.Shares.Shared(ctx, token, s.now())
}
