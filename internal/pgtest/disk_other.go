//go:build !linux

package pgtest

import "errors"

// SmallDisk is Linux's alone.
func SmallDisk(int) (dir string, remove func() error, err error) {
	return "", nil, errors.New("a small disk can be mounted on Linux only")
}
