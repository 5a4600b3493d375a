package crash

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"onedoor/server"
)

func (r *run) database() string { return filepath.Join(r.served.Dir, server.DatabaseFile) }

// aside is where the database file lies as it was before the cycle.
func (r *run) aside() string { return filepath.Join(r.o.Dir, "aside.db") }

// copyAside copies the database file of a server that rests.
func (r *run) copyAside() error { return copyFile(r.database(), r.aside()) }

// copyBack puts that copy in the place of the database of a server that rests, as somebody does who does not know of
// `onedoor restore`. An epoch begins when the first phone shows the server what has happened.
func (r *run) copyBack() error {
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(r.database() + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	r.epoch++
	return copyFile(r.aside(), r.database())
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}

// cutLog cuts the write-ahead log of a killed server in the middle.
func (r *run) cutLog() error {
	log := r.database() + "-wal"
	info, err := os.Stat(log)
	if err != nil {
		return err
	}
	return os.Truncate(log, info.Size()/2)
}

// damage spoils the database of a server that rests, and wants that to be noticed: by serve, in a sentence that says what
// to do, or, where the beginning of the file is whole, by verify.
func (r *run) damage(kind Kind, random *rand.Rand) error {
	info, err := os.Stat(r.database())
	if err != nil {
		return err
	}
	pages := info.Size() / pageBytes
	if kind == Cut {
		err = os.Truncate(r.database(), random.Int64N(pages)*pageBytes)
	} else {
		err = overwrite(r.database(), random.Int64N(pages)*pageBytes*int64(random.IntN(2)))
	}
	if err != nil {
		return err
	}
	said, err := refusal(r.ctx, r.o.Self, r.served.Dir)
	if err != nil || said != "" {
		r.trace("the server says: %s", said)
		return err
	}
	found, err := server.Verify(r.ctx, r.served.Dir, nil)
	if err == nil && found.OK() {
		err = fmt.Errorf("a damaged database file (%s) is served, and verify finds nothing", kind)
	}
	return err
}

// pageBytes is the size of the database's pages.
const pageBytes = 8 << 10

// overwrite writes a page of something else at a place of a file, as a mistaken copy does.
func overwrite(path string, at int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	line := []byte("<html><body>502 Bad Gateway</body></html>\n")
	_, err = f.WriteAt(bytes.Repeat(line, pageBytes/len(line)), at)
	return errors.Join(err, f.Close())
}
