package processors

import "golang.org/x/sys/unix"

// realTime reports that this process has the processor for as long as it likes. Where the kernel does not tell, it has not.
func realTime() bool {
	a, err := unix.SchedGetAttr(0, 0)
	return err == nil && (a.Policy == unix.SCHED_FIFO || a.Policy == unix.SCHED_RR || a.Policy == unix.SCHED_DEADLINE)
}
