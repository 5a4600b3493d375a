package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	"onedoor/syncengine"
	"onedoor/testdata/notes"
)

// Scale says how large a scene is.
type Scale struct {
	// Figures are the street's.
	Figures Figures
	// Phones work on the day.
	Phones int
}

// FullScale is the scene itself.
func FullScale() Scale { return Scale{Figures: TrueScale(), Phones: PhonesOfTheDay} }

// TrialScale is a scene with every role and shape that takes seconds.
func TrialScale() Scale { return Scale{Figures: SmallScale(), Phones: trialPhones} }

// trialPhones is room for two teams and the centre.
const trialPhones = 16

// Options say which day is played, and where.
type Options struct {
	// Seed chooses the street, its people and what they do.
	Seed uint64
	// Scale is how large the scene is.
	Scale Scale
	// Dir is where the realm and the phones are made; it must hold neither.
	Dir string
	// Listen is the server's address; a free port of this machine when empty.
	Listen string
	// HTTP is the address of the console with the phones; none when empty. Then people can sign in (desks.go).
	HTTP string
	// Date is any instant of the day, which is to lie in the past: the server's own clock goes on after it.
	Date time.Time
	// Progress is told how far the demo has come; it may be nil.
	Progress Progress

	// held leaves the server without a look at deadlines after the day too, so that it can be read again as it was.
	held bool
}

// Demo is a day that was played and audited. Its server is still up.
type Demo struct {
	// Report is what came of it.
	Report Report

	options Options
	street  *Street
	cast    *Cast
	day     *Day
	names   *directory
	book    *recordBook
	realm   *realm
	phones  []*handset
	watch   *stopwatch

	// desks are the accounts with which people sign in at the console.
	desks []*Desk
	// front stands before the console; nil where there is none. browser holds what its phones have to close.
	front   *front
	browser []io.Closer

	prediction *prediction
	demanded   []demandedConflict
}

// Run founds a realm, brings a street and its people into it, plays the day of a seed on real phones against a real
// server, lets all of them sync until nothing moves, and audits what is there. The server then answers to people
// until Close. An error that is ErrScript means that the day could not be played as it is written.
func Run(ctx context.Context, o Options) (*Demo, error) {
	d := &Demo{options: o, watch: newStopwatch(o.Progress)}
	for _, stage := range []func(context.Context) error{d.write, d.found, d.register, d.enrol, d.firstSyncs, d.play, d.rest, d.audit, d.openDesks} {
		if err := stage(ctx); err != nil {
			return nil, errors.Join(err, d.Close())
		}
	}
	if err := d.letGo(); err != nil {
		return nil, err
	}
	if err := d.openBrowserPhones(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// letGo leaves server, lines and phones to people.
func (d *Demo) letGo() error {
	d.realm.setFree(!d.options.held)
	var errs []error
	for _, h := range d.phones {
		errs = append(errs, h.putDown())
	}
	if err := errors.Join(errs...); err != nil {
		return errors.Join(err, d.Close())
	}
	return nil
}

// write makes street, people and script.
func (d *Demo) write(context.Context) error {
	d.watch.begin(StageScript, 0)
	communities, err := Communities()
	if err != nil {
		return err
	}
	if d.street, err = NewStreet(d.options.Seed, communities, d.options.Scale.Figures); err != nil {
		return err
	}
	if d.cast, err = NewCast(d.options.Seed, d.street, d.options.Scale.Phones); err != nil {
		return err
	}
	d.day, err = NewDay(d.options.Seed, d.street, d.cast, notes.Lines(), d.options.Date)
	return err
}

// Hours of the morning before the day's first step, for what an operator prepares.
const (
	hourOfFounding  = 5 * time.Hour
	hourOfEnrolment = 6 * time.Hour
	hourOfFirstSync = 7 * time.Hour
	hourOfRest      = 22 * time.Hour
)

// found makes the realm and serves it.
func (d *Demo) found(ctx context.Context) (err error) {
	d.watch.begin(StageRealm, 0)
	if err := os.MkdirAll(d.options.Dir, 0o700); err != nil {
		return err
	}
	if _, err := os.Lstat(filepath.Join(d.options.Dir, phonesFolder)); err == nil {
		return fmt.Errorf("%s holds a demo already: give another folder", d.options.Dir)
	}
	o := d.options
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	d.realm, err = openRealm(ctx, &o, d.inFront, d.day.Midnight.Add(hourOfFounding))
	return err
}

// register brings territories, people, doors and assignments in.
func (d *Demo) register(ctx context.Context) error {
	d.names = &directory{territories: map[TerritoryCode]syncengine.ID{}}
	g := &registering{realm: d.realm, street: d.street, cast: d.cast, names: d.names}
	d.watch.begin(StagePeople, len(d.cast.Teams))
	if err := g.importTerritories(ctx); err != nil {
		return err
	}
	if err := g.importUsers(ctx); err != nil {
		return err
	}
	if err := g.foundTeams(ctx, d.watch.done); err != nil {
		return err
	}
	d.watch.begin(StageDoors, 0)
	if err := g.importDoors(ctx); err != nil {
		return err
	}
	d.book = newRecordBook(g.doors)
	d.names.record = d.book.id
	d.watch.begin(StageAssign, d.cast.assignments())
	return g.assignDoors(ctx, d.watch.done)
}

// assignments counts the posts that are given out at doors.
func (c *Cast) assignments() int {
	n := 0
	for _, a := range c.Assignments {
		if n++; a.Officer != NoUser {
			n++
		}
	}
	return n
}

// enrol makes the phones and joins each to its user with a code.
func (d *Demo) enrol(ctx context.Context) error {
	d.watch.begin(StageEnrol, len(d.cast.Phones))
	at := d.day.Midnight.Add(hourOfEnrolment)
	d.realm.clock.set(at)
	for i, phone := range d.cast.Phones {
		h, err := openHandset(d.options.Dir, d.options.Seed, PhoneIndex(i), phone, d.realm.address())
		if h != nil {
			d.phones = append(d.phones, h)
		}
		if err != nil {
			return fmt.Errorf("phone %d: %w", i, err)
		}
		h.setTime(at)
		h.line.SetOnline(true)
		code, err := d.joinCode(ctx, phone.User)
		if err != nil {
			return err
		}
		if err := h.replica.Enrol(ctx, h.line.Address(), code); err != nil {
			return fmt.Errorf("phone %d: %w", i, err)
		}
		d.watch.done(1)
	}
	return nil
}

func (d *Demo) joinCode(ctx context.Context, u UserIndex) (string, error) {
	m, err := d.realm.admin.CreateJoinCode(d.realm.operator(ctx), &adminv1.CreateJoinCodeRequest{UserId: d.names.users[u][:]})
	if err != nil {
		return "", fmt.Errorf("join code for %s: %w", d.cast.Users[u], err)
	}
	return m.GetCode(), nil
}

// firstSyncs fills the phones, several beside each other, and takes them offline.
func (d *Demo) firstSyncs(ctx context.Context) error {
	d.watch.begin(StageFirstSync, len(d.phones))
	at := d.day.Midnight.Add(hourOfFirstSync)
	d.realm.clock.set(at)
	err := eachPhone(d.phones, func(h *handset) error {
		h.setTime(at)
		err := h.sync(ctx, FaultNone)
		h.line.SetOnline(false)
		d.watch.done(1)
		return err
	})
	d.Report.FirstSync = d.takeTraffic()
	return err
}

// play plays the script.
func (d *Demo) play(ctx context.Context) error {
	d.watch.begin(StageDay, len(d.day.Steps))
	err := newPlaying(d.day, d.realm, d.names, d.phones, d.book, d.watch.done).play(ctx)
	d.Report.Day = d.takeTraffic()
	return err
}

// restRoundsMax bounds the syncing after the day: who has everything has nothing more to say, so one round brings the
// last news and a second finds none.
const restRoundsMax = 4

// rest lets every phone sync until a whole round moves nothing.
func (d *Demo) rest(ctx context.Context) error {
	d.watch.begin(StageRest, 0)
	at := d.day.Midnight.Add(hourOfRest)
	for round := range restRoundsMax {
		at = at.Add(time.Minute)
		d.realm.clock.set(at)
		moved := 0
		for _, h := range d.phones {
			h.setTime(at)
			h.line.SetOnline(true)
			report, err := h.replica.Sync(ctx)
			if err != nil {
				return fmt.Errorf("%w: sync at rest: %w", ErrScript, err)
			}
			h.add(report)
			moved += report.Pushed + report.Pulled + report.Gone
		}
		if moved == 0 {
			d.Report.RestRounds = round + 1
			d.Report.Rest = d.takeTraffic()
			return nil
		}
	}
	return fmt.Errorf("%w: phones still move after %d rounds without an edit", ErrScript, restRoundsMax)
}

// takeTraffic sums what the phones' syncs did since the last time.
func (d *Demo) takeTraffic() (t Traffic) {
	for _, h := range d.phones {
		t.add(&h.report)
		h.report.Pushed, h.report.Applied, h.report.Merged, h.report.Quarantined = 0, 0, 0, 0
		h.report.RoundTrips, h.report.BytesUp, h.report.BytesDown = 0, 0, 0
	}
	return t
}

// Close stops the server and closes the phones. The folder stays.
func (d *Demo) Close() error {
	var errs []error
	for _, c := range d.browser {
		errs = append(errs, c.Close())
	}
	d.browser = nil
	for _, h := range d.phones {
		errs = append(errs, h.close())
	}
	d.phones = nil
	if d.realm != nil {
		errs = append(errs, d.realm.close())
	}
	return errors.Join(errs...)
}
