package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/user"
	"github.com/tripgen/tripgen/services/user/mail"
)

var _ user.Deletions = (*Store)(nil)

// lockTries is how often the lock of an account is tried: a log-in at the same moment may be in its way.
const lockTries = 5

// BeginDeletion locks an account for its deletion.
func (s *Store) BeginDeletion(ctx context.Context, accountID, deletionID string) (d user.Deletion, err error) {
	for range lockTries {
		err = postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
			d, err = s.beginDeletion(ctx, tx, accountID, deletionID)
			return err
		})
		if !errors.Is(err, postgres.ErrConflict) {
			break
		}
	}
	return d, failed(err, "begin deletion")
}

func (s *Store) beginDeletion(ctx context.Context, tx pgx.Tx, accountID, deletionID string) (user.Deletion, error) {
	var present *string
	// From here on nobody can begin a session: that needs the account's row, too.
	err := tx.QueryRow(ctx, `SELECT deletion FROM accounts WHERE id = $1 FOR UPDATE`, accountID).Scan(&present)
	if err != nil {
		return user.Deletion{}, postgres.Clean(err)
	}
	if present != nil {
		return scanDeletion(tx.QueryRow(ctx, selectDeletion, *present))
	}
	if _, err := s.endSessions(ctx, tx, user.AccountDeleted, `account_id = $1`, accountID); err != nil {
		return user.Deletion{}, err
	}
	for _, statement := range []string{
		`DELETE FROM codes WHERE account_id = $1`, `DELETE FROM browsers WHERE account_id = $1`,
		`DELETE FROM confirmations WHERE account_id = $1`,
	} {
		if _, err := tx.Exec(ctx, statement, accountID); err != nil {
			return user.Deletion{}, err
		}
	}
	if _, err := tx.Exec(ctx, `UPDATE accounts SET deletion = $2 WHERE id = $1`, accountID, deletionID); err != nil {
		return user.Deletion{}, err
	}
	if err := s.record(ctx, tx, user.Event{Kind: user.DeletionBegun, AccountID: accountID, Detail: deletionID}); err != nil {
		return user.Deletion{}, err
	}
	return scanDeletion(tx.QueryRow(ctx, `
		INSERT INTO deletions (id, account_id, state, requested) VALUES ($1, $2, 'holding', $3)
		RETURNING `+deletionColumns, deletionID, accountID, s.clock.Now()))
}

const (
	deletionColumns = `id, account_id, state, requested, ended, forgotten`
	selectDeletion  = `SELECT ` + deletionColumns + ` FROM deletions WHERE id = $1`
)

func scanDeletion(row pgx.Row) (user.Deletion, error) {
	var (
		d     user.Deletion
		ended *time.Time
	)
	err := row.Scan(&d.ID, &d.AccountID, &d.State, &d.Requested, &ended, &d.Forgotten)
	d.Requested, d.Ended = d.Requested.UTC(), instant(ended)
	return d, postgres.Clean(err)
}

func noDeletion(err error, doing string) error {
	if errors.Is(err, postgres.ErrNoRow) {
		return user.ErrNoDeletion
	}
	return failed(err, doing)
}

// Deletion reads a deletion.
func (s *Store) Deletion(ctx context.Context, id string) (user.Deletion, error) {
	d, err := scanDeletion(s.pool.QueryRow(ctx, selectDeletion, id))
	return d, noDeletion(err, "read deletion")
}

// MoveDeletion moves a deletion.
func (s *Store) MoveDeletion(ctx context.Context, id string, from, to user.DeletionState) (state user.DeletionState, err error) {
	err = s.pool.QueryRow(ctx, `
		UPDATE deletions SET state = CASE WHEN state = $2 THEN $3 ELSE state END WHERE id = $1 RETURNING state`,
		id, string(from), string(to)).Scan(&state)
	return state, noDeletion(postgres.Clean(err), "move deletion")
}

// Unlock unlocks the account of a deletion that is undone.
func (s *Store) Unlock(ctx context.Context, id string) error {
	err := postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		var accountID string
		err := tx.QueryRow(ctx, `UPDATE deletions SET state = 'undone', ended = $2 WHERE id = $1 AND state = 'undoing' RETURNING account_id`,
			id, s.clock.Now()).Scan(&accountID)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		a, err := s.scanAccount(tx.QueryRow(ctx, `UPDATE accounts SET deletion = NULL WHERE id = $1 RETURNING `+accountColumns, accountID))
		if err != nil {
			return err
		}
		if err := s.queue(ctx, tx, accountID, mail.Message{
			Kind: mail.DeletionUndone, To: a.Email, Name: a.Name, Code: id, Language: a.Language,
		}); err != nil {
			return err
		}
		return s.record(ctx, tx, user.Event{Kind: user.DeletionUndone, AccountID: accountID, Detail: id})
	})
	s.mailed()
	return noDeletion(err, "undo deletion")
}

// NoteForgotten notes what a service removed.
func (s *Store) NoteForgotten(ctx context.Context, id, service string, f user.Forgotten) error {
	return noDeletion(s.noteForgotten(ctx, s.pool, id, service, f), "note what was removed")
}

func (s *Store) noteForgotten(ctx context.Context, db postgres.Querier, id, service string, f user.Forgotten) error {
	_, err := db.Exec(ctx, `UPDATE deletions SET forgotten = forgotten || jsonb_build_object($2::text, $3::jsonb) WHERE id = $1`,
		id, service, f)
	return postgres.Clean(err)
}

// ofAccounts are the tables whose rows belong to accounts; those of one go before it does, so that they are counted.
var ofAccounts = []struct{ kind, table string }{
	{"sessions", "sessions"},
	{"codes", "codes"},
	{"browsers", "browsers"},
	{"consents", "consents"},
	{"confirmations", "confirmations"},
	{"avatars", "avatars"},
	{"mails", "mails"},
	{"exports", "exports"},
}

// ForgetAccount removes an account.
func (s *Store) ForgetAccount(ctx context.Context, id string) (f user.Forgotten, err error) {
	err = postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		d, err := scanDeletion(tx.QueryRow(ctx, selectDeletion+` FOR UPDATE`, id))
		if err != nil {
			return err
		}
		var done bool
		if f, done = d.Forgotten[user.ServiceName]; done {
			return nil
		}
		if d.State != user.Forgetting {
			return fmt.Errorf("the deletion is %s", d.State)
		}
		if f, err = s.forgetAccount(ctx, tx, d); err != nil {
			return err
		}
		if err := s.record(ctx, tx, user.Event{Kind: user.AccountGone, AccountID: d.AccountID, Detail: id}); err != nil {
			return err
		}
		return s.noteForgotten(ctx, tx, id, user.ServiceName, f)
	})
	s.mailed()
	return f, noDeletion(err, "remove account")
}

func (s *Store) forgetAccount(ctx context.Context, tx pgx.Tx, d user.Deletion) (user.Forgotten, error) {
	f := user.Forgotten{Removed: map[string]int64{}, Time: s.clock.Now().UTC()}
	a, err := s.scanAccount(tx.QueryRow(ctx, `SELECT `+accountColumns+` FROM accounts WHERE id = $1 FOR UPDATE`, d.AccountID))
	if err != nil {
		return f, err
	}
	drop := func(kind, statement string, of any) {
		if err != nil {
			return
		}
		tag, failure := tx.Exec(ctx, statement, of)
		if err = failure; tag.RowsAffected() > 0 {
			f.Removed[kind] = tag.RowsAffected()
		}
	}
	for _, t := range ofAccounts {
		drop(t.kind, `DELETE FROM `+t.table+` WHERE account_id = $1`, d.AccountID)
	}
	drop("failed_logins", `DELETE FROM login_attempts WHERE login_index = $1`, s.loginIndex(a.LoginID))
	drop("accounts", `DELETE FROM accounts WHERE id = $1`, d.AccountID)
	if err != nil {
		return f, err
	}
	// The last mail goes when it is delivered, or given up after two days.
	return f, s.queue(ctx, tx, "", mail.Message{
		Kind: mail.AccountDeleted, To: a.Email, Name: a.Name, Code: d.ID, Language: a.Language,
	})
}

// FinishDeletion ends a deletion.
func (s *Store) FinishDeletion(ctx context.Context, id string) error {
	_, err := s.pool.Exec(ctx, `UPDATE deletions SET state = 'done', ended = $2 WHERE id = $1 AND state = 'forgetting'`, id, s.clock.Now())
	return noDeletion(postgres.Clean(err), "finish deletion")
}

// UnfinishedDeletions gives deletions that go on.
func (s *Store) UnfinishedDeletions(ctx context.Context, before time.Time, after string, limit int) ([]string, error) {
	return s.unfinished(ctx, "deletions", before, after, limit)
}

func (s *Store) unfinished(ctx context.Context, table string, before time.Time, after string, limit int) ([]string, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT id FROM `+table+` WHERE ended IS NULL AND requested < $1 AND id > $2 ORDER BY id LIMIT $3`, before, after, limit)
	if err != nil {
		return nil, failed(postgres.Clean(err), "find unfinished "+table)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return ids, failed(postgres.Clean(err), "find unfinished "+table)
}
