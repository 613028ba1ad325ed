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
	id := []string{"id"}
	return []reseal.Column{
		{Table: "accounts", Name: "profile", Key: id, Place: byID(profilePlace)},
		{Table: "avatars", Name: "picture", Key: []string{"account_id"}, Place: byID(picturePlace), Large: true},
		{Table: "avatars", Name: "thumbnail", Key: []string{"account_id"}, Place: byID(thumbnailPlace)},
		{Table: "mails", Name: "content", Key: id, Place: func([]string) string { return mailPlace }},
		{Table: "sessions", Name: "device", Key: id, Place: byID(devicePlace)},
		{Table: "codes", Name: "device", Key: []string{"hash"}, Of: []string{"session_id"}, Place: byID(devicePlace)},
		{Table: "signing_keys", Name: "private_key", Key: id, Place: byID(keyPlace)},
		{
			Table: "export_documents", Name: "content", Key: []string{"export_id", "service", "attempt", "number"}, Large: true,
			Place: func(key []string) string {
				number, _ := strconv.Atoi(key[3]) // an integer column
				return documentPlace(key[0], key[1], key[2], number)
			},
		},
	}
}
