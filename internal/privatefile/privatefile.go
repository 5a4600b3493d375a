// Package privatefile keeps small files that nobody but their owner may read, such as keys: made once, durably and whole,
// and refused when others could have read them. It knows nothing of what they hold.
//
// A file that root has put there for the server, as what mounts secrets into a container does, may be read by its group too:
// root reads everything anyway, and the group is how the server is let in (decision 0111).
package privatefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Mode lets the owner alone read a file.
const Mode fs.FileMode = 0o600

// handedMode is what a file may have that root handed to a server which is not root.
const handedMode fs.FileMode = 0o640

// ErrTooLarge means that a file has more bytes than one of its kind ever has.
var ErrTooLarge = errors.New("file is larger than it may be")

// Exposed is the error of a file that others may read; it says what to do.
type Exposed struct {
	Path string
	Mode fs.FileMode
}

// Error names the mode and the remedy.
func (e *Exposed) Error() string {
	return fmt.Sprintf("%s has mode %04o, run `chmod %04o %s`", e.Path, e.Mode, Mode, e.Path)
}

// Create writes a file that must not be there yet, else [fs.ErrExist], and makes file and name durable. What it began and
// could not finish it removes.
func Create(path string, body []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, Mode)
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = SyncFolder(filepath.Dir(path))
	}
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// Read reads a file of at most so many bytes, else [ErrTooLarge]; one that others may read is an [Exposed].
func Read(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := Check(path, info); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(body)) > most {
		err = ErrTooLarge
	}
	return body, err
}

// Check gives an [Exposed] for a file that others may read.
func Check(path string, info fs.FileInfo) error {
	allowed := Mode
	if stat, is := info.Sys().(*syscall.Stat_t); is {
		allowed = allowedTo(os.Geteuid(), int(stat.Uid))
	}
	if mode := info.Mode().Perm(); mode&^allowed != 0 {
		return &Exposed{Path: path, Mode: mode}
	}
	return nil
}

// allowedTo says which mode the file of an owner may have for a reader.
func allowedTo(reader, owner int) fs.FileMode {
	if owner == 0 && reader != 0 {
		return handedMode
	}
	return Mode
}

// SyncFolder makes the names in a folder durable.
func SyncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
