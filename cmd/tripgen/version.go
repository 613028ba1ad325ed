package main

import (
	"fmt"
	"os"
	"runtime"
)

// version and commit are set by the linker: -X main.version=1.2.3 -X main.commit=abcdef.
var (
	version = "dev"
	commit  = "unknown"
)

// versionCmd prints what this binary is.
type versionCmd struct{}

// Run is the command.
func (versionCmd) Run() error {
	_, err := fmt.Fprintf(os.Stdout, "tripgen %s (commit %s, %s, %s/%s)\n", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
