// Package sideledger keeps a realm's side ledger in a file: an append-only list of
// what a restore must not undo, on other storage than the realm's folder.
//
// It knows nothing of what an entry says, decides nothing, and never rewrites a
// line. A line is durable when Append returns.
//
// # The file
//
// ledger-CODE.jsonl, mode 0600, CODE being the realm's six digits. Each line is
// 32 hexadecimal digits, a space and a JSON object:
//
//	{"n":12,"at":1780000000000,"docs":[{"b":"identity.devices","k":"…","v":"…"}]}
//	{"n":13,"at":1780000000500,"whole":true,"docs":[…]}
//	{"void":13}
//
// Of several servers of a realm each keeps such a file, in a folder of its own or under a name of its own (-2, -3 …), and has an
// id in each entry. Its entries may leave out numbers, and give one again that was taken back.
//
// n numbers the entries without gaps, at is a time in milliseconds; b, k and v are
// a document's bucket, key and value (base64), without v for one that was deleted.
// A line with void takes the entry of that number back. The digits are the first
// half of HMAC-SHA-256, under a key of the realm, over the digits of the line before
// and this line's object: a line that was changed, taken out or brought in from
// elsewhere is noticed. Only the last line may be cut, by a crash; it is then taken
// off, since what it was written for has not happened.
//
// Invariant carried here: I20 (security state never regresses over a restore).
package sideledger

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"onedoor/server/exchange"
	"onedoor/syncengine"
)

var (
	// ErrDamaged: a line is not the one that was written.
	ErrDamaged = errors.New("side ledger is damaged")
	// ErrNone: there is no ledger of this realm in the folder.
	ErrNone = errors.New("no side ledger of this realm")
)

const (
	macDigits = 32
	// lineBytesMax bounds a line: everything that is known of the people of a
	// district of a million stays below.
	lineBytesMax = 256 << 20
)

// Ledger is one realm's ledger. It implements exchange.Ledger.
type Ledger struct {
	path string
	key  []byte
	file *os.File
	// mac is that of the last line, size the length of the good lines.
	mac  string
	size int64
	last uint64
	// ends are the entries that stand, by number and id; the last is the tail.
	ends []end
	// lost is why the last entry could not be written; nil when it was.
	lost atomic.Pointer[error]
}

// end is an entry by what it is told apart by.
type end struct {
	number uint64
	id     syncengine.ID
}

var _ exchange.CommonLedger = (*Ledger)(nil)

// line is one line's object.
type line struct {
	Number    uint64     `json:"n,omitempty"`
	ID        []byte     `json:"id,omitempty"`
	At        int64      `json:"at,omitempty"`
	Whole     bool       `json:"whole,omitempty"`
	Documents []document `json:"docs,omitempty"`
	Void      uint64     `json:"void,omitempty"`
}

type document struct {
	Bucket string `json:"b"`
	Key    []byte `json:"k"`
	// Value is absent for a document that was deleted, empty for one without content.
	Value *[]byte `json:"v,omitempty"`
}

// Path gives the place of a realm's ledger in a folder.
func Path(dir string, realm uint32) string {
	return filepath.Join(dir, fmt.Sprintf("ledger-%06d.jsonl", realm))
}

// Open opens a realm's ledger for appending, and makes it when there is none. dir
// must be there: a folder that is not mounted is not to be made.
func Open(dir string, realm uint32, key []byte) (*Ledger, error) {
	return begin(dir, Path(dir, realm), key, false)
}

// begin opens a file for appending, and holds it where it may be another process's.
func begin(dir, path string, key []byte, hold bool) (*Ledger, error) {
	l, err := open(path, key, os.O_RDWR|os.O_CREATE, hold)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open the side ledger: %s is not there: mount that storage, or make the folder on storage that does not fail with the data's", dir)
	}
	return l, err
}

// Read opens a realm's ledger that is only read.
func Read(dir string, realm uint32, key []byte) (*Ledger, error) {
	l, err := open(Path(dir, realm), key, os.O_RDONLY, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w in %s: give the folder that --ledger named", ErrNone, dir)
	}
	return l, err
}

func open(path string, key []byte, flags int, hold bool) (*Ledger, error) {
	f, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the side ledger: %w", err)
	}
	if hold {
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			return nil, errors.Join(fmt.Errorf("hold the side ledger: %w", err), f.Close())
		}
	}
	l := &Ledger{path: path, key: key, file: f}
	err = l.walk(func(m *line) error { l.noteLine(m); return nil })
	if err == nil && flags != os.O_RDONLY {
		err = l.cutTail()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the side ledger: %w", err), f.Close())
	}
	return l, nil
}

// cutTail takes off what a crash has left of a line, and makes a new file's name durable.
func (l *Ledger) cutTail() error {
	if err := l.file.Truncate(l.size); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(l.path))
	if err != nil {
		return err
	}
	return errors.Join(l.file.Sync(), dir.Sync(), dir.Close())
}

// Close closes the file.
func (l *Ledger) Close() error { return l.file.Close() }

// Last is the number of the last entry.
func (l *Ledger) Last() uint64 { return l.last }

// Tail is the last entry that was not taken back; 0 for none.
func (l *Ledger) Tail() (number uint64, id syncengine.ID) {
	if len(l.ends) == 0 {
		return 0, id
	}
	e := l.ends[len(l.ends)-1]
	return e.number, e.id
}

// noteLine keeps what a line says of where the ledger ends.
func (l *Ledger) noteLine(m *line) {
	l.last = max(l.last, m.Number)
	if n := len(l.ends); m.Void != 0 && n > 0 && l.ends[n-1].number == m.Void {
		l.ends = l.ends[:n-1]
	}
	if m.Number != 0 {
		id, _ := syncengine.IDFromBytes(m.ID)
		l.ends = append(l.ends, end{m.Number, id})
	}
}

// walk reads the lines from the first one on and checks each.
func (l *Ledger) walk(f func(*line) error) error {
	if _, err := l.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	in := bufio.NewReaderSize(l.file, 64<<10)
	mac, size, last := "", int64(0), uint64(0)
	for n := 1; ; n++ {
		text, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break // What is left without its end was cut by a crash.
		}
		if err != nil {
			return err
		}
		m, next, err := l.read(text, mac)
		if err == nil && m.Number != 0 && len(m.ID) == 0 && m.Number != last+1 {
			err = fmt.Errorf("%w: entry %d follows entry %d", ErrDamaged, m.Number, last)
		}
		if err != nil {
			return fmt.Errorf("%s, line %d: %w: keep the file, and name another folder for the ledger", l.path, n, err)
		}
		mac, size, last = next, size+int64(len(text)), max(last, m.Number)
		if err := f(m); err != nil {
			return err
		}
	}
	l.mac, l.size = mac, size
	return nil
}

// read checks one line against the one before it.
func (l *Ledger) read(text []byte, before string) (*line, string, error) {
	digits, body, ok := bytes.Cut(bytes.TrimSuffix(text, []byte("\n")), []byte(" "))
	mac := l.macOf(before, body)
	if !ok || len(text) > lineBytesMax || !hmac.Equal(digits, []byte(mac)) {
		return nil, "", fmt.Errorf("%w: the line is not what was written", ErrDamaged)
	}
	m := &line{}
	if err := json.Unmarshal(body, m); err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return m, mac, nil
}

func (l *Ledger) macOf(before string, body []byte) string {
	h := hmac.New(sha256.New, l.key)
	h.Write([]byte(before))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))[:macDigits]
}

// Append makes an entry durable.
func (l *Ledger) Append(e exchange.LedgerEntry) error {
	if tail, _ := l.Tail(); e.ID.IsZero() && e.Number != l.last+1 || e.Number < tail {
		return fmt.Errorf("entry %d after entry %d of %s", e.Number, l.last, l.path)
	}
	m := &line{Number: e.Number, At: int64(e.At), Whole: e.Whole}
	if !e.ID.IsZero() {
		m.ID = e.ID[:]
	}
	for _, d := range e.Documents {
		out := document{Bucket: d.Bucket, Key: d.Key}
		if d.Value != nil {
			out.Value = &d.Value
		}
		m.Documents = append(m.Documents, out)
	}
	if err := l.write(m); err != nil {
		l.lost.Store(&err)
		return err
	}
	l.lost.Store(nil)
	l.noteLine(m)
	return nil
}

// Lost says why the last entry that had to be written was not; nil when it was. It may be asked at any time.
func (l *Ledger) Lost() error {
	if err := l.lost.Load(); err != nil {
		return *err
	}
	return nil
}

// Void takes the last entry back.
func (l *Ledger) Void(number uint64) error {
	if number != l.last {
		return fmt.Errorf("entry %d is not the last one of %s", number, l.path)
	}
	m := &line{Void: number}
	err := l.write(m)
	if err == nil {
		l.noteLine(m)
	}
	return err
}

// write appends a line and waits for the disk. What a failed write has left is
// taken off, and written over by the next one where even that fails.
func (l *Ledger) write(m *line) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	mac := l.macOf(l.mac, body)
	text := append(append([]byte(mac+" "), body...), '\n')
	if len(text) > lineBytesMax {
		return fmt.Errorf("an entry of %d bytes, %d are allowed", len(text), lineBytesMax)
	}
	_, err = l.file.WriteAt(text, l.size)
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the side ledger: %w", err), l.file.Truncate(l.size))
	}
	l.mac, l.size = mac, l.size+int64(len(text))
	return nil
}

// After calls f for the entries above a number that were not taken back.
func (l *Ledger) After(number uint64, f func(exchange.LedgerEntry) error) error {
	void, newest, n := map[int]bool{}, map[uint64]int{}, 0 // A number may be given again: a line takes back the one before it.
	err := l.walk(func(m *line) error {
		if n++; m.Void != 0 {
			void[newest[m.Void]] = true
		} else {
			newest[m.Number] = n
		}
		return nil
	})
	if err != nil {
		return err
	}
	n = 0
	return l.walk(func(m *line) error {
		if n++; m.Number <= number || void[n] {
			return nil
		}
		return f(m.entry())
	})
}

func (m *line) entry() exchange.LedgerEntry {
	id, _ := syncengine.IDFromBytes(m.ID)
	e := exchange.LedgerEntry{Number: m.Number, ID: id, At: syncengine.UnixMilli(m.At), Whole: m.Whole}
	for _, d := range m.Documents {
		out := exchange.LedgerDocument{Bucket: d.Bucket, Key: d.Key}
		if d.Value != nil {
			out.Value = append([]byte{}, *d.Value...)
		}
		e.Documents = append(e.Documents, out)
	}
	return e
}
