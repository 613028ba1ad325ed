package main

import "context"

// wireLocation wires the role location.
func wireLocation(_ context.Context, r *role) error { return notWired(r) }
