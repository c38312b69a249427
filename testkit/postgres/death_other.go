//go:build unix && !linux

package postgres

import "syscall"

const endsWithParent = false

// endWithParent does nothing where the kernel has no parent death signal: there, a process killed with SIGKILL leaves its
// server running.
func endWithParent(*syscall.SysProcAttr) {}
