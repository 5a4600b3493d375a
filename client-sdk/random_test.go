package client_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// TestSync_RandomDaysConvergeAndLoseNothing plays days of work drawn from a
// seed: phones edit the same records, lose requests and replies, are restarted,
// get small pages and other territories, while the server restarts now and then.
// At the end every phone holds what the server would send a fresh one, and every
// edit has an outcome. SEEDS, such as 7-7 or 1-100, runs other days.
func TestSync_RandomDaysConvergeAndLoseNothing(t *testing.T) {
	first, last := seeds(t, 1, 6)
	for seed := first; seed <= last; seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { newDay(t, seed).play(200) })
	}
}

// seeds gives the days to play: those that SEEDS names, such as 1-100.
func seeds(t *testing.T, first, last uint64) (uint64, uint64) {
	t.Helper()
	if text := os.Getenv("SEEDS"); text != "" {
		if n, err := fmt.Sscanf(text, "%d-%d", &first, &last); n != 2 {
			t.Fatalf("SEEDS is %q, not such as 1-100: %v", text, err)
		}
	}
	return first, last
}

// TestSync_RandomDaysSurviveRestores plays such days on a server that is now and
// then put back to an earlier backup. SEEDS runs other days.
func TestSync_RandomDaysSurviveRestores(t *testing.T) {
	first, last := seeds(t, 1, 6)
	for seed := first; seed <= last; seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			d := newDay(t, seed)
			d.restores = true
			d.backups = append(d.backups, d.backup())
			d.play(200)
		})
	}
}

// TestSync_RandomDaysSurviveAFilePutBack plays days on a server whose file is now
// and then put back to an earlier one without a word. SEEDS runs other days.
func TestSync_RandomDaysSurviveAFilePutBack(t *testing.T) {
	first, last := seeds(t, 1, 6)
	for seed := first; seed <= last; seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			d := newDay(t, seed)
			d.restores, d.silent = true, true
			d.backups = append(d.backups, d.backup())
			d.play(200)
		})
	}
}

// day is one random day.
type day struct {
	*world
	rng *rand.Rand
	// restores has the server put back to one of backups now and then.
	restores bool
	backups  []backup
	// silent has a backup's file put back without a restore as often as not.
	silent bool
	// records are all that were ever made, by kind.
	records map[string][]string
}

func newDay(t *testing.T, seed uint64) *day {
	d := &day{world: newWorld(t), rng: rand.New(rand.NewPCG(seed, 7)), records: map[string][]string{}}
	d.phone("安", recordv1.Role_ROLE_GRID_WORKER, gridA)
	d.phone("白", recordv1.Role_ROLE_GRID_WORKER, gridB)
	d.phone("陈", recordv1.Role_ROLE_POLICE_OFFICER, community)
	d.phone("邓", recordv1.Role_ROLE_HELPER, gridA)
	for _, p := range d.phones {
		p.sync()
	}
	return d
}

func (d *day) play(steps int) {
	for range steps {
		p := d.phones[d.rng.IntN(len(d.phones))]
		d.later(time.Duration(d.rng.IntN(90)) * time.Second)
		switch n := d.rng.IntN(60); {
		case n < 42:
			d.work(p)
		case n < 56:
			d.trySync(p)
		case n < 58:
			p.skew = time.Duration(d.rng.IntN(7200)-3600) * time.Second
			p.page = []int{0, 1, 400}[d.rng.IntN(3)]
			p.restart()
		case n == 58 && d.restores:
			d.backUpOrRestore()
		case n == 58:
			d.restart()
		default:
			d.moveUser(p.user, []string{gridA, gridB, community}[d.rng.IntN(3)])
		}
	}
	for _, p := range d.phones {
		p.line.loseReply, p.line.loseRequest = 0, 0
	}
	d.settle()
}

// backUpOrRestore makes a backup, or puts the server back to one of the last two,
// which are those that the phones' journals reach back to.
func (d *day) backUpOrRestore() {
	d.t.Helper()
	if d.rng.IntN(2) == 0 {
		d.backups = append(d.backups, d.backup())
		return
	}
	back := 1 + d.rng.IntN(min(2, len(d.backups)))
	if b := d.backups[len(d.backups)-back]; d.silent && d.rng.IntN(2) == 0 {
		d.putBack(b)
	} else {
		d.restore(b, d.epochs()...)
	}
	d.backups = d.backups[:len(d.backups)-back+1]
}

// epochs gives what the server knows of its epochs.
func (d *day) epochs() (forks []syncengine.Fork) {
	d.t.Helper()
	d.must(d.service.View(d.t.Context(), func(r store.Reader) error {
		h, err := exchange.History(r)
		forks = h.Forks
		return err
	}))
	return forks
}

func (d *day) trySync(p *phone) {
	d.t.Helper()
	switch d.rng.IntN(6) {
	case 0:
		p.line.loseReply = 1
	case 1:
		p.line.loseRequest = 1
	}
	if _, err := p.Sync(d.t.Context()); err != nil && !errors.Is(err, errLine) {
		d.t.Fatalf("%s syncs: %v", p.name, err)
	}
}

// work makes one random edit. What the phone's rules refuse is no edit.
func (d *day) work(p *phone) {
	d.t.Helper()
	word := strconv.Itoa(d.rng.IntN(1000))
	var err error
	switch n := d.rng.IntN(12); {
	case n < 2:
		err = d.addDoor(p, word)
	case n < 4:
		err = d.addVisit(p, word)
	case n == 4:
		err = d.group(p, word)
	case n == 5:
		err = d.settleOne(p)
	case n == 6:
		err = p.DeleteRecord(d.seen(p, "visit"))
	case n < 9:
		err = p.EditJSON(d.seen(p, "premises"), d.pick(`{"rooms":`+word+`}`, `{"rooms":null}`, `{"grade":"red"}`, `{"grade":"green","name":"`+word+`"}`))
	default:
		err = p.EditJSON(d.seen(p, "visit"), d.pick(`{"note":"`+word+`"}`, `{"outcome":"nobody"}`, `{"note":null,"outcome":"seen"}`,
			`{"contributions":{"`+p.user.String()+`":"`+word+`"}}`, `{"checklist":{"gas":"good"}}`, `{"checklist":{"gas":null}}`))
	}
	var refusal *client.Refusal
	switch {
	case err == nil, errors.As(err, &refusal), errors.Is(err, client.ErrNotFound), errors.Is(err, client.ErrDeleted), errors.Is(err, client.ErrNothing):
	default:
		d.t.Fatalf("%s works: %v", p.name, err)
	}
}

func (d *day) pick(texts ...string) string { return texts[d.rng.IntN(len(texts))] }

// seen names a record that the phone shows, deleted ones now and then.
func (d *day) seen(p *phone, kind string) string {
	records, err := p.List(client.Query{Kind: kind, Deleted: d.rng.IntN(8) == 0})
	d.must(err)
	if len(records) == 0 {
		return d.any(kind)
	}
	return records[d.rng.IntN(min(len(records), 4))].ID.String()
}

// any names a record that somebody made; an unknown id when there is none.
func (d *day) any(kind string) string {
	if ids := d.records[kind]; len(ids) > 0 {
		return ids[d.rng.IntN(len(ids))]
	}
	return syncengine.ID{1}.String()
}

// door names a door for a visit: as a rule one that the phone shows.
func (d *day) door(p *phone) string {
	if d.rng.IntN(6) == 0 {
		return d.any("premises")
	}
	return d.seen(p, "premises")
}

func (d *day) note(kind, id string, err error) error {
	if err == nil {
		d.records[kind] = append(d.records[kind], id)
	}
	return err
}

func (d *day) addDoor(p *phone, word string) error {
	id, err := p.AddJSON("premises", `{"address":"民主路`+word+`号","territory":"`+d.pick(gridA, gridB)+`"}`)
	return d.note("premises", id, err)
}

// addVisit begins a visit, or joins one by its id.
func (d *day) addVisit(p *phone, word string) error {
	place := `"territory":"` + d.pick(gridA, gridB) + `"`
	if d.rng.IntN(2) == 0 {
		place = `"premises_ids":["` + d.door(p) + `"]`
	}
	if d.rng.IntN(4) == 0 && len(d.records["visit"]) > 0 {
		_, err := p.AddJSON("visit", `{"id":"`+d.any("visit")+`",`+place+`,"contributions":{"`+p.user.String()+`":"`+word+`"}}`)
		return err
	}
	id, err := p.AddJSON("visit", `{`+place+`,"note":"`+word+`"}`)
	return d.note("visit", id, err)
}

// group makes a visit and a hazard in one commit.
func (d *day) group(p *phone, word string) error {
	door, err := parse(d.door(p))
	if err != nil {
		return err
	}
	var visit, hazard syncengine.ID
	err = p.Group(func(g *client.Group) (err error) {
		if visit, err = g.Add(&recordv1.Visit{PremisesIds: [][]byte{door[:]}, Note: &word}); err != nil {
			return err
		}
		hazard, err = g.Add(&recordv1.Hazard{PremisesId: door[:], Code: recordv1.HazardCode_HAZARD_CODE_GAS.Enum(), VisitId: visit[:]})
		return err
	})
	return errors.Join(d.note("visit", visit.String(), err), d.note("hazard", hazard.String(), err))
}

// settleOne restores or acknowledges one of the conflicts a phone lists.
func (d *day) settleOne(p *phone) error {
	open := p.conflicts()
	if len(open) == 0 {
		return client.ErrNothing
	}
	c := open[d.rng.IntN(len(open))]
	if d.rng.IntN(2) == 0 || len(c.Others) == 0 {
		return p.Acknowledge(c.ID)
	}
	return p.Restore(c.ID, 1+d.rng.IntN(len(c.Others)))
}
