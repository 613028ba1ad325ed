// Package reseal seals stored values anew with the key that seals now, so that older keys can be dropped, while services
// go on reading and writing them. What is left to do is told by the values themselves: a run that was broken off is gone
// on with by the next one, several may run at once, and one that finds nothing changes nothing.
package reseal

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/internal/seal"
)

// Column is a column of sealed values.
type Column struct {
	Table, Name string
	// Key are the columns of the table's primary key.
	Key []string
	// Place is what the value of a row is bound to, from the row's key as text.
	Place func(key []string) string
	// Of are SQL expressions that Place gets instead of the key; nil for the key.
	Of []string
	// Read and Write are SQL for a sealed value that is not a column of its own: an expression that gives it or null, and
	// an assignment that puts $1 in its place.
	Read, Write string
	// Large values are taken a few at a time.
	Large bool
}

// ByID is the Place of a row whose key begins with an id, or is one.
func ByID(place func(id string) string) func(key []string) string {
	return func(key []string) string { return place(key[0]) }
}

// Numbered is the Place of a row whose key is an id and an integer.
func Numbered(place func(id string, number int64) string) func(key []string) string {
	return func(key []string) string {
		number, _ := strconv.ParseInt(key[1], 10, 64) // an integer column
		return place(key[0], number)
	}
}

// Keeper is a service's database with sealed values in it.
type Keeper struct {
	Name    string
	Pool    *pgxpool.Pool
	Columns []Column
}

// Sealer opens and seals. *seal.Sealer is one.
type Sealer interface {
	Open(sealed []byte, context string) ([]byte, error)
	Seal(plain []byte, context string) ([]byte, error)
	// Header is what all begins with that is sealed now.
	Header() []byte
}

// Progress is how far a column has come.
type Progress struct {
	Keeper, Table, Column string
	// Found is how many values another key had sealed when the column was begun with.
	Found int64
	// Done is how many of them were sealed anew.
	Done int64
	// Broken is how many cannot be opened; they stay as they are.
	Broken int64
	// Left is how many are still sealed by another key, broken ones too: such that were written or held meanwhile.
	Left int64
}

// ErrLeft means that some values are still sealed by older keys.
var ErrLeft = errors.New("some values are still sealed by older keys")

const (
	rows      = 200
	rowsLarge = 10
	// passes bounds how often a column is gone through while others hold rows of it.
	passes = 5
)

// Options say how a run goes.
type Options struct {
	// Pause is waited after each batch, so that the services have the database to themselves in between.
	Pause time.Duration
	// Told is called after each batch; nil for nobody.
	Told func(Progress)
}

// Run seals all values anew that another key than the current one has sealed. A batch is one short transaction; rows that
// somebody else holds are come back to. It gives the columns' results, with [ErrLeft] where something is left.
func Run(ctx context.Context, s Sealer, o Options, keepers ...Keeper) ([]Progress, error) {
	var all []Progress
	var left error
	for _, k := range keepers {
		for _, c := range k.Columns {
			r := run{pool: k.Pool, sealer: s, options: o, of: c, progress: Progress{Keeper: k.Name, Table: c.Table, Column: c.Name}}
			p, err := r.all(ctx)
			all = append(all, p)
			if err != nil {
				return all, fmt.Errorf("reseal %s's %s.%s: %w", k.Name, c.Table, c.Name, err)
			}
			if p.Left > 0 {
				left = ErrLeft
			}
		}
	}
	return all, left
}

// Count tells how many values in all columns the key has sealed.
func Count(ctx context.Context, key uint32, keepers ...Keeper) ([]Progress, error) {
	var all []Progress
	for _, k := range keepers {
		for _, c := range k.Columns {
			n, err := count(ctx, k.Pool, c, "=", seal.HeaderOf(key))
			if err != nil {
				return nil, fmt.Errorf("count %s's %s.%s: %w", k.Name, c.Table, c.Name, err)
			}
			if n > 0 {
				all = append(all, Progress{Keeper: k.Name, Table: c.Table, Column: c.Name, Found: n, Left: n})
			}
		}
	}
	return all, nil
}

func count(ctx context.Context, pool *pgxpool.Pool, c Column, is string, header []byte) (n int64, err error) {
	err = pool.QueryRow(ctx, `SELECT count(*) FROM `+name(c.Table)+` WHERE substring(`+c.read()+` FROM 1 FOR `+
		headerSize+`) `+is+` $1`, header).Scan(&n)
	return n, postgres.Clean(err)
}

// headerSize is the length of Tink's prefix: a version and the key's id.
const headerSize = "5"

func name(s string) string { return pgx.Identifier{s}.Sanitize() }

func (c Column) read() string {
	if c.Read != "" {
		return c.Read
	}
	return name(c.Name)
}

func (c Column) write() string {
	if c.Write != "" {
		return c.Write
	}
	return name(c.Name) + " = $1"
}

// key is the row's key as a SQL row, or with each column as text.
func (c Column) key(asText bool) string {
	parts := make([]string, len(c.Key))
	for i, k := range c.Key {
		parts[i] = name(k)
		if asText {
			parts[i] += "::text"
		}
	}
	if asText {
		return "ARRAY[" + strings.Join(parts, ", ") + "]"
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

func (c Column) of() string {
	if c.Of == nil {
		return c.key(true)
	}
	return "ARRAY[" + strings.Join(c.Of, ", ") + "]"
}

// params are $first … for a key.
func (c Column) params(first int) string {
	parts := make([]string, len(c.Key))
	for i := range c.Key {
		parts[i] = fmt.Sprintf("$%d", first+i)
	}
	return "(" + strings.Join(parts, ", ") + ")"
}
