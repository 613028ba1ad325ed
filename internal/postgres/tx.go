package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Beginner starts transactions: a pool, a connection, or a transaction (which then nests by a savepoint).
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// Querier runs statements: what a store's functions take, so that they work in and out of a transaction.
type Querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// InTx runs fn in one transaction (read committed): committed if fn gives nil, else rolled back and fn's error comes
// back. Errors of the database are cleaned (see [Clean]).
func InTx(ctx context.Context, db Beginner, fn func(pgx.Tx) error) error {
	err := pgx.BeginFunc(ctx, db, fn)
	return Clean(err)
}

// What can be told apart. Test with errors.Is; the driver's error stays reachable by errors.As.
var (
	// ErrNoRow: the query found nothing.
	ErrNoRow = errors.New("no such row")
	// ErrExists: a unique index has this value already; Constraint names the index.
	ErrExists = errors.New("value is taken")
	// ErrReference: a row that is referred to is not there, or is still referred to.
	ErrReference = errors.New("reference broken")
	// ErrCheck: a check or not-null constraint does not hold.
	ErrCheck = errors.New("check constraint broken")
	// ErrConflict: a deadlock, or a concurrent change won; the transaction may be repeated.
	ErrConflict = errors.New("concurrent change")
	// ErrUnavailable: the server cannot be reached, is starting, stopping or full.
	ErrUnavailable = errors.New("database unavailable")
	// ErrNoDatabase: the server has no such database.
	ErrNoDatabase = errors.New("no such database")
	// ErrDatabaseExists: the server has the database already.
	ErrDatabaseExists = errors.New("database exists")
)

// sqlStates are PostgreSQL's error codes (appendix A of its manual) that callers act on.
var sqlStates = map[string]error{
	"23505": ErrExists, "23503": ErrReference, "23514": ErrCheck, "23502": ErrCheck,
	"40001": ErrConflict, "40P01": ErrConflict, "55P03": ErrConflict,
	"57P01": ErrUnavailable, "57P02": ErrUnavailable, "57P03": ErrUnavailable, "53300": ErrUnavailable,
	"3D000": ErrNoDatabase, "42P04": ErrDatabaseExists,
}

// Clean puts the sentinel that an error of the driver stands for in front of it; other errors, and nil, stay as they
// are.
func Clean(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return join(ErrNoRow, err)
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		if sentinel, ok := sqlStates[pg.Code]; ok {
			return join(sentinel, err)
		}
		return err
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return join(ErrUnavailable, err)
	}
	return err
}

func join(sentinel, err error) error {
	if errors.Is(err, sentinel) {
		return err
	}
	return fmt.Errorf("%w: %w", sentinel, err)
}

// Constraint is the name of the constraint or unique index that a statement broke, or empty.
func Constraint(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.ConstraintName
	}
	return ""
}
