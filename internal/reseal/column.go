package reseal

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/internal/seal"
)

// run is the way through one column.
type run struct {
	pool     *pgxpool.Pool
	sealer   Sealer
	options  Options
	of       Column
	progress Progress
}

// all goes through the column until nothing is left that could be done.
func (r *run) all(ctx context.Context) (Progress, error) {
	left, err := count(ctx, r.pool, r.of, "<>", r.sealer.Header())
	if err != nil {
		return r.progress, err
	}
	r.progress.Found, r.progress.Left = left, left
	for range passes {
		if r.progress.Left == 0 {
			break
		}
		if err := r.pass(ctx); err != nil {
			return r.progress, err
		}
		if r.progress.Left, err = count(ctx, r.pool, r.of, "<>", r.sealer.Header()); err != nil {
			return r.progress, err
		}
		if r.progress.Left == r.progress.Broken {
			break
		}
	}
	return r.progress, nil
}

// pass goes through the whole column once, by the order of the key.
func (r *run) pass(ctx context.Context) error {
	r.progress.Broken = 0
	for from := []string(nil); ; {
		until, err := r.until(ctx, from)
		if err != nil {
			return err
		}
		if err := r.batch(ctx, from, until); err != nil {
			return err
		}
		if r.options.Told != nil {
			r.options.Told(r.progress)
		}
		if until == nil {
			return nil
		}
		from = until
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(r.options.Pause):
		}
	}
}

// until is the key of the last row of the batch that begins after a key; nil where that is the rest of the table. Rows
// are counted whether they are sealed anew already or not, so that no statement looks at more than one batch.
func (r *run) until(ctx context.Context, from []string) (key []string, err error) {
	n := rows
	if r.of.Large {
		n = rowsLarge
	}
	where, args := r.between(from, nil, n-1)
	err = r.pool.QueryRow(ctx, `SELECT `+r.of.key(true)+` FROM `+name(r.of.Table)+where+
		` ORDER BY `+r.of.key(false)+` OFFSET $1 LIMIT 1`, args...).Scan(&key)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return key, postgres.Clean(err)
}

// between is the condition for keys after from and up to until, nil for no bound, and all arguments, first ones before.
func (r *run) between(from, until []string, first ...any) (where string, args []any) {
	args = first
	add := func(is string, key []string) {
		if key == nil {
			return
		}
		if where == "" {
			where = " WHERE "
		} else {
			where += " AND "
		}
		where += r.of.key(false) + is + r.of.params(len(args)+1)
		for _, part := range key {
			args = append(args, part)
		}
	}
	add(" > ", from)
	add(" <= ", until)
	return where, args
}

// row is a value that another key has sealed.
type row struct {
	key, of []string
	sealed  []byte
}

// batch seals the values of some rows anew, in one transaction. It never waits for a row that somebody holds.
func (r *run) batch(ctx context.Context, from, until []string) error {
	var done, broken int64
	err := postgres.InTx(ctx, r.pool, func(tx pgx.Tx) error {
		where, args := r.between(from, until, r.sealer.Header())
		and := " WHERE "
		if where != "" {
			and = " AND "
		}
		found, err := tx.Query(ctx, `SELECT `+r.of.key(true)+`, `+r.of.of()+`, `+r.of.read()+` FROM `+name(r.of.Table)+where+and+
			`substring(`+r.of.read()+` FROM 1 FOR `+headerSize+`) <> $1 ORDER BY `+r.of.key(false)+` FOR NO KEY UPDATE SKIP LOCKED`, args...)
		if err != nil {
			return err
		}
		held, err := pgx.CollectRows(found, func(in pgx.CollectableRow) (out row, err error) {
			return out, in.Scan(&out.key, &out.of, &out.sealed)
		})
		if err != nil {
			return err
		}
		var b pgx.Batch
		for _, v := range held {
			place := r.of.Place(v.of)
			plain, err := r.sealer.Open(v.sealed, place)
			if errors.Is(err, seal.ErrOpen) {
				broken++
				continue
			}
			if err != nil {
				return err
			}
			sealed, err := r.sealer.Seal(plain, place)
			if err != nil {
				return err
			}
			args := []any{sealed}
			for _, part := range v.key {
				args = append(args, part)
			}
			b.Queue(`UPDATE `+name(r.of.Table)+` SET `+r.of.write()+` WHERE `+r.of.key(false)+` = `+r.of.params(2), args...)
			done++
		}
		return tx.SendBatch(ctx, &b).Close()
	})
	if err == nil {
		r.progress.Done += done
		r.progress.Broken += broken
	}
	return err
}
