package postgres

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/user"
)

var _ user.Exports = (*Store)(nil)

const exportColumns = `id, account_id, state, requested, ended, expires, parts`

func scanExport(row pgx.Row) (user.Export, error) {
	var (
		e              user.Export
		ended, expires *time.Time
	)
	err := row.Scan(&e.ID, &e.AccountID, &e.State, &e.Requested, &ended, &expires, &e.Parts)
	e.Requested, e.Ended, e.Expires = e.Requested.UTC(), instant(ended), instant(expires)
	return e, postgres.Clean(err)
}

func noExport(err error, doing string) error {
	if errors.Is(err, postgres.ErrNoRow) || errors.Is(err, postgres.ErrReference) {
		return user.ErrNoExport
	}
	return failed(err, doing)
}

// BeginExport notes an export.
func (s *Store) BeginExport(ctx context.Context, accountID, exportID string, now time.Time) (e user.Export, fresh bool, err error) {
	err = postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := s.lockAccount(ctx, tx, accountID); err != nil {
			return err
		}
		e, err = scanExport(tx.QueryRow(ctx, `
			SELECT `+exportColumns+` FROM exports
			WHERE account_id = $1 AND (state = 'running' OR state = 'done' AND expires > $2) ORDER BY id DESC LIMIT 1`, accountID, now))
		if !errors.Is(err, postgres.ErrNoRow) {
			return err
		}
		fresh = true
		if e, err = scanExport(tx.QueryRow(ctx, `
			INSERT INTO exports (id, account_id, state, requested) VALUES ($1, $2, 'running', $3)
			RETURNING `+exportColumns, exportID, accountID, now)); err != nil {
			return err
		}
		return s.record(ctx, tx, user.Event{Kind: user.DataExported, AccountID: accountID, Detail: exportID})
	})
	return e, fresh, failed(err, "begin export")
}

// Export reads an export.
func (s *Store) Export(ctx context.Context, id string) (user.Export, error) {
	e, err := scanExport(s.pool.QueryRow(ctx, `SELECT `+exportColumns+` FROM exports WHERE id = $1`, id))
	return e, noExport(err, "read export")
}

func documentPlace(exportID, service, attempt string, number int) string {
	return fmt.Sprintf("exports/%s/%s/%s/%d", exportID, service, attempt, number)
}

// AddDocument stores a document.
func (s *Store) AddDocument(ctx context.Context, exportID, service, attempt string, number int, d user.Document) error {
	plain, err := json.Marshal(d)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.DefaultCompression)
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return fmt.Errorf("pack document: %w", err)
	}
	sealed, err := s.seal.Seal(packed.Bytes(), documentPlace(exportID, service, attempt, number))
	if err != nil {
		return fmt.Errorf("seal document: %w", err)
	}
	_, err = s.pool.Exec(ctx, `INSERT INTO export_documents (export_id, service, attempt, number, content) VALUES ($1, $2, $3, $4, $5)`,
		exportID, service, attempt, number, sealed)
	return noExport(postgres.Clean(err), "store document")
}

// FinishExport makes an archive available.
func (s *Store) FinishExport(ctx context.Context, id string, parts map[string]user.Part, expires time.Time) error {
	return noExport(postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		e, err := scanExport(tx.QueryRow(ctx, `SELECT `+exportColumns+` FROM exports WHERE id = $1 FOR UPDATE`, id))
		switch {
		case err != nil:
			return err
		case e.State == user.ExportFailed:
			return postgres.ErrNoRow
		case e.State == user.Exported:
			return nil
		}
		for service, p := range parts {
			if _, err := tx.Exec(ctx, `DELETE FROM export_documents WHERE export_id = $1 AND service = $2 AND attempt <> $3`,
				id, service, p.Attempt); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `UPDATE exports SET state = 'done', ended = $2, expires = $3, parts = $4 WHERE id = $1`,
			id, s.clock.Now(), expires, parts)
		return err
	}), "finish export")
}

// FailExport ends an export.
func (s *Store) FailExport(ctx context.Context, id string) error {
	err := postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE exports SET state = 'failed', ended = $2 WHERE id = $1 AND state = 'running'`, id, s.clock.Now())
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM export_documents USING exports e WHERE export_id = e.id AND e.id = $1 AND e.state = 'failed'`, id)
		return err
	})
	return failed(err, "end export")
}

// Documents gives the documents of an archive, one in memory at a time.
func (s *Store) Documents(ctx context.Context, e user.Export, give func(string, user.Document) error) error {
	for _, service := range slices.Sorted(maps.Keys(e.Parts)) {
		p := e.Parts[service]
		for number := 1; number <= p.Documents; number++ {
			d, err := s.document(ctx, e.ID, service, p.Attempt, number)
			if err == nil {
				err = give(service, d)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) document(ctx context.Context, exportID, service, attempt string, number int) (d user.Document, err error) {
	var sealed []byte
	err = postgres.Clean(s.pool.QueryRow(ctx, `
		SELECT content FROM export_documents WHERE export_id = $1 AND service = $2 AND attempt = $3 AND number = $4`,
		exportID, service, attempt, number).Scan(&sealed))
	if err != nil {
		return d, noExport(err, "read document")
	}
	packed, err := s.seal.Open(sealed, documentPlace(exportID, service, attempt, number))
	if err != nil {
		return d, fmt.Errorf("open document: %w", err)
	}
	plain, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
	if err != nil {
		return d, fmt.Errorf("unpack document: %w", err)
	}
	return d, json.Unmarshal(plain, &d)
}

// UnfinishedExports gives exports that are being made.
func (s *Store) UnfinishedExports(ctx context.Context, before time.Time, after string, limit int) ([]string, error) {
	return s.unfinished(ctx, "exports", before, after, limit)
}
