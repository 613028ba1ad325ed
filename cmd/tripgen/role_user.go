package main

import "context"

// wireUser wires the role user.
func wireUser(_ context.Context, r *role) error { return notWired(r) }
