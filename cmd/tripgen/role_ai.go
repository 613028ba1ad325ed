package main

import "context"

// wireAI wires the role ai.
func wireAI(_ context.Context, r *role) error { return notWired(r) }
