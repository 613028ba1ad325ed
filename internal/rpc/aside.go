package rpc

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"buf.build/go/protovalidate"
	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/tripgen/tripgen/internal/errs"
)

// Aside does f on a goroutine of its own and waits until it is done; a panic of f comes out of Aside.
//
// It is for handlers of streams that many hold open at once. A stack grows by doubling and is halved again only where
// less than a quarter of it is used: a goroutine that once verified a token or asked a database keeps 16 KB while it
// waits for events, one that had that done aside keeps 4 KB.
func Aside(f func()) {
	done := make(chan *thrown, 1)
	go func() {
		t := &thrown{value: errors.New("the goroutine was ended")}
		defer func() {
			if p := recover(); p != nil {
				t = &thrown{value: p, stack: debug.Stack()}
			}
			done <- t
		}()
		f()
		t = nil
	}()
	if t := <-done; t != nil {
		if t.value == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so, too
			panic(t.value)
		}
		panic(t)
	}
}

// thrown is a panic on its way from one goroutine to another.
type thrown struct {
	value any
	stack []byte
}

// caught is deferred: it turns a panic into an internal error that carries the stack.
func caught(err *error) {
	switch p := recover().(type) {
	case nil:
	case *thrown:
		*err = errs.Internal(fmt.Errorf("panic: %v\n%s", p.value, p.stack))
	default:
		if p == http.ErrAbortHandler { // net/http's own way to cut a connection
			panic(p)
		}
		*err = errs.Internal(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
	}
}

// asideConn receives, validates and sends aside.
type asideConn struct{ connect.StreamingHandlerConn }

func (c *asideConn) Receive(message any) (err error) {
	Aside(func() {
		if err = c.StreamingHandlerConn.Receive(message); err != nil {
			return
		}
		if m, ok := message.(proto.Message); ok {
			err = protovalidate.Validate(m)
		}
	})
	return err
}

func (c *asideConn) Send(message any) (err error) {
	Aside(func() { err = c.StreamingHandlerConn.Send(message) })
	return err
}
