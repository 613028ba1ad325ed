// Package oauth is TripGen's OAuth 2.1 and OpenID Connect server, on Fosite. It has the authorization code flow with
// PKCE (RFC 7636, S256 only), refresh with rotation and reuse detection, client credentials, revocation (RFC 7009),
// introspection (RFC 7662), metadata (RFC 8414) and userinfo. There is no implicit flow and no password grant.
//
// Access tokens are JWTs after RFC 9068 and are not stored; what ends one before its time is a revocation of its session
// (sid), its client or itself (jti), which all verifiers hear of. A session is the family of all tokens of one
// authorization; the store keeps hashes of its current refresh token and of the one before.
package oauth

// Audience is what all access tokens are for.
const Audience = "tripgen"

// The scopes.
const (
	ScopeAccount     = "account"
	ScopeTripsRead   = "trips.read"
	ScopeTripsWrite  = "trips.write"
	ScopeGenerations = "generations"
	ScopePlacesRead  = "places.read"
	ScopeWebhooks    = "webhooks"
	ScopeUsageRead   = "usage.read"
	ScopeInternal    = "internal"
	ScopeOpenID      = "openid"
	ScopeOffline     = "offline_access"
)

// TravellerScopes are what TripGen's own apps get for a person.
func TravellerScopes() []string {
	return []string{
		ScopeAccount, ScopeTripsRead, ScopeTripsWrite, ScopeGenerations, ScopePlacesRead, ScopeOpenID, ScopeOffline,
	}
}

// PartnerScopes are what a partner's client can get for itself.
func PartnerScopes() []string {
	return []string{ScopeTripsRead, ScopeTripsWrite, ScopeGenerations, ScopePlacesRead, ScopeWebhooks, ScopeUsageRead}
}

// PublicScopes are all scopes but the internal one, as the metadata lists them.
func PublicScopes() []string {
	return []string{
		ScopeAccount, ScopeTripsRead, ScopeTripsWrite, ScopeGenerations, ScopePlacesRead, ScopeWebhooks,
		ScopeUsageRead, ScopeOpenID, ScopeOffline,
	}
}
