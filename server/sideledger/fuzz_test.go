package sideledger_test

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"onedoor/server/sideledger"
)

// FuzzOpen holds that whatever has become of a ledger's file, it is refused as
// damaged, or gives the entries that were written, from the first one on; and
// that one more entry can be appended to what is left.
func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	l, err := sideledger.Open(dir, realm, key)
	if err != nil {
		f.Fatal(err)
	}
	const written = 3
	for n := range uint64(written) {
		if err := l.Append(entry(n + 1)); err != nil {
			f.Fatal(err)
		}
	}
	genuine, err := os.ReadFile(sideledger.Path(dir, realm))
	if err := errors.Join(err, l.Close()); err != nil {
		f.Fatal(err)
	}
	lines := bytes.SplitAfter(genuine, []byte("\n"))
	for _, seed := range [][]byte{genuine, nil, []byte("\n"), genuine[:len(genuine)-5], lines[1], append(lines[0:1:1][0], lines[2]...), bytes.ToUpper(genuine)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(sideledger.Path(dir, realm), file, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := sideledger.Open(dir, realm, key)
		if err != nil {
			if !errors.Is(err, sideledger.ErrDamaged) {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		defer l.Close()
		if l.Last() > written || len(after(t, l, 0)) != int(l.Last()) || l.Last() > 0 && !bytes.HasPrefix(file, lines[0]) {
			t.Fatalf("%d entries are read of a file that is not the ledger's", l.Last())
		}
		fill(t, l, 1)
		if again := opened(t, dir); again.Last() != l.Last() {
			t.Fatalf("opened again the ledger ends at %d, it ended at %d", again.Last(), l.Last())
		}
	})
}
