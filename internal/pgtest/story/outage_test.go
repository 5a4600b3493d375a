package story_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	client "onedoor/client-sdk"
	"onedoor/internal/pgtest"
	"onedoor/server"
	"onedoor/server/store"
)

// own starts a cluster that a test may kill.
func (d *district) own() *pgtest.Cluster {
	d.t.Helper()
	c, err := pgtest.Start()
	d.must(err)
	d.t.Cleanup(func() { d.must(c.Remove()) })
	return c
}

// insist syncs a phone until it has caught up: what fails is called again, as a phone does by itself.
func (p *phone) insist() {
	p.d.t.Helper()
	const tries = 20
	var err error
	for range tries {
		if _, err = p.Sync(p.d.t.Context()); err == nil {
			return
		}
	}
	p.d.t.Fatalf("sync: %v", err)
}

func TestServe_ADatabaseThatIsKilledUnderPhonesLosesNoEditAndMakesNoneTwice(t *testing.T) {
	d := &district{t: t}
	c := d.own()
	d = founded(t, c.Database(t, "realms"))
	var gate pgtest.Gate
	one, two := d.serveWith(server.Config{Dial: gate.Dial}), d.serve()
	phones := []*phone{d.phone(one), d.phone(two), d.phone(one)}
	for _, p := range phones {
		p.synced() // From here on they know the territories.
	}
	const rounds, doors = 2, 5
	for round := range rounds {
		// In one round a commit of the first server is lost with the database, in the other its answer.
		met, cut := gate.Arm([]pgtest.Stop{pgtest.Unsaid, pgtest.Unheard}[round])
		var working sync.WaitGroup
		for n, p := range phones {
			working.Go(func() {
				for i := range doors {
					if _, err := p.AddJSON("premises", fmt.Sprintf(`{"address":"民主路%d%d%d号","territory":"530702001001"}`, round+1, n+1, i+1)); err != nil {
						t.Error(err)
					}
					_, _ = p.Sync(t.Context()) // The database may be down: it stays in the outbox.
				}
			})
		}
		<-met
		d.must(c.Kill())
		cut()
		d.must(c.Up())
		working.Wait()
		phones[0], phones[1] = phones[1], phones[0]
		phones[0].line.to.Store(one) // Any phone may speak with any server.
		phones[1].line.to.Store(two)
	}
	for range 2 {
		for _, p := range phones {
			p.insist()
		}
	}
	for n, p := range phones {
		text, err := p.ListJSON(&client.Query{Kind: "premises"})
		d.must(err)
		if got := strings.Count(text, "民主路"); got != rounds*doors*len(phones) {
			t.Errorf("phone %d shows %d doors of %d", n, got, rounds*doors*len(phones))
		}
	}
	one.halt(d)
	two.halt(d)
	if found := d.verified(); found.Epoch != 1 { // It came back with all that it had acknowledged.
		t.Errorf("a database that was killed is taken for one that went back: the log is in epoch %d", found.Epoch)
	}
}

func TestServe_APromotedReplicaThatLaggedBehindIsHealedByItsPhones(t *testing.T) {
	d := &district{t: t}
	primary := d.own()
	primary.Database(t, "realms")
	standby, err := primary.Standby()
	d.must(err)
	t.Cleanup(func() { d.must(standby.Remove()) })
	base, _, _ := strings.Cut(primary.URL("realms"), "?")
	d = founded(t, base+"?host="+primary.Host()+","+standby.Host())
	r := d.serve()
	ann, bob := d.phone(r), d.phone(r)
	ann.synced()
	bob.synced()
	for { // Up to here the replica has everything.
		behind, err := primary.Ask("postgres", "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()")
		d.must(err)
		if strings.TrimSpace(behind) == "1" {
			break
		}
	}
	d.must(standby.Stop())
	door := ann.door("民主路3号")
	ann.synced() // Acknowledged, and on the primary alone.
	d.must(primary.Kill())
	d.must(standby.Up())
	d.must(standby.Promote())

	bob.door("七星街8号")
	bob.insist() // The server notices with its first transaction: this phone knows nothing of the loss and could not tell.
	d.look(func(r store.Reader) error {
		if epoch := r.Head().Epoch; epoch != 2 {
			t.Errorf("before a phone tells of the loss the log is in epoch %d", epoch)
		}
		return nil
	})
	ann.insist()
	bob.insist()
	bob.shows(door, "民主路3号")
	r.halt(d)
	found := d.verified()
	if len(found.Epochs) != 1 || !found.Epochs[0].ByStore || found.Epoch != 2 {
		t.Errorf("the epochs are %+v", found.Epochs)
	}
}
