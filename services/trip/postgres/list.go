package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/tripgen/tripgen/internal/postgres"
	"github.com/tripgen/tripgen/services/trip"
)

// listing puts together a list's statement: conditions with their arguments.
type listing struct {
	where []string
	args  []any
}

// and adds a condition; each %s in it is the place of the next argument.
func (l *listing) and(condition string, args ...any) {
	places := make([]any, len(args))
	for i, arg := range args {
		l.args = append(l.args, arg)
		places[i] = fmt.Sprintf("$%d", len(l.args))
	}
	l.where = append(l.where, fmt.Sprintf(condition, places...))
}

var likePattern = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// listStatement puts together the statement of a list, with its arguments.
func listStatement(q trip.Query) (string, []any) {
	var l listing
	l.and(`t.owner = %s`, q.Owner)
	if q.Deleted {
		l.and(`t.deleted IS NOT NULL AND t.deleted > %s`, q.Now.Add(-trip.KeepDeleted))
	} else {
		l.and(`t.deleted IS NULL`)
	}
	switch q.Status {
	case trip.Planning:
		l.and(`(t.begins IS NULL OR t.begins > %s)`, q.Now)
	case trip.Ongoing:
		l.and(`t.begins <= %s AND t.ends > %s`, q.Now, q.Now)
	case trip.Past:
		l.and(`t.ends <= %s`, q.Now)
	}
	if q.Search != "" {
		l.and(`t.searchable LIKE %s`, "%"+likePattern.Replace(q.Search)+"%")
	}
	order := l.ordered(q)
	return `SELECT ` + tripColumns + ` FROM trip t WHERE ` + strings.Join(l.where, " AND ") +
		` ORDER BY ` + order + fmt.Sprintf(` LIMIT %d`, q.Limit), l.args
}

// List gives a page of trips.
func (s *Store) List(ctx context.Context, q trip.Query) ([]trip.Trip, error) {
	statement, args := listStatement(q)
	rows, err := s.pool.Query(ctx, statement, args...)
	if err != nil {
		return nil, failed(postgres.Clean(err), "list trips")
	}
	defer rows.Close()
	var trips []trip.Trip
	for rows.Next() {
		t, err := s.scanTrip(rows)
		if err != nil {
			return nil, failed(err, "list trips")
		}
		trips = append(trips, t)
	}
	return trips, failed(postgres.Clean(rows.Err()), "list trips")
}

// ordered adds the condition of the cursor and gives the order. Ids break ties; they sort by creation.
func (l *listing) ordered(q trip.Query) string {
	c := q.After
	switch q.Order {
	case trip.Oldest:
		if c != nil {
			l.and(`t.id > %s`, c.ID)
		}
		return `t.id`
	case trip.ByStart:
		const start = `coalesce(t.start_date, 'infinity')`
		if c != nil {
			l.and(`(`+start+`, t.id) > (coalesce(%s::date, 'infinity'), %s)`, date(c.Start), c.ID)
		}
		return start + `, t.id`
	case trip.ByName:
		if c != nil {
			l.and(`(t.name_key, t.id) > (%s, %s)`, c.Name, c.ID)
		}
		return `t.name_key, t.id`
	default:
		if c != nil {
			l.and(`t.id < %s`, c.ID)
		}
		return `t.id DESC`
	}
}
