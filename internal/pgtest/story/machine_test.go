package story_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/pgtest"
	"onedoor/server"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// fill writes to a database until its disk is full.
func fill(t *testing.T, c *pgtest.Cluster) {
	t.Helper()
	const rowsMax = 64
	for range rowsMax {
		for _, rows := range []int{5000, 200, 10} { // Ever less, so that little room is left.
			_, err := c.Ask("realms", fmt.Sprintf("INSERT INTO ballast SELECT repeat(md5(g::text), 8) FROM generate_series(1, %d) g", rows))
			if err == nil {
				break
			}
			if !strings.Contains(err.Error(), "No space left") {
				t.Fatal(err)
			}
			if rows == 10 {
				return
			}
		}
	}
	t.Fatal("the disk never filled up")
}

func TestServe_ADatabaseWhoseDiskIsFullTakesNothingAndPhonesBringItOnceThereIsRoom(t *testing.T) {
	const diskBytes = 24 << 20
	dir, remove, err := pgtest.SmallDisk(diskBytes)
	if err != nil {
		fmt.Printf("NOT RUN: %s: %v\n", t.Name(), err)
		return
	}
	t.Cleanup(func() {
		if err := remove(); err != nil {
			t.Error(err)
		}
	})
	d := &district{t: t}
	c := d.own() // It ends before its disk goes.
	d.must(c.Tablespace("small", dir))
	url := c.Database(t, "realms")
	_, err = c.Ask("postgres", "ALTER DATABASE realms SET TABLESPACE small")
	d.must(err)
	_, err = c.Ask("realms", "CREATE TABLE ballast (text text)")
	d.must(err)
	d = founded(t, url)
	one, two := d.serve(), d.serve()
	ann, bob := d.phone(one), d.phone(two)
	ann.synced()
	bob.synced()
	fill(t, c)
	d.overflows(one, two, ann, bob, func() error {
		_, err := c.Ask("realms", "DROP TABLE ballast")
		return err
	})
}

// overflows has ann write until the database has no room, makes room as an operator does, and wants everything on both phones.
func (d *district) overflows(one, two *running, ann, bob *phone, room func() error) {
	d.t.Helper()
	made, refused := 0, 0
	const doors, roundsMax = 100, 20
	for range roundsMax {
		for range doors {
			ann.door(strings.Repeat("新华路", 60) + fmt.Sprint(made, "号"))
			made++
		}
		if _, err := ann.Sync(d.t.Context()); err != nil {
			refused++
			break
		}
		if has := d.doors(); has != made { // Nobody was told that there is no room: then there was some.
			d.t.Fatalf("the phone was told that %d doors are safe, the log has %d", made, has)
		}
	}
	if refused == 0 {
		d.t.Fatal("no sync met the full disk")
	}
	d.must(room())
	ann.insist()
	bob.insist()
	for n, p := range []*phone{ann, bob} {
		text, err := p.ListJSON(&client.Query{Kind: "premises"})
		d.must(err)
		if got := strings.Count(text, `"address"`); got != made {
			d.t.Errorf("phone %d shows %d doors of %d", n, got, made)
		}
	}
	one.halt(d)
	two.halt(d)
	d.verified()
	d.t.Logf("%d doors, the last %d of which waited on the phone for room", made, doors)
}

// doors counts the doors that the log makes.
func (d *district) doors() (n int) {
	d.t.Helper()
	d.look(func(r store.Reader) error {
		return r.Entries(0, func(e store.Entry) bool {
			if e.Kind == syncengine.KindNumber(recordv1.Kind_KIND_PREMISES) && e.Prev == 0 {
				n++
			}
			return true
		})
	})
	return n
}

func TestServe_ADatabaseWhoseFilesMayNotGrowTakesNothingAndPhonesBringItOnceTheyMay(t *testing.T) {
	d := &district{t: t}
	c, err := pgtest.StartSmall()
	d.must(err)
	t.Cleanup(func() { d.must(c.Remove()) })
	d = founded(t, c.Database(t, "realms"))
	one, two := d.serve(), d.serve()
	ann, bob := d.phone(one), d.phone(two)
	ann.synced()
	bob.synced()
	if err := c.LimitFiles(pgtest.SmallFilesBytes); err != nil {
		fmt.Printf("NOT RUN: %s: %v\n", t.Name(), err)
		return
	}
	d.overflows(one, two, ann, bob, func() error { return c.LimitFiles(0) })
}

func TestServe_ServersWhoseClocksJumpLoseNothingAndTheirPhonesAgree(t *testing.T) {
	d := founded(t, pgtest.Database(t))
	var jumps [2]atomic.Int64
	var servers []*running
	for i := range jumps {
		servers = append(servers, d.serveWith(server.Config{Now: func() time.Time { return time.Now().Add(time.Duration(jumps[i].Load())) }, RenewEvery: renewEvery}))
	}
	ann, bob := d.phone(servers[0]), d.phone(servers[1])
	ann.synced()
	bob.synced()
	made := 0
	// Less than a lease lasts: a phone that is told that its lease is over locks, as it must.
	const day = 24 * time.Hour
	for round, jump := range []time.Duration{0, 3 * day, -3 * day, time.Hour, -time.Second, 5 * day, 0} {
		jumps[round%2].Store(int64(jump))
		for i, p := range []*phone{ann, bob} {
			p.line.to.Store(servers[(round+i)%2])
			p.door(fmt.Sprintf("新华路%d-%d号", round, i))
			made++
			p.insist()
		}
	}
	ann.insist()
	bob.insist()
	ann.insist()
	for n, p := range []*phone{ann, bob} {
		text, err := p.ListJSON(&client.Query{Kind: "premises"})
		d.must(err)
		if got := strings.Count(text, "新华路"); got != made {
			t.Errorf("phone %d shows %d doors of %d", n, got, made)
		}
	}
	if found := d.verified(); found.Epoch != 1 {
		t.Errorf("the log is in epoch %d", found.Epoch)
	}
}
