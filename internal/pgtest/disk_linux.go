package pgtest

import (
	"fmt"
	"os"
	"syscall"
)

// SmallDisk mounts a disk of some bytes in memory; remove unmounts it. It wants the rights of root.
func SmallDisk(bytes int) (dir string, remove func() error, err error) {
	if dir, err = os.MkdirTemp("", "odpgdisk"); err != nil {
		return "", nil, err
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)); err != nil {
		_ = os.Remove(dir)
		return "", nil, fmt.Errorf("mount a small disk: %w", err)
	}
	return dir, func() error {
		if err := syscall.Unmount(dir, 0); err != nil {
			return fmt.Errorf("unmount %s: %w", dir, err)
		}
		return os.Remove(dir)
	}, nil
}
