package envoy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// KeysCache is how long a gateway uses the issuer's keys before it fetches them again.
const KeysCache = time.Minute

// keysCacheAfterWithdrawal is the same while a key is withdrawn: the one that had to take over signs at once, and not
// every instance of the issuer has it at the same moment.
const keysCacheAfterWithdrawal = 2 * time.Second

// stateFolder is not watched: what the files that are made anew all the time are made from.
const stateFolder = "state"

// tokenState is what [WriteRevoked] knows of an earlier [Write], and the other way round.
type tokenState struct {
	Issuer   string   `json:"issuer"`
	Audience string   `json:"audience"`
	Revoked  []string `json:"revoked"`
}

func tokenStatePath(dir string) string { return filepath.Join(dir, stateFolder, "tokens.json") }

func readTokenState(dir string) (s tokenState, err error) {
	content, err := os.ReadFile(tokenStatePath(dir))
	if os.IsNotExist(err) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(content, &s); err != nil {
		return s, fmt.Errorf("read %s: %w", tokenStatePath(dir), err)
	}
	return s, nil
}

// writeTokens says whose tokens are good. What is revoked stays so.
func writeTokens(dir string, c Config) error {
	s, err := readTokenState(dir)
	if err != nil {
		return err
	}
	s.Issuer, s.Audience = c.Issuer, c.Audience
	return s.write(dir)
}

// write keeps the state and makes Envoy's files from it.
func (s tokenState) write(dir string) error {
	state, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := replace(tokenStatePath(dir), state); err != nil {
		return err
	}
	for name, filter := range map[string]object{
		"revoked.json": revokedFilter(s.Revoked), "tokens.json": tokenFilter(s.Issuer, s.Audience, len(withdrawnKeys(s.Revoked)) > 0),
	} {
		content, err := json.Marshal(object{"resources": []any{filter}})
		if err != nil {
			return err
		}
		path := filepath.Join(dir, revokedFolder, name)
		if was, err := os.ReadFile(path); err == nil && bytes.Equal(was, content) {
			continue
		}
		if err := replace(path, content); err != nil {
			return err
		}
	}
	return nil
}

// tokenMetadata is where the filters find a token's header while a key is withdrawn.
const tokenMetadata, tokenHeader = "envoy.filters.http.jwt_authn", "header"

// tokenFilter checks tokens. Envoy remembers each token that it has checked, and asks of it no more than its times; a
// changed filter starts with an empty memory and fetches the keys anew, which is how a withdrawn key's tokens end. While
// a key is withdrawn, the token's header is noted for [revokedFilter]; always doing so would cost each call.
func tokenFilter(issuer, audience string, withdrawn bool) object {
	headers := make([]object, 0, len(claims))
	for _, c := range claims {
		headers = append(headers, object{"header_name": c.Header, "claim_name": c.Claim})
	}
	keep := KeysCache
	if withdrawn {
		keep = keysCacheAfterWithdrawal
	}
	provider := object{
		"issuer": issuer, "audiences": []string{audience}, "forward": true,
		"from_headers":       []object{{"name": "Authorization", "value_prefix": "Bearer "}},
		"require_expiration": true,
		"clock_skew_seconds": 5, // hosts' clocks may differ by so much
		// For the filters after it and the access log. As metadata they cost a fifth of all that the gateway does for a call.
		"claim_to_headers": headers,
		"jwt_cache_config": object{"jwt_cache_size": 10000},
		"remote_jwks": object{
			"http_uri":       object{"uri": "http://user/.well-known/jwks.json", "cluster": User, "timeout": "2s"},
			"cache_duration": strconv.Itoa(int(keep.Seconds())) + "s",
			// Fetched beforehand and kept, so that a restart of the user service never closes the door. A filter that comes
			// in later would never fetch by itself without fast_listener: it waits for a start that is long over.
			"async_fetch": object{"fast_listener": true, "failed_refetch_duration": "1s"},
		},
	}
	if withdrawn {
		provider["header_in_metadata"] = tokenHeader
	}
	return object{
		"@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig", "name": "envoy.filters.http.jwt_authn",
		"typed_config": object{
			"@type":           "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
			"providers":       object{"tripgen": provider},
			"requirement_map": object{"access": object{"provider_name": "tripgen"}},
		},
	}
}
