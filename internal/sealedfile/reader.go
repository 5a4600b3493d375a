package sealedfile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"onedoor/internal/privatefile"
)

// File is a sealed file that is read.
type File struct {
	// Name tells whose key opens it.
	Name [NameBytes]byte

	file   *os.File
	in     *bufio.Reader
	header []byte
}

// Open opens a file; one that is not there is [io/fs.ErrNotExist], one that others may read a [privatefile.Exposed].
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	out := &File{file: f, in: bufio.NewReaderSize(f, chunkBytes)}
	if err := out.begin(path); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return out, nil
}

func (f *File) begin(path string) error {
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&^privatefile.Mode != 0 {
		return &privatefile.Exposed{Path: path, Mode: mode}
	}
	f.header = make([]byte, len(magic)+NameBytes)
	if _, err := io.ReadFull(f.in, f.header); err != nil || string(f.header[:len(magic)]) != magic {
		return fmt.Errorf("%s: %w: it does not begin as one", path, ErrDamaged)
	}
	copy(f.Name[:], f.header[len(magic):])
	return nil
}

// Unseal gives what the file holds. It ends with io.EOF where the whole of it was read, and with [ErrDamaged] else.
func (f *File) Unseal(key []byte) (io.Reader, error) {
	open, err := newChunks(key, f.header)
	if err != nil {
		return nil, err
	}
	return &unsealing{in: f.in, open: open}, nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// unsealing opens chunk after chunk.
type unsealing struct {
	in   *bufio.Reader
	open *chunks
	// left is what is open and not read yet, sealed takes a chunk in.
	left, sealed []byte
	done         bool
}

// Read reads on.
func (u *unsealing) Read(p []byte) (int, error) {
	for len(u.left) == 0 {
		if u.done {
			return 0, io.EOF
		}
		if err := u.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, u.left)
	u.left = u.left[n:]
	return n, nil
}

func (u *unsealing) next() error {
	var length [4]byte
	if _, err := io.ReadFull(u.in, length[:]); err != nil {
		return fmt.Errorf("%w: it is cut off", ErrDamaged)
	}
	n := int(binary.BigEndian.Uint32(length[:]))
	if n < u.open.aead.Overhead() || n > chunkBytes+u.open.aead.Overhead() {
		return fmt.Errorf("%w: a chunk of %d bytes", ErrDamaged, n)
	}
	if cap(u.sealed) < n {
		u.sealed = make([]byte, chunkBytes+u.open.aead.Overhead())
	}
	if _, err := io.ReadFull(u.in, u.sealed[:n]); err != nil {
		return fmt.Errorf("%w: it is cut off", ErrDamaged)
	}
	_, err := u.in.Peek(1)
	u.done = errors.Is(err, io.EOF)
	if u.left, err = u.open.aead.Open(u.sealed[:0], u.open.nonce(u.done), u.sealed[:n], u.open.header); err != nil {
		return fmt.Errorf("%w: chunk %d", ErrDamaged, u.open.number-1)
	}
	return nil
}
