// Package resealtest checks that a service names all its sealed columns, and rightly.
package resealtest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tripgen/tripgen/internal/reseal"
	"github.com/tripgen/tripgen/internal/seal"
)

// Rotate brings a new key into the key file, seals everything in the database anew and gives the sealer that has nothing
// but the new key. The database must have a value in each sealed column; plain are the bytea columns, as "table.column",
// that nothing sealed is in: a column that is neither is an error.
func Rotate(t *testing.T, pool *pgxpool.Pool, file []byte, columns []reseal.Column, plain ...string) *seal.Sealer {
	t.Helper()
	binary := binaryColumns(t, pool)
	for _, name := range binary {
		sealed := slices.ContainsFunc(columns, func(c reseal.Column) bool { return c.Table+"."+c.Name == name })
		if sealed == slices.Contains(plain, name) {
			t.Errorf("is %s sealed?", name)
		}
	}
	var old uint32
	change := func(how func(*seal.Keys) error) *seal.Sealer {
		t.Helper()
		changed, err := seal.Change(file, how)
		if err != nil {
			t.Fatal(err)
		}
		s, err := seal.New(changed)
		if err != nil {
			t.Fatal(err)
		}
		file = changed
		return s
	}
	both := change(func(k *seal.Keys) error {
		old = k.List()[0].ID
		if _, err := k.Add(time.Now()); err != nil {
			return err
		}
		_, err := k.Promote(time.Now(), 0)
		return err
	})
	keeper := reseal.Keeper{Name: "test", Pool: pool, Columns: columns}
	held, err := reseal.Count(t.Context(), old, keeper)
	if err != nil || len(held) != len(columns) {
		t.Fatalf("of %d columns these have values to begin with: %+v, %v", len(columns), held, err)
	}
	results, err := reseal.Run(t.Context(), both, reseal.Options{}, keeper)
	if err != nil {
		t.Fatalf("Run = %+v, %v", results, err)
	}
	if held, err := reseal.Count(t.Context(), old, keeper); err != nil || len(held) != 0 {
		t.Errorf("the old key still holds %+v, %v", held, err)
	}
	for _, name := range binary {
		var n int
		table, column, _ := strings.Cut(name, ".")
		err := pool.QueryRow(t.Context(), `SELECT count(*) FROM `+table+` WHERE substring(`+column+` FROM 1 FOR 5) = $1`, seal.HeaderOf(old)).Scan(&n)
		if err != nil || n > 0 {
			t.Errorf("%s has %d values of the old key, %v", name, n, err)
		}
	}
	return change(func(k *seal.Keys) error {
		if err := k.Disable(old); err != nil {
			return err
		}
		return k.Drop(old)
	})
}

func binaryColumns(t *testing.T, pool *pgxpool.Pool) []string {
	t.Helper()
	rows, err := pool.Query(t.Context(), `SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND data_type = 'bytea' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(names) == 0 {
		t.Fatalf("bytea columns: %v, %v", names, err)
	}
	return names
}
