package cryptvfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"
)

// halfMadeSuffix ends the name under which a file is made. A file of that name is the rest of a crash inside Create.
const halfMadeSuffix = "-new"

// Create makes an empty database at path. It gives fs.ErrExist, and touches nothing, when there is one.
//
// The file is written whole under another name and then renamed: after a crash there is either no database, and
// Create may be called again, or a complete one. A lock on the folder keeps two processes from making it at once.
func (v *VFS) Create(path string) error {
	folder, err := v.disk.LockFolder(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := v.absent(path); err != nil {
		return err
	}
	page := make([]byte, pageBytes)
	v.sealer.seal(page, emptyDatabase(), v.sealer.mainPlace(0))
	halfMade := path + halfMadeSuffix
	if err := v.disk.Write(halfMade, page); err != nil {
		return explainSystem(err)
	}
	return explainSystem(v.disk.Rename(halfMade, path))
}

// explainSystem is Explain for errors of the system.
func explainSystem(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: %w", ErrNotWritable, err)
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// absent refuses a path at which there is a database, or the log of one whose main file is gone: a new main file
// beside it would be mixed up with it.
func (v *VFS) absent(path string) error {
	switch made, err := v.disk.Exists(path); {
	case err != nil:
		return err
	case made:
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	orphan, err := v.disk.Exists(path + "-wal")
	if orphan {
		return fmt.Errorf("%w: %s is missing beside its log; put it back from a backup or remove the log", ErrDamaged, path)
	}
	return err
}

// emptyDatabase gives page 1 of a database without tables, in WAL mode, with reserved bytes on each page
// (https://sqlite.org/fileformat2.html, sections 1.3 and 1.6). The engine cannot make one with reserved bytes except
// through a file that it writes in the clear or through calls that the driver does not offer.
func emptyDatabase() []byte {
	const (
		headerBytes    = 100
		walMode        = 2
		schemaFormat   = 4
		utf8           = 1
		leafTable      = 13
		madeByEngine   = 3_045_000
		contentStartAt = headerBytes + 5
	)
	p := make([]byte, pageBytes)
	copy(p, "SQLite format 3\x00")
	binary.BigEndian.PutUint16(p[16:], pageBytes)
	copy(p[18:], []byte{walMode, walMode, reservedBytes, 64, 32, 32}) // the last three are fixed payload fractions
	binary.BigEndian.PutUint32(p[24:], 1)                             // change counter
	binary.BigEndian.PutUint32(p[28:], 1)                             // pages
	binary.BigEndian.PutUint32(p[44:], schemaFormat)
	binary.BigEndian.PutUint32(p[56:], utf8)
	binary.BigEndian.PutUint32(p[92:], 1) // the change counter for which the next number holds
	binary.BigEndian.PutUint32(p[96:], madeByEngine)
	p[headerBytes] = leafTable
	binary.BigEndian.PutUint16(p[contentStartAt:], contentBytes)
	return p
}
