package bench

import (
	"fmt"
	"syscall"
)

// raiseFiles lets this process and its children have so many files open. The runtime raises the soft limit to the hard one by
// itself; the hard one is for who may.
func raiseFiles(want uint64) error {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return fmt.Errorf("read the limit of open files: %w", err)
	}
	if l.Max >= want {
		return nil
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: want, Max: want}); err != nil {
		return fmt.Errorf("%d files may be open at once and %d are needed: raise the hard limit (ulimit -Hn) or take fewer phones", l.Max, want)
	}
	return nil
}
