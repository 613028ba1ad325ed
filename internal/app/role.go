package app

import (
	"fmt"
	"slices"
	"strings"
)

// Role is a part of TripGen that a process can take on.
type Role string

// The roles.
const (
	User     Role = "user"
	Trip     Role = "trip"
	AI       Role = "ai"
	Location Role = "location"
	Worker   Role = "worker"
)

// Roles are all roles, in the order in which they start when one process takes on several.
func Roles() []Role { return []Role{User, Location, AI, Trip, Worker} }

// ParseRoles reads role names; "all" stands for all of them. Doubles are dropped and the order is that of [Roles].
func ParseRoles(names ...string) ([]Role, error) {
	all := Roles()
	chosen := make(map[Role]bool, len(all))
	for _, name := range names {
		switch {
		case name == "all":
			for _, r := range all {
				chosen[r] = true
			}
		case slices.Contains(all, Role(name)):
			chosen[Role(name)] = true
		default:
			return nil, fmt.Errorf("there is no role %q: choose from %s, all", name, join(all))
		}
	}
	return slices.DeleteFunc(all, func(r Role) bool { return !chosen[r] }), nil
}

func join(roles []Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}
