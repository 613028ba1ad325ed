package main

import (
	"runtime/debug"
	"testing"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/config"
)

// The setting goes before the environment's GOGC, which goes before what suits the roles.
//
//nolint:paralleltest // the limit is the process's
func TestGarbageIsLimitedByTheSettingOrByTheRoles(t *testing.T) {
	before := debug.SetGCPercent(goGCPercent)
	defer debug.SetGCPercent(before)
	for name, c := range map[string]struct {
		said, setting int
		roles         []app.Role
		want          int
	}{
		"ai alone":                {goGCPercent, 0, []app.Role{app.AI}, config.WatchersGCPercent},
		"ai beside others":        {goGCPercent, 0, []app.Role{app.AI, app.Worker}, config.TogetherGCPercent},
		"another role":            {goGCPercent, 0, []app.Role{app.Trip}, goGCPercent},
		"ai alone with GOGC":      {250, 0, []app.Role{app.AI}, 250},
		"set, ai alone":           {goGCPercent, 70, []app.Role{app.AI}, 70},
		"set, another role":       {goGCPercent, 70, []app.Role{app.Trip}, 70},
		"set, in spite of GOGC":   {250, 70, []app.Role{app.AI}, 70},
		"GOGC says never, ai":     {-1, 0, []app.Role{app.AI}, -1},
		"GOGC says never, worker": {-1, 0, []app.Role{app.Worker}, -1},
	} {
		debug.SetGCPercent(c.said)
		limitGarbage(config.Process{GCPercent: c.setting}, c.roles)
		if got := debug.SetGCPercent(goGCPercent); got != c.want {
			t.Errorf("%s: %d percent, want %d", name, got, c.want)
		}
	}
}
