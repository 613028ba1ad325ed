package main

import (
	"context"
	"errors"
)

// simulateCmd runs simulators of the outside providers.
type simulateCmd struct{}

// Run is the command.
func (simulateCmd) Run(context.Context) error { return errors.New("simulate is not built yet") }
