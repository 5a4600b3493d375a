package pgtest

import "syscall"

// endWithParent has the kernel end a program when the thread that started it is gone.
func endWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGQUIT }
