package model

import (
	"crypto/sha256"
	"maps"
	"slices"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// phone is one installation as the world saw it act.
type phone struct {
	id          PhoneID
	incarnation syncengine.ID
	// names are the incarnations it had before forks.
	names  []syncengine.ID
	user   syncengine.ID
	schema *schema.Schema
	// rows are the changes in its database, from device_seq 1.
	rows []*row
	// checkpoint is where the last reply stood that it took with caught_up, and
	// view what it was sent there.
	checkpoint place
	at         syncengine.Coordinate
	view       *rights
	// stood are all the places where its checkpoint ever was, told the histories of which it took a page.
	stood []place
	told  []*branch
	// grant is the version of grants it works under; showing is set until it has shown them to a history that it was just told of.
	grant   uint64
	showing bool
	// lease is the end of the lease that it works under.
	lease syncengine.UnixMilli
	// mark is the last row it knows to be decided, settled the last that its base reflects.
	mark, settled syncengine.DeviceSeq
	// quarantined holds what it was told of its quarantined rows.
	quarantined map[syncengine.DeviceSeq]string
	// sealed are the rows that it can hand in and not read any more.
	sealed map[syncengine.DeviceSeq]bool
	// void tells that the next reply is for a base that it has destroyed.
	void bool
	// first is the first row that is still in its database, as last told.
	first syncengine.DeviceSeq
	// epoch is the one it last heard of. After another one was told, or a new name,
	// rewinding is set until base is replaced; the server has rows up to rewound only.
	epoch              syncengine.Epoch
	rewinding, renewed bool
	rewound            syncengine.DeviceSeq
	// comparing tells that it may send the last row that the server has once more, to
	// see that it is its own: copies of a database share numbers.
	comparing bool
	// pulling tells that it holds pages of a pull that has not caught up.
	pulling bool
	// destroyed tells that it has destroyed what it held and has not caught up since.
	destroyed bool
	// moving tells that it was told of other keys than those its base stands under.
	moving  bool
	revoked bool
	gone    bool
	// memory is what it was told of its changes, which it tells a restored server.
	memory memory
	// idle counts exchanges since faults stopped that drained nothing.
	idle int
	// struck are the erasures that it has applied to what it had written, lost those to the base it stands on,
	// which the next one replaces; cleaned is base without them, by the state of the record.
	struck  map[syncengine.ID][]struck
	lost    map[syncengine.ID][]taken
	cleaned map[*record]*record
	// checked holds what was last found right on its screen.
	checked map[syncengine.ID]screenKey
}

// row is one change as its phone made it.
type row struct {
	seq        syncengine.DeviceSeq
	body, salt []byte
	digest     [sha256.Size]byte
	change     *wire.Change
	user       syncengine.ID
	// grant is the version of grants its author worked under.
	grant uint64
	// lease is the end of the lease that its author worked under; 0 at the server.
	lease syncengine.UnixMilli
	// line holds the rows before it in its database.
	line []*row
	// cells are what it writes, as the newest software cuts it.
	cells []syncengine.CellWrite
	// saw says for each cell what of the log its author stood on, screen what stood there.
	saw    map[syncengine.CellKey]place
	screen map[syncengine.CellKey]sight
	// whole is the place on which a deletion or a restore of the record stands.
	whole place
	// stood are the places where its phone's checkpoint had been.
	stood []place
	// server tells that it was made at the server, by somebody who sees everything.
	server bool
	// accepted are the places where histories merged it, stamps what they stored for it,
	// under whatever name: a copied database takes what it shared along under a new one.
	accepted []place
	stamps   []stamped
	// lost tells that no database holds it any more, and acked that a server answered for it.
	lost, acked bool
}

// sight is what an author had on the screen in one cell: the value that stood,
// and what the list of the conflict named beside it.
type sight struct {
	shown  *write
	listed []value
}

// inner is what the chain holds of a change.
func inner(salt, body []byte) [sha256.Size]byte { return sha256.Sum256(slices.Concat(salt, body)) }

func (m *Model) enrol(p PhoneID, incarnation, user syncengine.ID, grants *syncv1.Grants) {
	m.phones[p] = &phone{
		id: p, incarnation: incarnation, user: user, grant: grants.GetVersion(), schema: m.newest,
		lease:       syncengine.UnixMilli(grants.GetLeaseUntilMs()),
		quarantined: map[syncengine.DeviceSeq]string{}, checked: map[syncengine.ID]screenKey{}, memory: newMemory(),
	}
}

// copied gives the state of a phone as a copy of its files holds it.
func (ph *phone) copied() *phone {
	next := *ph
	next.rows, next.stood, next.told = slices.Clip(ph.rows), slices.Clip(ph.stood), slices.Clip(ph.told)
	next.quarantined, next.sealed = maps.Clone(ph.quarantined), maps.Clone(ph.sealed)
	next.checked = map[syncengine.ID]screenKey{}
	next.memory = ph.memory.copied()
	next.cleaned = map[*record]*record{}
	return &next
}

func (m *Model) saved(p PhoneID, name string) { m.copies[name] = m.phones[p].copied() }

func (m *Model) putBack(p PhoneID, name string) {
	ph := m.copies[name].copied()
	ph.id = p
	before := m.phones[p]
	m.phones[p] = ph
	if before != nil {
		m.loseRows(before)
	}
}

func (m *Model) lost(p PhoneID) {
	ph := m.phones[p]
	ph.gone = true
	m.loseRows(ph)
}

// loseRows counts the rows of a database that is no more as lost by name, those
// that another database holds aside.
func (m *Model) loseRows(was *phone) {
	for _, r := range was.rows {
		if !m.heldSomewhere(r) {
			r.lost = true
		}
	}
}

func (m *Model) heldSomewhere(r *row) bool {
	for _, ph := range m.phones {
		if !ph.gone && ph.has(r) {
			return true
		}
	}
	return false
}

func (ph *phone) has(r *row) bool { return int(r.seq) <= len(ph.rows) && ph.rows[r.seq-1] == r }

// phoneIDs lists the phones in order.
func (m *Model) phoneIDs() []PhoneID { return slices.Sorted(maps.Keys(m.phones)) }
