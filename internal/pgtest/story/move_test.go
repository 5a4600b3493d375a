package story_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"onedoor/internal/pgtest"
	"onedoor/server"
	"onedoor/server/store/pgstore"
	"onedoor/server/store/sqlitestore"
)

func TestMove_PhonesNoticeNothing(t *testing.T) {
	d := founded(t, "")
	first := d.serve()
	ann, bob := d.phone(first), d.phone(first)
	ann.synced()
	bob.synced()
	doors := make([]string, 0, 40)
	for range cap(doors) {
		doors = append(doors, ann.door("民主路3号"))
	}
	ann.synced()
	bob.synced()
	ann.synced()
	before, err := ann.Receipts()
	d.must(err)
	d.must(bob.EditJSON(doors[0], `{"rooms":4}`)) // Still unsent when the server is stopped.
	d.must(ann.EditJSON(doors[0], `{"rooms":5}`))
	ann.synced()
	first.halt(d)
	was := d.verified()

	url := pgtest.Database(t)
	steps := 0
	moved, err := server.Move(t.Context(), server.MoveOptions{Dir: d.dir, To: url, Progress: func(string, int64, int64) { steps++ }})
	d.must(err)
	if moved.Realm != 530702 || moved.Name != "530702" || moved.At.Seq != was.Seq || moved.Records != int64(was.Records) || moved.Entries != int64(was.Seq) || steps == 0 {
		t.Errorf("moved %+v in %d steps, the file had %d entries and %d records", moved, steps, was.Seq, was.Records)
	}
	if _, err := server.Open(t.Context(), server.Config{Dir: d.dir}); err == nil || !strings.Contains(err.Error(), "--store") {
		t.Errorf("the file is served still: %v", err)
	}

	d.store = url
	second := d.serve()
	for _, p := range []*phone{ann, bob} {
		p.line.to.Store(second)
	}
	report, err := ann.Sync(t.Context())
	d.must(err)
	if report.Pulled > 0 || report.Pushed > 0 || !report.CaughtUp {
		t.Errorf("a phone that had everything was told %+v", report)
	}
	report, err = bob.Sync(t.Context())
	d.must(err)
	if report.Pulled != 1 || report.Pushed != 1 || !report.CaughtUp {
		t.Errorf("a phone with one edit was told %+v", report)
	}
	ann.synced()
	after, err := ann.Receipts()
	d.must(err)
	if len(before) == 0 || len(after) < len(before) {
		t.Errorf("%d receipts of before, %d after", len(before), len(after))
	}
	a, err := ann.ShowJSON(doors[0])
	d.must(err)
	b, err := bob.ShowJSON(doors[0])
	d.must(err)
	if a != b {
		t.Errorf("the phones show\n%s\n%s", a, b)
	}
	second.halt(d)
	if now := d.verified(); now.Epoch != was.Epoch || now.Seq != was.Seq+1 {
		t.Errorf("the log is at %d of epoch %d, it was at %d of epoch %d", now.Seq, now.Epoch, was.Seq, was.Epoch)
	}
}

func TestMove_RefusesARealmThatIsServedOrThereAndLeavesItAlone(t *testing.T) {
	d := founded(t, "")
	url := pgtest.Database(t)
	r := d.serve()
	if _, err := server.Move(t.Context(), server.MoveOptions{Dir: d.dir, To: url}); !errors.Is(err, sqlitestore.ErrInUse) {
		t.Errorf("a realm that is served: %v", err)
	}
	r.halt(d)
	other := founded(t, url)
	if _, err := server.Move(t.Context(), server.MoveOptions{Dir: d.dir, To: url}); err == nil || !strings.Contains(err.Error(), "?realm=") {
		t.Errorf("a realm that is there: %v", err)
	}
	d.verified()
	other.verified()
	moved, err := server.Move(t.Context(), server.MoveOptions{Dir: d.dir, To: url + "&realm=second"})
	d.must(err)
	if moved.Name != "second" {
		t.Errorf("moved %+v", moved)
	}
	d.store = url + "&realm=second"
	d.verified()
}

// TestMove_OneThatWasKilledBeforeItsLastStepIsTakenUp leaves what a kill leaves between the copy and the file's other name.
func TestMove_OneThatWasKilledBeforeItsLastStepIsTakenUp(t *testing.T) {
	d := founded(t, "")
	r := d.serve()
	ann := d.phone(r)
	ann.synced()
	ann.door("民主路3号")
	ann.synced()
	r.halt(d)
	url := pgtest.Database(t)
	file := filepath.Join(d.dir, server.DatabaseFile)
	first, err := server.Move(t.Context(), server.MoveOptions{Dir: d.dir, To: url})
	d.must(err)
	d.must(os.Rename(file+server.MovedSuffix, file))
	again, err := server.Move(t.Context(), server.MoveOptions{Dir: d.dir, To: url})
	d.must(err)
	if again != first {
		t.Errorf("moved %+v, and then %+v", first, again)
	}

	// What has been served since is another realm than the file's, though it bears its name.
	d.must(os.Rename(file+server.MovedSuffix, file))
	d.store = url
	r = d.serve()
	ann.line.to.Store(r)
	ann.door("民主路4号")
	ann.synced()
	r.halt(d)
	was := d.verified()
	if _, err := server.Move(t.Context(), server.MoveOptions{Dir: d.dir, To: url}); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "?realm=") {
		t.Errorf("a realm that went on: %v", err)
	}
	if now := d.verified(); now.Seq != was.Seq {
		t.Errorf("the log is at %d, it was at %d", now.Seq, was.Seq)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

func TestMove_ADamagedRealmIsTakenBackOutOfTheDatabase(t *testing.T) {
	d := founded(t, "")
	r := d.serve()
	ann := d.phone(r)
	ann.synced()
	ann.door("民主路3号")
	ann.synced()
	r.halt(d)
	secrets := filepath.Join(d.dir, server.SecretsFile)
	d.must(os.Rename(secrets, secrets+".away"))
	url := pgtest.Database(t)
	_, err := server.Move(t.Context(), server.MoveOptions{Dir: d.dir, To: url})
	if err == nil || !strings.Contains(err.Error(), "taken back") {
		t.Errorf("a realm without its keys: %v", err)
	}
	names, err := pgstore.Realms(t.Context(), pgstore.Options{URL: url})
	if len(names) > 0 || err != nil {
		t.Errorf("realms %q, %v", names, err)
	}
	d.must(os.Rename(secrets+".away", secrets))
	d.verified()
}
