package envoy

import (
	"fmt"
	"slices"
	"strings"
)

// revokedFolder is watched apart from the other files: it changes with every log-out.
const revokedFolder = "revoked"

// claim is a claim of a token that Envoy's filters need; a header carries it from one to the next.
type claim struct{ Claim, Header string }

// claims are all of them.
var claims = []claim{
	{"sub", "x-tripgen-subject"}, {"client_id", "x-tripgen-client"}, {"scope", "x-tripgen-scope"}, {"sid", "x-tripgen-session"}, {"jti", "x-tripgen-token"},
}

// revocables are the headers by which tokens are revoked, by the prefix of a revocation's subject
// (tripgen.user.v1.Revocation), in the order in which they are looked at.
var revocables = []struct{ kind, header string }{{"sid", "x-tripgen-session"}, {"jti", "x-tripgen-token"}, {"client", "x-tripgen-client"}}

// WriteRevoked tells a running Envoy which tokens it must refuse, as subjects `sid:…`, `jti:…`, `client:…` and, for
// signing keys, `kid:…`; all of them each time. Envoy takes it within milliseconds. A call's cost does not grow with
// their number: each claim is one look-up in a hash map.
func WriteRevoked(dir string, subjects []string) error {
	s, err := readTokenState(dir)
	if err == nil {
		s.Revoked = subjects
		err = s.write(dir)
	}
	if err != nil {
		return fmt.Errorf("write what is revoked: %w", err)
	}
	return nil
}

// withdrawnKeys are the ids of the keys among what is revoked.
func withdrawnKeys(subjects []string) (ids []string) {
	for _, s := range subjects {
		if id, ok := strings.CutPrefix(s, "kid:"); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

type object map[string]any

// revokedFilter is an RBAC filter that refuses what is in the maps and lets everything else pass.
func revokedFilter(subjects []string) object {
	rule := rbacAction("not_revoked", "ALLOW")
	// The last claim that is looked at comes first: a miss goes on to the next.
	for _, r := range slices.Backward(revocables) {
		refused := object{}
		for _, s := range subjects {
			if value, ok := strings.CutPrefix(s, r.kind+":"); ok {
				refused[value] = rbacAction("revoked", "DENY")
			}
		}
		if len(refused) > 0 {
			rule = object{"matcher": object{"matcher_tree": object{"input": headerInput(r.header), "exact_match_map": object{"map": refused}}, "on_no_match": rule}}
		}
	}
	if ids := withdrawnKeys(subjects); len(ids) > 0 {
		refused := make([]object, 0, len(ids))
		for _, id := range ids {
			refused = append(refused, object{"predicate": signedWith(id), "on_match": rbacAction("revoked", "DENY")})
		}
		rule = object{"matcher": object{"matcher_list": object{"matchers": refused}, "on_no_match": rule}}
	}
	config := object{"@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC"}
	if matcher, ok := rule["matcher"]; ok {
		config["matcher"] = matcher
	}
	return object{
		"@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig", "name": "revoked", "typed_config": config,
	}
}

func rbacAction(name, action string) object {
	return object{"action": object{"name": name, "typed_config": object{
		"@type": "type.googleapis.com/envoy.config.rbac.v3.Action", "name": name, "action": action,
	}}}
}

func headerInput(name string) object {
	return object{"name": name, "typed_config": object{
		"@type": "type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput", "header_name": name,
	}}
}

// signedWith holds for tokens whose header names the key.
func signedWith(id string) object {
	return object{"single_predicate": object{
		"input": object{"name": "kid", "typed_config": object{
			"@type":  "type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3.DynamicMetadataInput",
			"filter": tokenMetadata, "path": []object{{"key": tokenHeader}, {"key": "kid"}},
		}},
		"custom_match": object{"name": "kid", "typed_config": object{
			"@type": "type.googleapis.com/envoy.extensions.matching.input_matchers.metadata.v3.Metadata",
			"value": object{"string_match": object{"exact": id}},
		}},
	}}
}
