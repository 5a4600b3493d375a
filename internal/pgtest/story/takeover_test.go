package story_test

import (
	"bytes"
	"errors"
	"fmt"
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

func TestUpkeep_OfAServerThatIsKilledInTheMiddleOfItTheOtherMakesEachTaskOnce(t *testing.T) {
	for _, sent := range []int64{0, 25_000, 50_000, 75_000} {
		t.Run(fmt.Sprintf("after %d bytes", sent), func(t *testing.T) {
			d := founded(t, pgtest.Database(t))
			clock := newClock(t)
			tap, ended := d.apart(clock) // It takes the post.
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
			tap.left.Store(sent)
			clock.turn(t, 70*24*time.Hour) // Deadlines pass.
			<-ended
			half := len(d.tasks()) - before
			for len(d.tasks()) < before+disputes { // Nobody has to say so.
			}
			t.Logf("%d of the tasks stood when the holder of the post was gone, %d stand now", half, len(d.tasks())-before)
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

func TestUpkeep_OfAServerThatIsKilledInTheMiddleOfRetentionTheOtherDestroysTheRestOnce(t *testing.T) {
	const visits, note = 2*exchange.ErasuresMax + 50, "楼道堆物，已当面提醒"
	for _, sent := range []int64{0, 500_000, 700_000, 900_000} {
		t.Run(fmt.Sprintf("after %d bytes", sent), func(t *testing.T) {
			d := founded(t, pgtest.Database(t))
			clock := newClock(t)
			tap, ended := d.apart(clock)
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
			tap.left.Store(sent)
			clock.turn(t, (retention.VisitNoteDays+1)*24*time.Hour)
			began := clock.now()
			<-ended
			half, _ := d.erasures()
			for !d.retained(began) { // Nobody has to say so.
			}
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
