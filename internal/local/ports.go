package local

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
)

// Loopback is the only address that the parts of one machine listen on.
const Loopback = "127.0.0.1"

// Free ports are looked for below the range from which the kernel takes the ports of outgoing connections, so that none
// slips in between a port being found and being used.
const (
	freePortMin = 15000
	freePortMax = 32000
	freeTries   = 200
)

// FreePort finds a loopback port that nothing listens on.
func FreePort() (int, error) {
	for range freeTries {
		port := freePortMin + rand.IntN(freePortMax-freePortMin)
		if listener, err := net.Listen("tcp", Address(port)); err == nil {
			return port, listener.Close()
		}
	}
	return 0, fmt.Errorf("no free port between %d and %d", freePortMin, freePortMax)
}

// Address is a port on the loopback interface.
func Address(port int) string { return net.JoinHostPort(Loopback, strconv.Itoa(port)) }

// CheckPort makes sure that addr (host:port) can be listened on, before a child is started that would only say so in
// its log. The error is one line; how says how to choose another port, as in "--port".
func CheckPort(addr, what, how string) error {
	listener, err := net.Listen("tcp", addr)
	if err == nil {
		return listener.Close()
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s cannot listen on %s, the port is taken: stop what uses it or choose another with %s: %w",
			what, addr, how, err)
	}
	return fmt.Errorf("%s cannot listen on %s: choose another address with %s: %w", what, addr, how, err)
}

// portOrFree is port, or a free one for zero.
func portOrFree(port int) (int, error) {
	if port != 0 {
		return port, nil
	}
	return FreePort()
}
