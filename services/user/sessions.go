package user

import "context"

// ListSessions gives the account's live sessions, newest first; before is the last id of the page before, or empty.
// more tells whether there are older ones.
func (s *Service) ListSessions(ctx context.Context, accountID, before string, limit int) (page []Session, more bool, err error) {
	page, err = s.Sessions.List(ctx, accountID, before, limit+1)
	if len(page) > limit {
		return page[:limit], true, err
	}
	return page, false, err
}

// EndSession logs a device out, from another one [U2]: ErrNoSession.
func (s *Service) EndSession(ctx context.Context, accountID, sessionID string) error {
	return s.Sessions.End(ctx, accountID, sessionID, EndedElsewhere)
}

// LogOut logs the calling device out: ErrNoSession.
func (s *Service) LogOut(ctx context.Context, accountID, sessionID string) error {
	return s.Sessions.End(ctx, accountID, sessionID, LoggedOut)
}
