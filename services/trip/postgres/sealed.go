package postgres

import "github.com/tripgen/tripgen/internal/reseal"

// Sealed are all columns with sealed values.
func Sealed() []reseal.Column {
	id := []string{"id"}
	return []reseal.Column{
		{Table: "trip", Name: "body", Key: id, Place: reseal.ByID(tripPlace)},
		{Table: "itinerary", Name: "document", Key: []string{"trip_id", "version"}, Place: reseal.Numbered(itineraryPlace)},
		{Table: "generation", Name: "request", Key: id, Place: reseal.ByID(requestPlace)},
		{Table: "change", Name: "body", Key: []string{"trip_id", "number"}, Place: reseal.Numbered(changePlace)},
		{Table: "webhook", Name: "body", Key: id, Place: reseal.ByID(webhookPlace)},
		{
			// A link's token is kept with the key that it was asked for under, for as long as such keys are.
			Table: "idempotency", Name: "resources", Key: []string{"owner", "key_hash"}, Of: []string{"resources[1]"}, Place: reseal.ByID(tokenPlace),
			Read:  `CASE WHEN resources[1] LIKE 'share\_%' AND cardinality(resources) = 2 THEN decode(resources[2], 'base64') END`,
			Write: `resources[2] = translate(encode($1, 'base64'), E'\n', '')`,
		},
	}
}
