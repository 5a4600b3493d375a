package server

import (
	"context"
	"errors"
	"slices"
	"time"

	"onedoor/internal/wire"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/server/store/pgstore"
	"onedoor/syncengine"
)

// The clock is compared with what the realm knows and with the database's, so that no time service has to be reachable. Stamps of
// changes, deadlines and ends of leases go by it.

const (
	// clockAhead is how far behind the newest commit the clock may stand: what another server of the realm has is no more.
	clockAhead = time.Minute
	// clockApart is how far the clock may be from the database's and from what phones agree on. Phones are set by their network;
	// a minute covers slow radio links, as it does for stamps.
	clockApart = time.Minute
	// clockEntries is how many of the newest entries are looked at for what phones' clocks say, and clockSuspect the part of
	// them that may be suspect: one phone's clock is out now and then, many phones' clocks mean the server's.
	clockEntries = 1000
	clockSuspect = 0.5
	// clockEntriesLeast is how few tell nothing, and clockPhonesLeast how few phones.
	clockEntriesLeast = 20
	clockPhonesLeast  = 5
	// setClock is what to do about a clock that is wrong.
	setClock = "set it by a time service (chronyc tracking, timedatectl)"
)

// phoneClocks is what the newest changes tell of clocks.
type phoneClocks struct {
	// looked counts changes, suspect those whose phone's time this clock does not believe.
	looked, suspect int
	// ahead is by how much this clock stood before each phone's when it brought its newest change.
	ahead map[syncengine.ID]time.Duration
}

// dayAndTime writes a moment for an operator, in the time that all other commands tell: UTC+8, without summer time since 1991.
func dayAndTime(at time.Time) string {
	return at.In(time.FixedZone("Asia/Shanghai", 8*60*60)).Format(time.DateTime)
}

// clock compares this machine's clock with the newest commit and with phones'.
func (d *doctor) clock(r store.Reader) error {
	now := d.c.Now()
	if behind := timeAt(r.Head().Committed).Sub(now); behind > clockAhead {
		d.ill("clock", setClock, "it stands %s before the newest commit, %s", behind.Round(time.Second), dayAndTime(timeAt(r.Head().Committed)))
		return nil
	}
	told, err := readClocks(r)
	if err != nil {
		return err
	}
	apart, known := told.apart()
	switch {
	case told.looked >= clockEntriesLeast && float64(told.suspect) > clockSuspect*float64(told.looked):
		d.ill("clock", setClock+": many phones are seldom wrong together", "of the newest %d changes %d have a phone's time that this clock does not believe", told.looked, told.suspect)
	case known && apart.Abs() > clockApart:
		d.ill("clock", setClock+": many phones are seldom wrong together", "it stood %s the clocks of %d phones, in the middle", apartText(apart), len(told.ahead))
	case known:
		d.well("clock", "%s, after the newest commit, and %s the clocks of %d phones, in the middle", dayAndTime(now), apartText(apart), len(told.ahead))
	default:
		d.well("clock", "%s, after the newest commit; too few phones have called to compare it with theirs", dayAndTime(now))
	}
	return nil
}

// readClocks reads what the newest changes tell of clocks.
func readClocks(r store.Reader) (phoneClocks, error) {
	told := phoneClocks{ahead: map[syncengine.ID]time.Duration{}}
	after := syncengine.Seq(0)
	if r.Head().Seq > clockEntries {
		after = r.Head().Seq - clockEntries
	}
	err := r.Entries(after, func(e store.Entry) bool {
		told.add(e)
		return true
	})
	for incarnation := range told.ahead {
		_, unknown := identity.GetDevice(r, incarnation)
		if errors.Is(unknown, identity.ErrDeviceUnknown) {
			delete(told.ahead, incarnation) // An import: the server's own clock.
		} else if unknown != nil {
			err = errors.Join(err, unknown)
		}
	}
	return told, err
}

// add counts one entry. A stamp is the phone's time moved by the difference of the clocks, unless it had to be bounded.
func (p *phoneClocks) add(e store.Entry) {
	if e.DeviceSeq == 0 {
		return
	}
	p.looked++
	if e.Suspect {
		p.suspect++
		return
	}
	if c, err := wire.DecodeChange(e.Body); err == nil { // One with a contact in it is sealed, an erased one is gone.
		p.ahead[e.Incarnation] = time.Duration(e.Stamp-c.DeviceTime) * time.Millisecond
	}
}

// apart gives the middle of the phones' differences, and whether there are phones enough.
func (p *phoneClocks) apart() (time.Duration, bool) {
	if len(p.ahead) < clockPhonesLeast {
		return 0, false
	}
	list := make([]time.Duration, 0, len(p.ahead))
	for _, ahead := range p.ahead {
		list = append(list, ahead)
	}
	slices.Sort(list)
	return list[len(list)/2], true
}

// apartText says in words how far a clock stands from others.
func apartText(ahead time.Duration) string {
	if ahead < 0 {
		return ahead.Abs().Round(100*time.Millisecond).String() + " behind"
	}
	return ahead.Round(100*time.Millisecond).String() + " ahead of"
}

// databaseClock compares this machine's clock with the database server's.
func (d *doctor) databaseClock(ctx context.Context) error {
	ahead, within, err := pgstore.ClockAhead(ctx, d.c.database(), d.c.Now)
	if err != nil {
		return err
	}
	if ahead.Abs() > clockApart+within {
		d.ill("clock", setClock+", here and at the database", "it stands %s the database's", apartText(ahead))
		return nil
	}
	d.well("clock", "it stands %s the database's, give or take %s", apartText(ahead), within.Round(time.Millisecond))
	return nil
}
