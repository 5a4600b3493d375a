package server_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	client "onedoor/client-sdk"
	"onedoor/server"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/server/store/sqlitestore"
	"onedoor/syncengine"
)

// stop ends the server of a world.
func (w *world) stop() {
	w.t.Helper()
	w.must(w.server.Stop(cut()))
}

// resume serves a folder in place of what the world has served.
func (w *world) resume(dir string) {
	w.t.Helper()
	w.dir = dir
	var err error
	w.server, err = server.Open(w.t.Context(), server.Config{
		Dir: dir, Listen: "127.0.0.1:0", Now: w.now, Random: seeded(byte(100 + w.later.Add(1))), Ledger: w.ledger,
		Log: slog.New(slog.NewTextHandler(w.log, nil)),
	})
	w.must(err)
	s := w.server
	go func() { _ = s.Serve() }() // stopped by Stop
	w.t.Cleanup(func() { w.must(s.Stop(cut())) })
	w.conn = w.dial(insecure.NewCredentials())
	token, err := server.ReadToken(filepath.Join(dir, server.TokenFile))
	w.must(err)
	w.ctx = metadata.AppendToOutgoingContext(w.t.Context(), "authorization", "Bearer "+token)
}

// line carries a replica's calls to whatever the world serves now.
type line struct{ w *world }

func (l line) client() syncv1.SyncServiceClient { return syncv1.NewSyncServiceClient(l.w.conn) }

func (l line) Enrol(ctx context.Context, req *syncv1.EnrolRequest) (*syncv1.EnrolResponse, error) {
	return l.client().Enrol(ctx, req)
}

func (l line) Exchange(ctx context.Context, req *syncv1.ExchangeRequest) (*syncv1.ExchangeResponse, error) {
	return l.client().Exchange(ctx, req)
}

func (l line) Watch(ctx context.Context, _ *syncv1.WatchRequest, _ func(uint64)) error {
	<-ctx.Done()
	return ctx.Err()
}

// replica enrols a phone.
func (w *world) replica(seed byte, code string) *client.Replica {
	w.t.Helper()
	r, err := client.Open(w.t.TempDir(), bytes.Repeat([]byte{seed}, client.KeyBytes), client.Options{
		Transport: line{w}, Now: w.now, Random: seeded(seed), Tries: 1,
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	w.must(err)
	w.t.Cleanup(func() { w.must(r.Close()) })
	w.must(r.Enrol(w.t.Context(), "line", code))
	return r
}

func (w *world) sync(phones ...*client.Replica) {
	w.t.Helper()
	for _, p := range phones {
		_, err := p.Sync(w.t.Context())
		w.must(err)
	}
}

func (w *world) shows(p *client.Replica, id, want string) {
	w.t.Helper()
	if text, err := p.ShowJSON(id); err != nil || !strings.Contains(text, want) {
		w.t.Errorf("the phone shows %s, %v, want %s", text, err, want)
	}
}

const doorJSON = `{"address":"民主路3号","territory":"530702001001"}`

func TestBackup_OfARunningServerIsRestoredAndPhonesHealIt(t *testing.T) {
	w := serving(t)
	ann, bob := w.replica(11, w.code("和丽")), w.replica(12, w.code("木春"))
	w.sync(ann, bob)
	door, err := ann.AddJSON("premises", doorJSON)
	w.must(err)
	w.sync(ann, bob)
	out := filepath.Join(t.TempDir(), "monday.backup")
	made, err := server.Backup(t.Context(), server.BackupOptions{Dir: w.dir, Out: out, Now: w.now})
	w.must(err)
	if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o600 || info.Size() != made.Bytes || made.Realm != 530702 || made.At.Epoch != 1 || made.Unregistered != nil {
		t.Errorf("made %+v, file %v, %v", made, info, err)
	}
	if left := files(t, filepath.Dir(out)); len(left) != 1 {
		t.Errorf("beside the backup lie %v", left)
	}
	w.must(bob.EditJSON(door, `{"rooms":4}`))
	w.sync(bob, ann)
	w.must(ann.EditJSON(door, `{"rooms":5}`))
	w.sync(ann)
	w.worker("新来的")
	w.stop()

	dir := filepath.Join(t.TempDir(), "restored")
	back, err := server.Restore(t.Context(), server.RestoreOptions{From: out, Dir: dir, ContactKey: w.dir + server.ContactKeySuffix, Now: w.now, Random: seeded(77)})
	w.must(err)
	if back.Realm != 530702 || back.Epoch != 2 || back.After != made.At.Seq || !back.Made.Equal(clock()) || back.Lost != nil || back.Replaced != "" {
		t.Errorf("restored %+v", back)
	}
	want := []string{"admin.token -rw-------", "backups.jsonl -rw-------", "realm.db -rw-------", "realm.secret -rw-------"}
	if got := files(t, dir); !slices.Equal(got, want) {
		t.Errorf("files %v, want %v", got, want)
	}
	found, err := server.Verify(t.Context(), dir, nil)
	w.must(err)
	if !found.OK() || found.Epoch != 2 || len(found.Epochs) != 1 {
		t.Errorf("verify finds %+v", found)
	}
	w.resume(dir)
	w.sync(bob, ann, bob)
	for _, p := range []*client.Replica{ann, bob} {
		w.shows(p, door, `"rooms":5`)
		if s, err := p.Status(); err != nil || s.Pending != 0 || s.Epoch != 2 || s.Conflicts != 0 && s.Conflicts != 1 {
			t.Errorf("status %+v, %v", s, err)
		}
	}
	if _, err := w.admin().ListUsers(w.ctx, &adminv1.ListUsersRequest{}); err != nil {
		t.Errorf("the new token: %v", err)
	}
}

func TestBackup_PhonesAreToldWhileTheServerRuns(t *testing.T) {
	w := serving(t)
	ann := w.replica(11, w.code("和丽"))
	w.sync(ann)
	door, err := ann.AddJSON("premises", doorJSON)
	w.must(err)
	w.sync(ann)
	for i := range 3 {
		list, err := ann.Written(1)
		w.must(err)
		if len(list) != 1+i && i < 2 {
			t.Errorf("after %d backups %d changes are kept", i, len(list))
		}
		_, err = server.Backup(t.Context(), server.BackupOptions{Dir: w.dir, Out: filepath.Join(t.TempDir(), "b"), Now: w.now})
		w.must(err)
		w.must(ann.EditJSON(door, `{"rooms":`+string(rune('1'+i))+`}`))
		w.sync(ann)
	}
	if list, err := ann.Written(1); err != nil || list[0].DeviceSeq == 1 {
		t.Errorf("after three backups the first change is still kept: %d changes, %v", len(list), err)
	}
}

func TestBackup_RefusesAndLeavesNothing(t *testing.T) {
	dir := founded(t)
	place := t.TempDir()
	standing := filepath.Join(place, "standing")
	write(t, standing, []byte("somebody's"), 0o600)
	for name, c := range map[string]struct {
		dir, out, says string
	}{
		"a standing file":      {dir, standing, "choose another name"},
		"a folder without one": {place, filepath.Join(place, "out"), "no realm"},
		"a place that is none": {dir, filepath.Join(place, "none", "out"), "may write"},
	} {
		if _, err := server.Backup(t.Context(), server.BackupOptions{Dir: c.dir, Out: c.out}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	changeStore(t, dir, func(w store.Writer) error {
		var any store.Record
		err := w.Records(func(r store.Record) bool { any = r; return false })
		any.Seq++
		return errors.Join(err, w.PutRecord(any))
	})
	if _, err := server.Backup(t.Context(), server.BackupOptions{Dir: dir, Out: filepath.Join(place, "out")}); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("of a realm that does not pass the check: %v", err)
	}
	if left := files(t, place); len(left) != 1 || string(read(t, standing)) != "somebody's" {
		t.Errorf("left %v", left)
	}
}

// backedUp gives a backup of a stopped realm and the realm's folder.
func backedUp(t *testing.T) (dir, out string) {
	t.Helper()
	dir = founded(t)
	out = filepath.Join(t.TempDir(), "out.backup")
	if _, err := server.Backup(t.Context(), server.BackupOptions{Dir: dir, Out: out, Now: clock}); err != nil {
		t.Fatal(err)
	}
	return dir, out
}

func TestRestore_TwiceInOneSecondKeepsBothRealmsThatItMovesAside(t *testing.T) {
	dir, out := backedUp(t)
	var aside []string
	for range 3 {
		made, err := server.Restore(t.Context(), server.RestoreOptions{From: out, Dir: dir, Replace: 530702, Now: clock, Random: seeded(7)})
		if err != nil {
			t.Fatal(err)
		}
		aside = append(aside, made.Replaced)
	}
	for i, folder := range aside {
		if _, err := os.Stat(filepath.Join(folder, server.DatabaseFile)); err != nil || slices.Contains(aside[:i], folder) {
			t.Errorf("%s of %v: %v", folder, aside, err)
		}
	}
}

func TestRestore_MovesAsideOnlyTheRealmThatIsNamed(t *testing.T) {
	dir, out := backedUp(t)
	before := files(t, dir)
	restore := func(code uint32) (server.RestoreResult, error) {
		return server.Restore(t.Context(), server.RestoreOptions{From: out, Dir: dir, Replace: code, Now: clock, Random: seeded(7)})
	}
	if _, err := restore(0); !errors.Is(err, server.ErrHoldsRealm) {
		t.Errorf("unasked: %v", err)
	}
	if _, err := restore(530721); err == nil || !strings.Contains(err.Error(), "530702") {
		t.Errorf("another realm is named: %v", err)
	}
	st, err := sqlitestore.Open(t.Context(), filepath.Join(dir, server.DatabaseFile), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := restore(530702); !errors.Is(err, sqlitestore.ErrInUse) {
		t.Errorf("while it is served: %v", err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, ".onedoor-restore")); err == nil {
		t.Errorf("refused restores left %v of %v", files(t, dir), before)
	}
	made, err := restore(530702)
	if err != nil {
		t.Fatal(err)
	}
	if made.Lost == nil || *made.Lost != (server.Lost{}) || filepath.Dir(made.Replaced) != dir {
		t.Errorf("restored %+v", made)
	}
	for _, folder := range []string{dir, made.Replaced} {
		c := server.Config{Dir: folder, ContactKey: dir + server.ContactKeySuffix}
		if found, err := server.VerifyWith(t.Context(), c, nil); err != nil || !found.OK() {
			t.Errorf("%s: %+v, %v", folder, found, err)
		}
	}
	// Once more from the same backup: the epoch that was thrown away is not numbered again.
	w := server.RestoreOptions{From: out, Dir: dir, Replace: 530702, Now: func() time.Time { return clock().Add(time.Hour) }, Random: seeded(8)}
	if made, err = server.Restore(t.Context(), w); err != nil || made.Epoch != 3 {
		t.Errorf("restored again: %+v, %v", made, err)
	}
}

// A backup from before somebody noticed that an epoch had two histories says nothing of it; the realm that it takes the place of
// and the side ledger do.
func TestRestore_KeepsWhatIsKnownOfEpochsWithTwoHistories(t *testing.T) {
	dir, out := backedUp(t)
	st, err := sqlitestore.Open(t.Context(), filepath.Join(dir, server.DatabaseFile), sqlitestore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = exchange.BeginEpoch(t.Context(), st, exchange.Renewal{Doubtful: []syncengine.Epoch{1}})
	if err := errors.Join(err, st.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Restore(t.Context(), server.RestoreOptions{From: out, Dir: dir, Replace: 530702, Now: clock, Random: seeded(7)}); err != nil {
		t.Fatal(err)
	}
	if st, err = sqlitestore.Open(t.Context(), filepath.Join(dir, server.DatabaseFile), sqlitestore.Options{}); err != nil {
		t.Fatal(err)
	}
	var doubtful []syncengine.Epoch
	err = st.View(t.Context(), func(r store.Reader) (err error) {
		doubtful, err = exchange.Doubtful(r)
		return err
	})
	if err := errors.Join(err, st.Close()); err != nil || !slices.Equal(doubtful, []syncengine.Epoch{1}) {
		t.Errorf("of the restored realm %v are doubtful, %v", doubtful, err)
	}
}

func TestRestore_CountsWhatWasMadeAtTheServer(t *testing.T) {
	w := serving(t)
	w.worker("老人")
	out := filepath.Join(t.TempDir(), "out")
	_, err := server.Backup(t.Context(), server.BackupOptions{Dir: w.dir, Out: out, Now: w.now})
	w.must(err)
	w.enrol("新来的")
	w.stop()
	made, err := server.Restore(t.Context(), server.RestoreOptions{From: out, Dir: w.dir, Replace: 530702, Now: w.now, Random: seeded(9)})
	w.must(err)
	if l := made.Lost; l == nil || l.Users != 1 || l.Devices != 1 || l.Writes != 1 || l.Territories != 0 || l.Decisions != 0 {
		t.Errorf("lost %+v", made.Lost)
	}
	if _, err := os.Stat(filepath.Join(made.Replaced, server.SecretsFile)); err != nil {
		t.Error(err)
	}
}

func TestRestore_RefusesWhatIsNoBackupAndLeavesNothing(t *testing.T) {
	dir, out := backedUp(t)
	whole := read(t, out)
	for name, c := range map[string]struct {
		body []byte
		want error
	}{
		"a realm's own database": {read(t, filepath.Join(dir, server.DatabaseFile)), server.ErrNoBackup},
		"half of one":            {whole[:len(whole)/2], store.ErrDamaged},
		"another file":           {bytes.Repeat([]byte("notes "), 5000), server.ErrNoBackup},
		"an empty file":          {nil, server.ErrNoBackup},
	} {
		from, to := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "a", "realm")
		write(t, from, c.body, 0o600)
		if _, err := server.Restore(t.Context(), server.RestoreOptions{From: from, Dir: to, Now: clock}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if left := files(t, to); !slices.Equal(left, []string{"nothing"}) {
			t.Errorf("%s left %v", name, left)
		}
	}
	if _, err := server.Restore(t.Context(), server.RestoreOptions{From: filepath.Join(dir, "none"), Dir: filepath.Join(t.TempDir(), "x")}); err == nil {
		t.Error("from a file that is not there")
	}
}
