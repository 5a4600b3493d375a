package syncengine_test

import (
	"slices"

	"onedoor/syncengine"
)

// phone is one local database: its prefix of the log and its own chain.
type phone struct {
	realm *realm
	name  string
	id    syncengine.ID
	rank  syncengine.Rank
	// blind lists the fields that the owner may not read.
	blind []syncengine.FieldNumber
	// parent is the database that this one is a copy of; both share the chain up to shared.
	parent *phone
	shared syncengine.DeviceSeq
	base   *view
	epoch  syncengine.Epoch
	own    []*change
}

type changeState int

const (
	pending changeState = iota
	accepted
	quarantined
)

// change is one change as its author's phone knows it.
type change struct {
	phone    *phone
	seq      syncengine.DeviceSeq
	base     *view
	create   bool
	cells    []syncengine.CellWrite
	resolves []syncengine.CellKey
	stamp    syncengine.UnixMilli
	suspect  bool
	// holdBack has the server hold the change back when it arrives.
	holdBack bool
	state    changeState
	// at holds where the change was merged, one coordinate an epoch.
	at []syncengine.Coordinate
	// pasts memorises past.
	pasts map[syncengine.CellKey]map[*change]bool
}

// addPhone adds a phone; later ones have greater ids.
func (r *realm) addPhone(name string) *phone {
	p := &phone{realm: r, name: name, id: syncengine.ID{byte(len(r.phones) + 1)}, base: r.emptyView(), epoch: r.history.Epoch}
	r.phones = append(r.phones, p)
	return p
}

func (r *realm) emptyView() *view { return &view{} }

// copyPhone makes a copy of a phone's database that goes on by itself.
func (r *realm) copyPhone(p *phone, name string) *phone {
	c := r.addPhone(name)
	c.parent, c.shared, c.base, c.rank, c.blind, c.epoch = p, p.last(), p.base, p.rank, p.blind, p.epoch
	return c
}

func (p *phone) last() syncengine.DeviceSeq {
	if len(p.own) == 0 {
		return p.shared
	}
	return p.own[len(p.own)-1].seq
}

// chain lists the changes of the phone's own chain below a device_seq, those of
// the databases it was copied from first.
func (p *phone) chain(below syncengine.DeviceSeq) []*change {
	var out []*change
	if p.parent != nil {
		out = p.parent.chain(min(below, p.shared+1))
	}
	for _, c := range p.own {
		if c.seq < below {
			out = append(out, c)
		}
	}
	return out
}

// change makes an edit of cells. A cell with an own change that is not in the
// base yet keeps that change's base, so the edit may be cut into several changes.
func (p *phone) change(cells ...syncengine.CellWrite) []*change {
	var out []*change
	for _, cell := range cells {
		base := p.baseOf(cell.Key)
		i := slices.IndexFunc(out, func(c *change) bool { return c.base == base })
		if i < 0 {
			out = append(out, &change{phone: p, seq: p.last() + 1, base: base})
			p.own = append(p.own, out[len(out)-1])
			i = len(out) - 1
		}
		out[i].cells = append(out[i].cells, cell)
	}
	return out
}

// create makes the change of a phone that adds the record.
func (p *phone) create(cells ...syncengine.CellWrite) *change {
	c := &change{phone: p, seq: p.last() + 1, base: p.base, create: true}
	c.cells = append([]syncengine.CellWrite{syncengine.LifeWrite(false)}, cells...)
	p.own = append(p.own, c)
	return c
}

func (p *phone) baseOf(key syncengine.CellKey) *view {
	chain := p.chain(p.last() + 1)
	for i := len(chain) - 1; i >= 0; i-- {
		c := chain[i]
		if c.writes(key) && !c.leftOverlay() && !slices.Contains(p.base.changes, c) {
			return c.base
		}
	}
	return p.base
}

// outbox lists what the server has not taken yet.
func (p *phone) outbox() []*change {
	p.contact()
	var out []*change
	for _, c := range p.own {
		if c.state == pending {
			out = append(out, c)
		}
	}
	return out
}

// pull brings the phone's base to the head of the log.
func (p *phone) pull() {
	p.contact()
	p.base = p.realm.view()
}

// contact tells the phone of a restored server: what the server lost goes back
// to the outbox, and a base above the fork is fetched anew.
func (p *phone) contact() {
	if p.epoch == p.realm.history.Epoch {
		return
	}
	for _, c := range p.own {
		if c.state == accepted && !slices.Contains(p.realm.merged, c) {
			c.state = pending
		}
	}
	if _, ok := p.realm.history.Current(p.base.at); !ok {
		p.base = p.realm.view()
	}
	p.epoch = p.realm.history.Epoch
}

// push hands in the oldest change of the outbox.
func (p *phone) push() (syncengine.Merged, *change) {
	c := p.outbox()[0]
	return p.realm.receive(c), c
}

// pushAll hands in the whole outbox.
func (p *phone) pushAll() {
	for len(p.outbox()) > 0 {
		p.push()
	}
}

// leftOverlay reports that the author's phone has taken the change off the
// screen: once held back it comes again with the page that tells of its release.
func (c *change) leftOverlay() bool { return c.holdBack && c.state != pending }

func (c *change) dot() syncengine.Dot {
	return syncengine.Dot{Incarnation: c.phone.id, Seq: c.seq}
}

func (c *change) writes(key syncengine.CellKey) bool {
	return slices.ContainsFunc(c.cells, func(w syncengine.CellWrite) bool { return w.Key == key })
}

func (c *change) write(key syncengine.CellKey) syncengine.CellWrite {
	return c.cells[slices.IndexFunc(c.cells, func(w syncengine.CellWrite) bool { return w.Key == key })]
}

// follows reports whether o is an earlier change of c's own chain.
func (c *change) follows(o *change) bool {
	return c != o && slices.Contains(c.phone.chain(c.seq), o)
}

func (c *change) unreadable(field syncengine.FieldNumber) bool {
	return slices.Contains(c.phone.blind, field)
}

func (c *change) incoming(at syncengine.Coordinate, ownLater func(syncengine.CellKey) bool) *syncengine.Incoming {
	in := &syncengine.Incoming{
		Dot: c.dot(), Base: c.base.at, Create: c.create, At: at, Stamp: c.stamp, Suspect: c.suspect,
		Rank: c.phone.rank, Cells: c.cells, Unreadable: c.unreadable, OwnLater: ownLater,
	}
	if len(c.at) > 0 {
		in.First, in.Since = c.at[0], c.at[1:]
	}
	for _, key := range c.resolves {
		in.Resolves = append(in.Resolves, syncengine.ConflictIDOf(recordID, key))
	}
	return in
}
