package main

import (
	"context"
	"errors"
)

// upCmd runs everything on one machine.
type upCmd struct{}

// Run is the command.
func (upCmd) Run(context.Context) error { return errors.New("up is not built yet") }
