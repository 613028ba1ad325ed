package postgres

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tripgen/tripgen/internal/postgres/postgrestest"
	"github.com/tripgen/tripgen/services/trip"
)

// The hot queries find their rows by an index, with 100,000 trips in all and 1,000 of the one who asks.
func TestHotQueriesUseIndexes(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t, Migrations())
	now := time.Date(2027, 5, 10, 0, 0, 0, 0, time.UTC)
	for _, fill := range []string{
		`INSERT INTO trip (id, owner, body, name_key, searchable, start_date, begins, ends, created, updated, revision, changes)
		SELECT 'trip_' || lpad(n::text, 8, '0'), 'user_' || (n % 100), '\x00', decode(md5(n::text), 'hex'), md5(n::text),
			'2027-01-01'::date + n % 365, '2027-01-01'::timestamptz + n % 365 * interval '1 day',
			'2027-01-05'::timestamptz + n % 365 * interval '1 day', now(), now(), 1, 1
		FROM generate_series(1, 100000) n`,
		`INSERT INTO change (trip_id, number, time, body) SELECT id, k, now(), '\x00' FROM trip, generate_series(1, 3) k WHERE id < 'trip_00020000'`,
		`INSERT INTO generation (id, trip_id, owner, client_id, day, state, created, ended)
		SELECT 'gen_' || id, id, owner, '', 0, 'ready', now(), now() FROM trip WHERE id < 'trip_00050000'`,
		`INSERT INTO itinerary (trip_id, version, origin, generation, revision, document, outline, stops, created)
		SELECT id, 1, 1, '', 1, '\x00', '[]', 0, now() FROM trip WHERE id < 'trip_00020000'`,
		`UPDATE trip SET look_due = begins WHERE id < 'trip_00020000'`,
		`ANALYZE`,
	} {
		if _, err := pool.Exec(t.Context(), fill); err != nil {
			t.Fatal(err)
		}
	}
	type query struct {
		sql  string
		args []any
	}
	queries := map[string]query{
		"get":     {`SELECT ` + tripColumns + ` FROM trip t WHERE t.id = $1 AND t.owner = $2`, []any{"trip_00000007", "user_7"}},
		"feed":    {`SELECT number, body FROM change WHERE trip_id = $1 AND number > $2 ORDER BY number LIMIT 100`, []any{"trip_00000007", 1}},
		"version": {`SELECT ` + itineraryColumns + ` FROM itinerary i WHERE i.trip_id = $1 AND i.version = $2`, []any{"trip_00000007", 1}},
		"looks":   {takeDue, []any{now, now.Add(time.Minute), 100}},
		"sweep":   {`SELECT id FROM generation WHERE ended IS NULL AND created < now() AND id > $1 ORDER BY id LIMIT 500`, []any{""}},
	}
	for order := trip.Newest; order <= trip.ByName; order++ {
		for page, after := range map[string]*trip.Cursor{
			"first": nil, "next": {ID: "trip_00050007", Start: trip.Date{Year: 2027, Month: 5, Day: 1}, Name: []byte{0x80}},
		} {
			sql, args := listStatement(trip.Query{Owner: "user_7", Now: now, Order: order, After: after, Limit: 21})
			queries[fmt.Sprintf("list by %d, %s page", order, page)] = query{sql, args}
		}
	}
	sql, args := listStatement(trip.Query{Owner: "user_7", Now: now, Order: trip.Newest, Status: trip.Ongoing, Search: "abc", Limit: 21})
	queries["list ongoing with search"] = query{sql, args}
	for name, q := range queries {
		rows, err := pool.Query(t.Context(), "EXPLAIN (ANALYZE, BUFFERS) "+q.sql, q.args...)
		if err != nil {
			t.Fatal(err)
		}
		var plan strings.Builder
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			plan.WriteString(line + "\n")
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(plan.String(), "Seq Scan") {
			t.Errorf("%s reads a whole table:\n%s", name, &plan)
		} else {
			t.Logf("%s:\n%s", name, &plan)
		}
	}
}
