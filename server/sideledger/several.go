package sideledger

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"onedoor/server/exchange"
	"onedoor/syncengine"
)

// filesMax bounds the servers that keep their files in one folder, and so the names that are tried.
const filesMax = 64

// pathOf gives the name of the n-th file of a realm in a folder.
func pathOf(dir string, realm uint32, n int) string {
	if n == 1 {
		return Path(dir, realm)
	}
	return filepath.Join(dir, fmt.Sprintf("ledger-%06d-%d.jsonl", realm, n))
}

// OpenOne opens, for one of several servers of a realm, the first of the realm's files in a folder that no other process
// holds, and holds it until Close. Which it is makes no difference: each is brought up to the store's newest entry.
func OpenOne(dir string, realm uint32, key []byte) (*Ledger, error) {
	for n := 1; n <= filesMax; n++ {
		l, err := begin(dir, pathOf(dir, realm, n), key, true)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			continue
		}
		return l, err
	}
	return nil, fmt.Errorf("open the side ledger: %d servers keep theirs in %s, as many as may: give this one a folder of its own", filesMax, dir)
}

// Alone reports that a folder has one file of a realm, as that of a realm with one server has.
func Alone(dir string, realm uint32) bool {
	for n := 2; n <= filesMax; n++ {
		if _, err := os.Lstat(pathOf(dir, realm, n)); err == nil {
			return false
		}
	}
	return true
}

// Merged is what the files of several servers, in one folder or several, say together. It is only read.
type Merged struct {
	entries []exchange.LedgerEntry
}

// Close closes nothing: all was read.
func (*Merged) Close() error { return nil }

// ReadAll reads every file of a realm in some folders.
func ReadAll(dirs []string, realm uint32, key []byte) (*Merged, error) {
	var all []merging
	for _, dir := range dirs {
		found := 0
		for n := 1; n <= filesMax; n++ {
			l, err := open(pathOf(dir, realm, n), key, os.O_RDONLY, false)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, err
			}
			found++
			list, err := l.merging()
			if err = errors.Join(err, l.Close()); err != nil {
				return nil, err
			}
			all = append(all, list...)
		}
		if found == 0 {
			return nil, fmt.Errorf("%w in %s: give the folders that --ledger named", ErrNone, dir)
		}
	}
	return &Merged{merge(all)}, nil
}

// merging is an entry of one file.
type merging struct {
	exchange.LedgerEntry
	// last tells that nothing follows it in its file: of two entries of one number it is the one that a server was ended with.
	last bool
}

func (l *Ledger) merging() (list []merging, err error) {
	err = l.After(0, func(e exchange.LedgerEntry) error { list = append(list, merging{LedgerEntry: e}); return nil })
	if len(list) > 0 {
		list[len(list)-1].last = true
	}
	return list, err
}

// merge orders entries by their number, each once. Of those of one number an entry that others follow comes after one that
// nothing does, which was perhaps never committed; and everything as of a number comes after what led to it.
func merge(all []merging) (out []exchange.LedgerEntry) {
	order := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	followed := map[syncengine.ID]bool{}
	for _, m := range all {
		followed[m.ID] = followed[m.ID] || !m.last
	}
	slices.SortStableFunc(all, func(a, b merging) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(order(followed[a.ID]), order(followed[b.ID])), cmp.Compare(order(a.Whole), order(b.Whole)), cmp.Compare(a.At, b.At))
	})
	type same struct {
		number uint64
		id     syncengine.ID
		whole  bool
	}
	seen := map[same]bool{}
	for _, m := range all {
		if k := (same{m.Number, m.ID, m.Whole}); !seen[k] {
			seen[k] = true
			out = append(out, m.LedgerEntry)
		}
	}
	return out
}

// Append refuses: what is merged is only read.
func (*Merged) Append(exchange.LedgerEntry) error { return fs.ErrPermission }

// Void refuses.
func (*Merged) Void(uint64) error { return fs.ErrPermission }

// Last is the number of the last entry.
func (m *Merged) Last() uint64 {
	if len(m.entries) == 0 {
		return 0
	}
	return m.entries[len(m.entries)-1].Number
}

// After calls f for the entries above a number.
func (m *Merged) After(number uint64, f func(exchange.LedgerEntry) error) error {
	for _, e := range m.entries {
		if e.Number > number {
			if err := f(e); err != nil {
				return err
			}
		}
	}
	return nil
}
