package server

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// disk tells how much room there is where a folder or file lies: what this process may still write, and the whole.
func disk(path string) (free, size int64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return 0, 0, fmt.Errorf("look at the disk of %s: %w", path, err)
	}
	block := int64(s.Bsize) //nolint:unconvert // Its type differs between systems.
	return int64(s.Bavail) * block, int64(s.Blocks) * block, nil
}
