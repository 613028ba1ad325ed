package main

import "context"

// wireWorker wires the role worker.
func wireWorker(_ context.Context, r *role) error { return notWired(r) }
