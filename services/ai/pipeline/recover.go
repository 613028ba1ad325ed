package pipeline

import (
	"fmt"
	"runtime/debug"
)

// PanicError is a panic in the making of an itinerary: a fault of ours, which must not take the other generations of
// the process along.
type PanicError struct {
	Value any
	Stack string
}

// Error is the text for the log.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Safely runs fn; a panic in it is an error.
func Safely(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &PanicError{Value: r, Stack: string(debug.Stack())}
		}
	}()
	return fn()
}
