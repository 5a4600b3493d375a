package sideledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"onedoor/server/exchange"
	"onedoor/server/sideledger"
)

var key = bytes.Repeat([]byte{5}, 32)

const realm = 530702

func opened(t *testing.T, dir string) *sideledger.Ledger {
	t.Helper()
	l, err := sideledger.Open(dir, realm, key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func entry(n uint64) exchange.LedgerEntry {
	return exchange.LedgerEntry{Number: n, At: 1000, Whole: n == 1, Documents: []exchange.LedgerDocument{
		{Bucket: "b", Key: []byte{byte(n)}, Value: []byte(fmt.Sprint("value ", n))},
		{Bucket: "b", Key: []byte("empty"), Value: []byte{}},
		{Bucket: "b", Key: []byte("deleted")},
	}}
}

func fill(t *testing.T, l *sideledger.Ledger, entries int) {
	t.Helper()
	for range entries {
		if err := l.Append(entry(l.Last() + 1)); err != nil {
			t.Fatal(err)
		}
	}
}

func after(t *testing.T, l *sideledger.Ledger, n uint64) (numbers []uint64) {
	t.Helper()
	err := l.After(n, func(e exchange.LedgerEntry) error {
		want := entry(e.Number)
		if e.Whole != want.Whole || !slices.EqualFunc(e.Documents, want.Documents, func(a, b exchange.LedgerDocument) bool {
			return a.Bucket == b.Bucket && bytes.Equal(a.Key, b.Key) && bytes.Equal(a.Value, b.Value) && (a.Value == nil) == (b.Value == nil)
		}) {
			t.Errorf("entry %+v, want %+v", e, want)
		}
		numbers = append(numbers, e.Number)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return numbers
}

func TestLedger_GivesBackWhatWasNotTakenBack(t *testing.T) {
	dir := t.TempDir()
	l := opened(t, dir)
	fill(t, l, 3)
	if err := l.Void(3); err != nil {
		t.Fatal(err)
	}
	fill(t, l, 1)
	if err := l.Append(entry(9)); err == nil {
		t.Error("an entry out of turn was taken")
	}
	if err := l.Void(2); err == nil {
		t.Error("an entry that is not the last was taken back")
	}
	again := opened(t, dir)
	if again.Last() != 4 || !slices.Equal(after(t, again, 0), []uint64{1, 2, 4}) || !slices.Equal(after(t, again, 2), []uint64{4}) {
		t.Errorf("read again: last %d, %v", again.Last(), after(t, again, 0))
	}
	fill(t, again, 1)
	if got := after(t, opened(t, dir), 4); !slices.Equal(got, []uint64{5}) {
		t.Errorf("appended to: %v", got)
	}
	if info, err := os.Stat(sideledger.Path(dir, realm)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestLedger_ALineThatACrashCutIsTakenOff(t *testing.T) {
	dir := t.TempDir()
	fill(t, opened(t, dir), 3)
	whole, err := os.ReadFile(sideledger.Path(dir, realm))
	if err != nil {
		t.Fatal(err)
	}
	second := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for cut := second; cut < len(whole); cut += 7 {
		if err := os.WriteFile(sideledger.Path(dir, realm), whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		l := opened(t, dir)
		fill(t, l, 1)
		if got := after(t, l, 0); !slices.Equal(got, []uint64{1, 2, 3}) {
			t.Fatalf("cut at %d: %v", cut, got)
		}
	}
}

func TestLedger_NoticesEveryLineThatWasAltered(t *testing.T) {
	dir := t.TempDir()
	fill(t, opened(t, dir), 3)
	whole, err := os.ReadFile(sideledger.Path(dir, realm))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	altered := bytes.Clone(whole)
	altered[len(lines[0])+60]++
	for name, body := range map[string][]byte{
		"a byte":             altered,
		"a line taken out":   slices.Concat(lines[0], lines[2]),
		"two lines swapped":  slices.Concat(lines[1], lines[0], lines[2]),
		"a line twice":       slices.Concat(lines[0], lines[0], lines[1]),
		"without the digits": slices.Concat(lines[0], lines[1][33:], lines[2]),
	} {
		if err := os.WriteFile(sideledger.Path(dir, realm), body, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := sideledger.Open(dir, realm, key); !errors.Is(err, sideledger.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		if left, err := os.ReadFile(sideledger.Path(dir, realm)); err != nil || !bytes.Equal(left, body) {
			t.Errorf("%s: the file was touched", name)
		}
	}
	if err := os.WriteFile(sideledger.Path(dir, realm), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sideledger.Open(dir, realm, bytes.Repeat([]byte{6}, 32)); !errors.Is(err, sideledger.ErrDamaged) {
		t.Errorf("under another realm's key: %v", err)
	}
	if _, err := sideledger.Read(t.TempDir(), realm, key); !errors.Is(err, sideledger.ErrNone) {
		t.Errorf("none to read: %v", err)
	}
}

func TestOpen_AFolderThatIsNotMountedIsNotMade(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mount")
	if _, err := sideledger.Open(dir, realm, key); err == nil || !strings.Contains(err.Error(), "mount that storage") {
		t.Errorf("opened with %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}
}

func TestAppend_SaysThatAnEntryWasLostUntilOneIsWritten(t *testing.T) {
	l := opened(t, t.TempDir())
	fill(t, l, 1)
	if err := l.Lost(); err != nil {
		t.Errorf("nothing was lost, and it says %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(entry(2)); err == nil || l.Lost() == nil {
		t.Errorf("error %v of a file that is closed, lost %v", err, l.Lost())
	}
}
