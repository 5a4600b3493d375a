//go:build !linux

package pgtest

import "syscall"

// endWithParent does nothing: only Linux ends a program with the one that started it.
func endWithParent(*syscall.SysProcAttr) {}
