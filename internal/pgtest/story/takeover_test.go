package story_test

import (
	"bytes"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/pgtest"
	"onedoor/server/accessledger"
	"onedoor/server/exchange"
	"onedoor/server/retention"
	"onedoor/server/store"
	"onedoor/server/store/pgstore"
	"onedoor/syncengine"
)

// look reads the realm beside its servers.
func (d *district) look(f func(store.Reader) error) {
	d.t.Helper()
	st, err := pgstore.OpenReader(d.t.Context(), pgstore.Options{URL: d.store})
	d.must(err)
	defer st.Close()
	d.must(st.View(d.t.Context(), f))
}

// strike is when the holder of the post is struck, counted in bytes that it sends, and how.
type strike struct {
	how  syscall.Signal
	sent int64
}

func (s strike) String() string {
	if s.how == syscall.SIGKILL {
		return fmt.Sprintf("killed after %d bytes", s.sent)
	}
	return fmt.Sprintf("frozen after %d bytes", s.sent)
}

// A server that is frozen past the end of its post goes on with what it was in the middle of, and believes that it holds the post.
func TestUpkeep_OfAServerThatIsKilledOrFrozenInTheMiddleOfItTheOtherMakesEachTaskOnce(t *testing.T) {
	for _, when := range []strike{{syscall.SIGKILL, 0}, {syscall.SIGKILL, 25_000}, {syscall.SIGKILL, 50_000}, {syscall.SIGKILL, 75_000}, {syscall.SIGSTOP, 25_000}, {syscall.SIGSTOP, 50_000}} {
		t.Run(when.String(), func(t *testing.T) {
			d := founded(t, pgtest.Database(t))
			clock := newClock(t)
			a := d.apart(clock, when.how) // It takes the post.
			b := d.serveWith(clock.busy())
			ann := d.phone(b)
			ann.synced()
			// Nobody took the case up and nobody settled it: the rules ask for one task about each.
			const disputes, tasksEach = 12, 2
			for range disputes {
				_, err := ann.AddJSON("dispute", `{"title":"漏水","territory":"530702001001"}`)
				d.must(err)
			}
			ann.synced()
			before := len(d.tasks())
			a.left.Store(when.sent)
			clock.turn(t, 70*24*time.Hour) // Deadlines pass.
			a.gone()
			half := len(d.tasks()) - before
			for len(d.tasks()) < before+disputes { // Nobody has to say so.
			}
			t.Logf("%d of the tasks stood when the holder of the post was gone, %d stand now", half, len(d.tasks())-before)
			a.resume(d)
			b.halt(d)
			if n := len(d.tasks()) - before; n > disputes*tasksEach {
				t.Errorf("%d tasks were made for %d disputes: the same one under several ids", n, disputes)
			}
			for id, times := range d.tasks() {
				if times != 1 {
					t.Errorf("task %s was made %d times", id, times)
				}
			}
			if found := d.verified(); found.Records < disputes {
				t.Errorf("the log has %d records", found.Records)
			}
		})
	}
}

// erasures gives how often the log erases something of each record, and how often the access ledger says that retention did.
func (d *district) erasures() (log, ledger map[syncengine.ID]int) {
	d.t.Helper()
	log, ledger = map[syncengine.ID]int{}, map[syncengine.ID]int{}
	d.look(func(r store.Reader) error {
		err := r.Entries(0, func(e store.Entry) bool {
			if e.Type == store.EntryErased && e.Kind == syncengine.KindNumber(recordv1.Kind_KIND_VISIT) {
				log[e.RecordID]++
			}
			return true
		})
		if err != nil {
			return err
		}
		return accessledger.Walk(r, accessledger.Filter{}, func(e accessledger.Entry) bool {
			if e.Action == accessledger.Retention {
				for _, touched := range e.Records {
					for _, id := range touched.IDs {
						ledger[id]++
					}
				}
			}
			return true
		})
	})
	return log, ledger
}

// holding counts the entries and records in which a text stands.
func (d *district) holding(text string) (n int) {
	d.t.Helper()
	count := func(body []byte) bool {
		if bytes.Contains(body, []byte(text)) {
			n++
		}
		return true
	}
	d.look(func(r store.Reader) error {
		err := r.Entries(0, func(e store.Entry) bool { return count(e.Body) })
		return errors.Join(err, r.Records(func(rec store.Record) bool { return count(rec.Body) }))
	})
	return n
}

// retained reports that a run of retention has come to its end at or after a time.
func (d *district) retained(since time.Time) (done bool) {
	d.t.Helper()
	d.look(func(r store.Reader) error {
		last, ok, err := retention.LastRun(r)
		done = ok && last.At >= syncengine.UnixMilli(since.UnixMilli())
		return err
	})
	return done
}

func TestUpkeep_OfAServerThatIsKilledOrFrozenInTheMiddleOfRetentionTheOtherDestroysTheRestOnce(t *testing.T) {
	const visits, note = 2*exchange.ErasuresMax + 50, "楼道堆物，已当面提醒"
	for _, when := range []strike{{syscall.SIGKILL, 0}, {syscall.SIGKILL, 500_000}, {syscall.SIGKILL, 700_000}, {syscall.SIGKILL, 900_000}, {syscall.SIGSTOP, 500_000}, {syscall.SIGSTOP, 700_000}} {
		t.Run(when.String(), func(t *testing.T) {
			d := founded(t, pgtest.Database(t))
			clock := newClock(t)
			a := d.apart(clock, when.how)
			b := d.serveWith(clock.busy())
			ann := d.phone(b)
			ann.synced()
			door := ann.door("民主路3号")
			for range visits {
				_, err := ann.AddJSON("visit", fmt.Sprintf(`{"premises_ids":[%q],"note":%q}`, door, note))
				d.must(err)
			}
			ann.synced()
			if d.holding(note) == 0 {
				t.Fatal("nobody would see a note that stands")
			}
			a.left.Store(when.sent)
			clock.turn(t, (retention.VisitNoteDays+1)*24*time.Hour)
			began := clock.now()
			a.gone()
			half, _ := d.erasures()
			for !d.retained(began) { // Nobody has to say so.
			}
			a.resume(d)
			b.halt(d)
			log, ledger := d.erasures()
			t.Logf("%d of %d notes were destroyed when the holder of the post was gone, %d are now", len(half), visits, len(log))
			if len(log) != visits || len(ledger) != visits {
				t.Errorf("the log erases something of %d visits, the access ledger names %d, %d have lost their note", len(log), len(ledger), visits)
			}
			for id, times := range log {
				if times != 1 || ledger[id] != 1 {
					t.Errorf("visit %s was erased %d times and is named %d times", id, times, ledger[id])
				}
			}
			if n := d.holding(note); n > 0 {
				t.Errorf("%d rows hold a note still", n)
			}
			d.verified()
		})
	}
}
