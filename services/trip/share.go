package trip

import (
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
