package rpc

import (
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/tripgen/tripgen/internal/authn"
	typev1 "github.com/tripgen/tripgen/sdk/go/gen/tripgen/type/v1"
)

// DescriptorRules reads the rules from the contract: the option tripgen.type.v1.access of each RPC.
func DescriptorRules() authn.Rules {
	var (
		mu    sync.RWMutex
		known = make(map[string]authn.Rule)
	)
	return func(procedure string) (authn.Rule, bool) {
		mu.RLock()
		rule, ok := known[procedure]
		mu.RUnlock()
		if ok {
			return rule, true
		}
		if rule, ok = ruleOf(procedure); ok { // names that nobody serves must not fill the memory
			mu.Lock()
			known[procedure] = rule
			mu.Unlock()
		}
		return rule, ok
	}
}

// AccessRule is what the contract says of a procedure, or nil.
func AccessRule(procedure string) *typev1.AccessRule {
	name := strings.ReplaceAll(strings.TrimPrefix(procedure, "/"), "/", ".")
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return nil
	}
	method, ok := d.(protoreflect.MethodDescriptor)
	if !ok || !proto.HasExtension(method.Options(), typev1.E_Access) {
		return nil
	}
	rule, _ := proto.GetExtension(method.Options(), typev1.E_Access).(*typev1.AccessRule)
	return rule
}

func ruleOf(procedure string) (authn.Rule, bool) {
	access := AccessRule(procedure)
	switch access.GetVisibility() {
	case typev1.Visibility_VISIBILITY_PUBLIC:
		return authn.Rule{Scopes: access.GetScopes(), Anonymous: access.GetAnonymous()}, true
	case typev1.Visibility_VISIBILITY_INTERNAL:
		return authn.Rule{Internal: true}, true
	default:
		return authn.Rule{}, false
	}
}
