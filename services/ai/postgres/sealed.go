package postgres

import (
	"strconv"

	"github.com/tripgen/tripgen/internal/reseal"
)

// Sealed are all columns with sealed values.
func Sealed() []reseal.Column {
	numbered := func(place func(id string, number int64) string) func([]string) string {
		return func(key []string) string {
			number, _ := strconv.ParseInt(key[1], 10, 64) // an integer column
			return place(key[0], number)
		}
	}
	id := []string{"generation_id"}
	return []reseal.Column{
		{Table: "generation_request", Name: "body", Key: id, Place: func(key []string) string { return requestPlace(key[0]) }},
		{Table: "generation_result", Name: "itinerary", Key: id, Place: func(key []string) string { return resultPlace(key[0]) }},
		{
			Table: "improvement", Name: "body", Key: []string{"generation_id", "day"},
			Place: numbered(func(id string, day int64) string { return dayPlace(id, int(day)) }),
		},
		{Table: "generation_event", Name: "body", Key: []string{"generation_id", "sequence"}, Place: numbered(eventPlace)},
	}
}
