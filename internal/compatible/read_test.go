package compatible_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server"
)

func TestRead_EverySetReadsAsItWasWrittenAndWorkGoesOn(t *testing.T) {
	for _, dir := range sets(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) { readSet(t, dir) })
	}
}

// readSet reads everything of a set and compares it with the set's own listing;
// then the phone syncs on.
func readSet(t *testing.T, dir string) {
	r := realmOf(t, dir)
	r.dir = copyFolder(t, filepath.Join(dir, realmPart))
	r.verify()
	r.open()
	defer r.close()
	r.hides("0888 000 0000", "0888 000 0001")
	ann := r.phoneOf(dir)
	got := r.listing() + ann.listing() + readMessages(t, r, dir)
	want, err := os.ReadFile(filepath.Join(dir, listingFile))
	if err != nil {
		t.Fatal(err)
	}
	compareLines(t, got, string(want))
	r.publish()
	syncOn(t, r, ann)
	restoreSet(t, dir)
}

// realmOf is a realm with a copy of a set's ledger, on the day after the story.
func realmOf(t *testing.T, dir string) *realm {
	return &realm{
		t: t, dir: filepath.Join(t.TempDir(), "realm"), side: copyFolder(t, filepath.Join(dir, ledgerPart)), contactKey: contactKeyOf(t, dir),
		now: began.AddDate(0, 0, 1), random: rand.NewChaCha8([32]byte{2}),
	}
}

// hides wants none of the story's contacts in the files of the opened realm, also
// where older software wrote them in the open.
func (r *realm) hides(numbers ...string) {
	r.t.Helper()
	for _, name := range []string{server.DatabaseFile, server.DatabaseFile + "-wal"} {
		body, err := os.ReadFile(filepath.Join(r.dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			r.t.Fatal(err)
		}
		for _, number := range numbers {
			if bytes.Contains(body, []byte(number)) {
				r.t.Errorf("%s holds %s in the open", name, number)
			}
		}
	}
}

// contactKeyOf copies a set's contact key; empty for one from before there was any.
func contactKeyOf(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, contactKeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	path := filepath.Join(t.TempDir(), contactKeyFile)
	if err = errors.Join(err, os.WriteFile(path, b, 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

// restoreSet restores a set's backup, with its ledger, and has the phone sync on there.
func restoreSet(t *testing.T, dir string) {
	r := realmOf(t, dir)
	b, err := os.ReadFile(filepath.Join(dir, backupFile))
	r.must(err)
	from := filepath.Join(t.TempDir(), backupFile)
	r.must(os.WriteFile(from, b, 0o600))
	result, err := server.Restore(t.Context(), server.RestoreOptions{
		From: from, Dir: r.dir, ContactKey: r.contactKey, Ledger: []string{r.side}, Now: r.clock, Random: r.random,
	})
	r.must(err)
	if result.Realm != realmCode || result.Epoch < 2 {
		t.Errorf("restored is %+v", result)
	}
	r.verify()
	r.open()
	defer r.close()
	r.publish()
	ann := r.phoneOf(dir)
	before, err := ann.Status()
	r.must(err)
	if report := ann.sync(); report.Pushed < before.Pending || report.Quarantined != 0 {
		t.Errorf("after the restore the phone handed in %d of %d changes, %d were set aside", report.Pushed, before.Pending, report.Quarantined)
	}
	endsAsFresh(t, r, ann)
}

func (r *realm) phoneOf(dir string) *phone {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, keyFile))
	r.must(err)
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	r.must(err)
	p := &phone{t: r.t, dir: copyFolder(r.t, filepath.Join(dir, phonePart)), key: key, line: &line{realm: r}, clock: r.clock, seed: 200}
	p.open()
	r.t.Cleanup(p.close)
	return p
}

// compareLines names the first lines in which two listings differ.
func compareLines(t *testing.T, got, want string) {
	t.Helper()
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	const shown = 5
	for i, n := 0, 0; i < max(len(a), len(b)) && n < shown; i++ {
		line := func(lines []string) string {
			if i < len(lines) {
				return lines[i]
			}
			return "(nothing)"
		}
		if line(a) != line(b) {
			n++
			t.Errorf("line %d reads\n  %s\nand was written as\n  %s", i+1, line(a), line(b))
		}
	}
}

// readMessages reads the kept messages: each is known down to its last field,
// requests bear the phone's signature and fit its chain, receipts the realm's.
func readMessages(t *testing.T, r *realm, dir string) (listing string) {
	files, err := filepath.Glob(filepath.Join(dir, wirePart, "*.binpb"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no messages: %v", err)
	}
	slices.Sort(files)
	var device *syncv1.EnrolRequest
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".binpb")
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := newMessage(t, name)
		if err := proto.Unmarshal(b, m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		listing += messageListing(t, name, m)
		switch m := m.(type) {
		case *syncv1.EnrolRequest:
			device = m
			wantSigned(t, name, device.GetPublicKey(), wire.EnrolMessage(m), m.GetSignature())
		case *syncv1.ExchangeRequest:
			wantSigned(t, name, device.GetPublicKey(), wire.ExchangeMessage(m.GetBody()), m.GetSignature())
			r.written = max(r.written, bodyOf(m).GetBatch().GetSchemaVersion())
			readBatch(t, name, bodyOf(m).GetBatch())
		case *syncv1.ExchangeResponse:
			if receipt := m.GetReceipt(); receipt != nil && !wire.VerifyReceipt(r.service.ReceiptKey(), receipt) {
				t.Errorf("%s: the receipt is not genuine any more", name)
			}
		}
	}
	return listing
}

func wantSigned(t *testing.T, name string, key, message, signature []byte) {
	t.Helper()
	if !ed25519.Verify(key, message, signature) {
		t.Errorf("%s: the signature does not fit any more", name)
	}
}

// readBatch reads every change of a batch and cuts it into cells.
func readBatch(t *testing.T, name string, batch *syncv1.Batch) {
	t.Helper()
	for _, c := range batch.GetChanges() {
		change, err := wire.DecodeChange(c.GetBody())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		kind, known := schema.Load().Kind(change.Kind)
		if !known {
			t.Fatalf("%s: change %d is to a record of kind %d, which is not known", name, change.DeviceSeq, change.Kind)
		}
		if cells, err := wire.Cells(kind, change.Create, change.Patch); err != nil || len(cells) == 0 {
			t.Errorf("%s: change %d has %d cells, %v", name, change.DeviceSeq, len(cells), err)
		}
	}
}

// syncOn has the phone send what it had left and take what it had missed: one
// record, not everything anew, which shows that its cursor is still read. A set
// from before a field was added is filled anew, once: the field may be one that
// the phone's user reads of every record.
func syncOn(t *testing.T, r *realm, ann *phone) {
	before, err := ann.Status()
	ann.must(err)
	report := ann.sync()
	if report.Pushed != before.Pending || report.Pushed == 0 || report.Quarantined != 0 {
		t.Errorf("of %d pending changes the phone sent %d, %d were set aside", before.Pending, report.Pushed, report.Quarantined)
	}
	if anew := r.written < schema.Version; report.Pulled == 0 || !anew && report.Pulled > before.Records/2 {
		t.Errorf("the phone holds %d records and was sent %d: its cursor is not read", before.Records, report.Pulled)
	}
	if again := ann.sync(); again.Pulled != 0 {
		t.Errorf("a second sync brings %d records again", again.Pulled)
	}
	ann.edit(ann.add("premises", `{"address":"民主路9号","territory":"`+gridA+`"}`), `{"rooms":2}`)
	ann.sync()
	endsAsFresh(t, r, ann)
}

// endsAsFresh wants a phone that has nothing left to send and shows what a fresh one of its user shows.
func endsAsFresh(t *testing.T, r *realm, ann *phone) {
	t.Helper()
	after, err := ann.Status()
	ann.must(err)
	if after.Pending != 0 {
		t.Errorf("after the sync %d changes are pending", after.Pending)
	}
	fresh := r.enrolled(r.userNamed("安"), 201)
	fresh.sync()
	if s, err := fresh.Status(); err != nil || s.Digest != after.Digest || s.Conflicts != after.Conflicts {
		t.Errorf("a fresh phone stands at %+v, %v; the old one at %+v", s, err, after)
	}
	r.verify()
}
