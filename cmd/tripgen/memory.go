package main

import (
	"runtime/debug"
	"slices"

	"github.com/tripgen/tripgen/internal/app"
	"github.com/tripgen/tripgen/internal/config"
)

// goGCPercent is what the runtime starts with where GOGC says nothing.
const goGCPercent = 100

// limitGarbage sets how much garbage may gather in this process.
func limitGarbage(c config.Process, roles []app.Role) {
	if c.GCPercent > 0 {
		debug.SetGCPercent(c.GCPercent)
		return
	}
	percent := goGCPercent
	switch {
	case slices.Equal(roles, []app.Role{app.AI}):
		percent = config.WatchersGCPercent
	case len(roles) > 1:
		percent = config.TogetherGCPercent
	}
	if said := debug.SetGCPercent(percent); said != goGCPercent {
		debug.SetGCPercent(said)
	}
}
