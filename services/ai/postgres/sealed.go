package postgres

import "github.com/tripgen/tripgen/internal/reseal"

// Sealed are all columns with sealed values.
func Sealed() []reseal.Column {
	id := []string{"generation_id"}
	return []reseal.Column{
		{Table: "generation_request", Name: "body", Key: id, Place: reseal.ByID(requestPlace)},
		{Table: "generation_result", Name: "itinerary", Key: id, Place: reseal.ByID(resultPlace)},
		{
			Table: "improvement", Name: "body", Key: []string{"generation_id", "day"},
			Place: reseal.Numbered(func(id string, day int64) string { return dayPlace(id, int(day)) }),
		},
		{Table: "generation_event", Name: "body", Key: []string{"generation_id", "sequence"}, Place: reseal.Numbered(eventPlace)},
	}
}
