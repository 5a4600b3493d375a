package crash

import (
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// unlimited is a file longer than any that a run makes.
const unlimited = 1 << 40

// limitFiles lets the system refuse to make any of this process's files longer than a number of bytes; 0 lifts that. It
// is what a full disk looks like to the process, and works without rights.
func limitFiles(bytes uint64) error {
	if bytes == 0 {
		bytes = unlimited
	}
	signal.Ignore(syscall.SIGXFSZ) // It would end the process before the write can fail.
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: unlimited})
}

// roomFor gives the limit at which the log of a database has n bytes left to grow.
func roomFor(database string, n uint64) (uint64, error) {
	info, err := os.Stat(database + "-wal")
	switch {
	case errors.Is(err, os.ErrNotExist):
		return n, nil
	case err != nil:
		return 0, err
	}
	return uint64(info.Size()) + n, nil
}
