package server

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// groupReads is what root adds to the mode of a key that it puts in another user's folder (decision 0111).
const groupReads fs.FileMode = 0o040

// inherit gives what root has made to the owner of the folder that it lies in; folders come before what lies in them. An operator
// works as root and the server as a user of its own: of a realm that root restored, or a list that root began, the server could
// read nothing otherwise. Whoever is not root gives nothing away, and neither does who may not.
func inherit(paths ...string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	for _, path := range paths {
		if err := give(path); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	return nil
}

// give gives one file or folder. A link is not followed, and a file with another name is left alone: the folder's owner may have
// put it there to be given what is not theirs.
func give(path string) (err error) {
	folder, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return err
	}
	to, known := folder.Sys().(*syscall.Stat_t)
	if !known || to.Uid == 0 {
		return nil
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if stat, known := info.Sys().(*syscall.Stat_t); !known || stat.Uid != 0 || !info.IsDir() && stat.Nlink > 1 {
		return nil
	}
	return f.Chown(int(to.Uid), int(to.Gid))
}

// estranged reports a file that another user owns than its folder, so that the folder's owner, which is the server, may not read
// it, and names that one. What root has put there for the server is readable by its group.
func estranged(path string, info fs.FileInfo) (server string, is bool) {
	folder, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return "", false // Told where the folder is looked at.
	}
	at, known := folder.Sys().(*syscall.Stat_t)
	file, alsoKnown := info.Sys().(*syscall.Stat_t)
	if !known || !alsoKnown || at.Uid == 0 || file.Uid == at.Uid || file.Uid == 0 && info.Mode()&groupReads != 0 {
		return "", false
	}
	id := strconv.FormatUint(uint64(at.Uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username, true
	}
	return id, true
}
