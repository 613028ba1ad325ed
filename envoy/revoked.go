package envoy

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// revokedFolder is watched apart from the other files: it changes with every log-out.
const revokedFolder = "revoked"

func revokedPath(dir string) string { return filepath.Join(dir, revokedFolder, "revoked.json") }

// claim is a claim of a token that Envoy's filters need; a header carries it from one to the next.
type claim struct{ Claim, Header string }

// claims are all of them.
var claims = []claim{
	{"sub", "x-tripgen-subject"}, {"client_id", "x-tripgen-client"}, {"scope", "x-tripgen-scope"}, {"sid", "x-tripgen-session"}, {"jti", "x-tripgen-token"},
}

// revocables are the headers by which tokens are revoked, by the prefix of a revocation's subject
// (tripgen.user.v1.Revocation), in the order in which they are looked at.
var revocables = []struct{ kind, header string }{{"sid", "x-tripgen-session"}, {"jti", "x-tripgen-token"}, {"client", "x-tripgen-client"}}

// WriteRevoked tells a running Envoy which tokens it must refuse, as subjects `sid:…`, `jti:…` and `client:…`; all of
// them each time. Envoy takes it within milliseconds. A call's cost does not grow with their number: each claim is one
// look-up in a hash map.
func WriteRevoked(dir string, subjects []string) error {
	content, err := json.Marshal(map[string]any{"resources": []any{revokedFilter(subjects)}})
	if err != nil {
		return err
	}
	if err := replace(revokedPath(dir), content); err != nil {
		return fmt.Errorf("write what is revoked: %w", err)
	}
	return nil
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
