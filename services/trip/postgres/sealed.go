package postgres

import (
	"strconv"

	"github.com/tripgen/tripgen/internal/reseal"
)

// Sealed are all columns with sealed values.
func Sealed() []reseal.Column {
	byID := func(place func(string) string) func([]string) string {
		return func(key []string) string { return place(key[0]) }
	}
	numbered := func(place func(id string, number int64) string) func([]string) string {
		return func(key []string) string {
			number, _ := strconv.ParseInt(key[1], 10, 64) // an integer column
			return place(key[0], number)
		}
	}
	id := []string{"id"}
	return []reseal.Column{
		{Table: "trip", Name: "body", Key: id, Place: byID(tripPlace)},
		{Table: "itinerary", Name: "document", Key: []string{"trip_id", "version"}, Place: numbered(itineraryPlace)},
		{Table: "generation", Name: "request", Key: id, Place: byID(requestPlace)},
		{Table: "change", Name: "body", Key: []string{"trip_id", "number"}, Place: numbered(changePlace)},
		{Table: "webhook", Name: "body", Key: id, Place: byID(webhookPlace)},
		{
			// A link's token is kept with the key that it was asked for under, for as long as such keys are.
			Table: "idempotency", Name: "resources", Key: []string{"owner", "key_hash"}, Of: []string{"resources[1]"}, Place: byID(tokenPlace),
			Read:  `CASE WHEN resources[1] LIKE 'share\_%' AND cardinality(resources) = 2 THEN decode(resources[2], 'base64') END`,
			Write: `resources[2] = translate(encode($1, 'base64'), E'\n', '')`,
		},
	}
}
