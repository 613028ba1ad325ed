package postgres

import (
	"strconv"

	"github.com/tripgen/tripgen/internal/reseal"
)

// Sealed are all columns with sealed values.
func Sealed() []reseal.Column {
	id := []string{"id"}
	return []reseal.Column{
		{Table: "accounts", Name: "profile", Key: id, Place: reseal.ByID(profilePlace)},
		{Table: "avatars", Name: "picture", Key: []string{"account_id"}, Place: reseal.ByID(picturePlace), Large: true},
		{Table: "avatars", Name: "thumbnail", Key: []string{"account_id"}, Place: reseal.ByID(thumbnailPlace)},
		{Table: "mails", Name: "content", Key: id, Place: func([]string) string { return mailPlace }},
		{Table: "sessions", Name: "device", Key: id, Place: reseal.ByID(devicePlace)},
		{Table: "codes", Name: "device", Key: []string{"hash"}, Of: []string{"session_id"}, Place: reseal.ByID(devicePlace)},
		{Table: "signing_keys", Name: "private_key", Key: id, Place: reseal.ByID(keyPlace)},
		{
			Table: "export_documents", Name: "content", Key: []string{"export_id", "service", "attempt", "number"}, Large: true,
			Place: func(key []string) string {
				number, _ := strconv.Atoi(key[3]) // an integer column
				return documentPlace(key[0], key[1], key[2], number)
			},
		},
	}
}
