package sqlitestore

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"onedoor/server/store"

	"zombiezen.com/go/sqlite"
)

// ErrInUse: another process, or another Store of this one, may write to the file.
var ErrInUse = errors.New("store is open for writing elsewhere")

// restoreAdvice is what an operator does about damage.
const restoreAdvice = "stop the server, keep the file, and restore the newest backup; the phones' journals bring back what is newer"

// explain turns an engine's error into the contract's, with what was done, to
// which file, and what to do about it. It wraps both.
func (f file) explain(doing string, err error) error {
	code := sqlite.ErrCode(err)
	switch code.ToPrimary() {
	case sqlite.ResultFull:
		return full(f.path, doing, err)
	case sqlite.ResultCorrupt, sqlite.ResultNotADB:
		return fmt.Errorf("%w: %s: %s: %w: %s", store.ErrDamaged, f.path, doing, err, restoreAdvice)
	case sqlite.ResultReadOnly, sqlite.ResultPerm:
		return readOnly(f.path, doing, err)
	case sqlite.ResultIOErr, sqlite.ResultCantOpen:
		// SQLite tells a full disk from other faults only by ENOSPC; a quota or
		// a file size limit looks like a broken disk, so the folder is asked.
		if refusal := f.probe(); diskFull(refusal) {
			return full(f.path, doing, errors.Join(err, refusal))
		} else if unwritable(refusal) {
			return readOnly(f.path, doing, errors.Join(err, refusal))
		}
	}
	return fmt.Errorf("%s: %s: %w", f.path, doing, err)
}

func full(path, doing string, err error) error {
	return fmt.Errorf("%w: %s: %s: %w: nothing was written; free space or raise the quota, the store goes on by itself", store.ErrFull, path, doing, err)
}

func readOnly(path, doing string, err error) error {
	return fmt.Errorf("%w: %s: %s: %w: let the server's user write the file and its folder", store.ErrReadOnly, path, doing, err)
}

// explainFile does the same for an error of the operating system.
func explainFile(path, doing string, err error) error {
	switch {
	case diskFull(err):
		return full(path, doing, err)
	case unwritable(err):
		return readOnly(path, doing, err)
	}
	return fmt.Errorf("%s: %s: %w", path, doing, err)
}

func diskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

func unwritable(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}
