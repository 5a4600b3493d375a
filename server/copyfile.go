package server

import (
	"errors"
	"io"
	"os"
)

// copyFile copies a file to a new one, mode 0600, and makes it durable.
func copyFile(from, to string, progress func(done, total int64)) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	info, err := source.Stat()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, &counted{source: source, total: info.Size(), progress: progress})
	return errors.Join(err, f.Sync(), f.Close())
}

// counted tells how much was read.
type counted struct {
	source      io.Reader
	done, total int64
	progress    func(done, total int64)
}

// Read reads on.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.source.Read(p)
	c.done += int64(n)
	if c.progress != nil {
		c.progress(c.done, c.total)
	}
	return n, err
}
