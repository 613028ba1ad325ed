//go:build !linux

package process

import "syscall"

// attributes has no parent-death signal here: other kernels offer none.
func attributes(c Command) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: c.User.credential()}
}
