package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"onedoor/internal/sqlitevfs"
)

// become makes a copy of the system's VFS the disk's. Time, sleep and the seed of the engine's own randomness, which
// chooses the salts of logs, stay the system's: nothing that the engine decides rests on them.
func become(own *sqlite3.Tsqlite3_vfs, handle uintptr) {
	own.FszOsFile = sqlitevfs.HeadBytes
	own.FpAppData = handle
	own.FxOpen = sqlitevfs.Function[sqlitevfs.OpenFunc](openFile)
	own.FxDelete = sqlitevfs.Function[sqlitevfs.DeleteFunc](deleteFile)
	own.FxAccess = sqlitevfs.Function[sqlitevfs.AccessFunc](access)
	own.FxFullPathname = sqlitevfs.Function[sqlitevfs.PathFunc](fullPath)
}

// diskOf gives the disk of a VFS, also of one that stands above and keeps its application data.
func diskOf(vfs uintptr) *Disk { return disks.Get(sqlitevfs.At[sqlite3.Tsqlite3_vfs](vfs).FpAppData) }

func openFile(_ *libc.TLS, vfs, name, address uintptr, flags int32, outFlags uintptr) int32 {
	sqlitevfs.PutNone(address)
	d := diskOf(vfs)
	d.mu.Lock()
	defer d.mu.Unlock()
	f, err := d.openFile(sqlitevfs.TextAt(name), flags)
	if err != nil {
		return code(err, sqlite3.SQLITE_CANTOPEN)
	}
	if outFlags != 0 {
		*sqlitevfs.At[int32](outFlags) = flags
	}
	sqlitevfs.Put(address, f)
	return sqlite3.SQLITE_OK
}

// openFile opens a file, or makes it where the flags say so; mu is held. A file without a name is one that nobody else
// can open.
func (d *Disk) openFile(name string, flags int32) (*file, error) {
	if err := d.powered(); err != nil {
		return nil, err
	}
	if name == "" {
		name = fmt.Sprintf("/nameless/%d", d.steps)
	}
	name = path.Clean(name)
	made := d.now[name] == nil
	switch {
	case made && flags&sqlite3.SQLITE_OPEN_CREATE == 0:
		return nil, fs.ErrNotExist
	case !made && flags&sqlite3.SQLITE_OPEN_EXCLUSIVE != 0:
		return nil, fs.ErrExist
	}
	n, err := d.create(name)
	if err != nil {
		return nil, err
	}
	const journals = sqlite3.SQLITE_OPEN_WAL | sqlite3.SQLITE_OPEN_MAIN_JOURNAL | sqlite3.SQLITE_OPEN_SUPER_JOURNAL
	f := &file{node: n, newLog: flags&sqlite3.SQLITE_OPEN_CREATE != 0 && flags&journals != 0}
	if flags&sqlite3.SQLITE_OPEN_DELETEONCLOSE != 0 {
		f.passing = name
	}
	n.files = append(n.files, f)
	d.files[f] = struct{}{}
	return f, nil
}

func deleteFile(_ *libc.TLS, vfs, name uintptr, syncFolder int32) int32 {
	d := diskOf(vfs)
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.remove(sqlitevfs.TextAt(name))
	if errors.Is(err, fs.ErrNotExist) {
		return sqlite3.SQLITE_IOERR_DELETE_NOENT
	}
	if err != nil || syncFolder == 0 {
		return code(err, sqlite3.SQLITE_IOERR_DELETE)
	}
	return code(d.syncNames(), sqlite3.SQLITE_IOERR_DIR_FSYNC)
}

// access reports whether there is a file. As in SQLite's own VFS, an empty one is not there.
func access(_ *libc.TLS, vfs, name uintptr, flags int32, result uintptr) int32 {
	d := diskOf(vfs)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return sqlite3.SQLITE_IOERR_ACCESS
	}
	n := d.now[path.Clean(sqlitevfs.TextAt(name))]
	*sqlitevfs.At[int32](result) = truth(n != nil && (flags != sqlite3.SQLITE_ACCESS_EXISTS || len(n.content) > 0))
	return sqlite3.SQLITE_OK
}

// fullPath gives the name under which the disk keeps a file.
func fullPath(_ *libc.TLS, _, name uintptr, n int32, out uintptr) int32 {
	full := path.Join("/", sqlitevfs.TextAt(name))
	if len(full) >= int(n) {
		return sqlite3.SQLITE_CANTOPEN
	}
	copy(sqlitevfs.BytesAt(out, len(full)+1), full+"\x00")
	return sqlite3.SQLITE_OK
}
