package client

import (
	"encoding/binary"
	"errors"
	"iter"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/domain"
	"onedoor/internal/recordunits"
	"onedoor/syncengine"
)

// turnsVersion is the version of what is derived of doors and visits. Another one has every phone derive it anew.
const turnsVersion = 1

// turnsChunk is how many records are derived in one transaction.
const turnsChunk = 2000

// refreshTurns brings what plans look at up to date with what was edited and pulled. The caller holds r.mu.
func (r *Replica) refreshTurns() error {
	for left := turnsChunk; left == turnsChunk; {
		err := r.db.Update(func(tx *localdb.Tx) (err error) {
			left, err = tx.DeriveTurns(turnsChunk, turnsVersion, r.turnsOf)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// readingTurns is reading with turns that are up to date. Nothing comes between: an edit would take its door out of them.
func (r *Replica) readingTurns(f func(tx *localdb.Tx, s *state) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.state.barred(r.state.time(r.now())); err != nil {
		return err
	}
	if err := r.refreshTurns(); err != nil {
		return err
	}
	return r.db.View(func(tx *localdb.Tx) error { return f(tx, &r.state) })
}

// doorTurns gives the doors that are visited and that the phone's user may still see.
func (r *Replica) doorTurns(tx *localdb.Tx, s *state) iter.Seq2[localdb.DoorTurn, error] {
	if !s.rights.ends(s.time(r.now())) {
		return tx.DoorTurns()
	}
	return func(yield func(localdb.DoorTurn, error) bool) {
		for turn, err := range tx.DoorTurns() {
			if err == nil {
				err = r.hidesDoor(tx, s, turn.ID)
			}
			if errors.Is(err, ErrGrantEnded) {
				continue
			}
			if !yield(turn, err) || err != nil {
				return
			}
		}
	}
}

func (r *Replica) hidesDoor(tx *localdb.Tx, s *state, id syncengine.ID) error {
	row, ok, err := tx.Record(id)
	if err != nil || !ok {
		return err
	}
	return r.hides(tx, s, &row)
}

// turnsOf derives what plans look at of one record.
func (r *Replica) turnsOf(row localdb.Record) (out localdb.Turns, err error) {
	switch {
	case row.Dead:
	case row.Kind == kindPremises:
		door := &recordv1.Premises{}
		if err = r.readMessage(&row, door); err == nil && door.GetStatus() != recordv1.PremisesStatus_PREMISES_STATUS_VOID {
			out.Facts = factsOf(&row, door).encode()
		}
	case row.Kind == kindVisit:
		visit := &recordv1.Visit{}
		if err = r.readMessage(&row, visit); err == nil {
			out.Calls = callsOf(visit)
		}
	}
	return out, err
}

// callsOf gives the calls of a visit, one a door, as reports count them.
func callsOf(v *recordv1.Visit) []localdb.Call {
	calls := recordunits.ReadVisit(v).Calls
	out := make([]localdb.Call, len(calls))
	for i, c := range calls {
		out[i] = localdb.Call{
			Door: syncengine.ID(c.Door), At: syncengine.UnixMilli(v.GetOccurredAt()), Outcome: int32(c.Outcome), Seen: domain.CountsAsSeen(c.Outcome),
		}
	}
	return out
}

// doorFacts is what a plan looks at of a door.
type doorFacts struct {
	class     domain.CadenceClass
	grade     domain.Grade
	paperSeen domain.UnixMilli
	mine      bool
	kind      domain.KindOfPremises
	// territory is where the door stands, into the door that stands for it, parent its building; zero for none.
	territory, into, parent syncengine.ID
	key                     domain.DoorKey
	address                 string
	aliases                 []string
}

func factsOf(row *localdb.Record, door *recordv1.Premises) *doorFacts {
	f := &doorFacts{
		class: recordunits.Class(door), grade: domain.Grade(door.GetGrade()), paperSeen: domain.UnixMilli(door.GetLastSeenAt()),
		mine: row.Mine, territory: row.Territory, address: door.GetAddress(), key: keyOf(door),
		kind: domain.KindOfPremises(door.GetKindOfPremises()), aliases: door.GetAliases(),
	}
	f.parent, _ = syncengine.IDFromBytes(door.GetParentId())
	if door.GetStatus() == recordv1.PremisesStatus_PREMISES_STATUS_MERGED_INTO {
		// A door that is merged into none is its own: it is not visited, and its calls count for nobody.
		f.into, _ = syncengine.IDFromBytes(door.GetMergedInto())
		if f.into.IsZero() {
			f.into = row.ID
		}
	}
	return f
}

func keyOf(door *recordv1.Premises) domain.DoorKey {
	return domain.DoorKey{Compound: door.GetCompound(), Building: door.GetBuilding(), Stair: door.GetStair(), Floor: door.GetFloor(), Door: door.GetDoor()}
}

// ids and texts are the facts of one form, in the order in which they are written.
func (f *doorFacts) ids() []*syncengine.ID { return []*syncengine.ID{&f.territory, &f.into, &f.parent} }

func (f *doorFacts) texts() []*string {
	return []*string{&f.key.Compound, &f.key.Building, &f.key.Stair, &f.key.Floor, &f.key.Door, &f.address}
}

// encode writes the facts: class, grade, kind, mine and the time as varints, the ids, then texts with their lengths, the
// aliases last and their number before them.
func (f *doorFacts) encode() []byte {
	mine := uint64(0)
	if f.mine {
		mine = 1
	}
	b := make([]byte, 0, factsBytes)
	for _, n := range []uint64{uint64(f.class), uint64(f.grade), uint64(f.kind), mine} {
		b = binary.AppendUvarint(b, n)
	}
	b = binary.AppendVarint(b, int64(f.paperSeen))
	for _, id := range f.ids() {
		b = append(b, id[:]...)
	}
	for _, text := range f.texts() {
		b = appendText(b, *text)
	}
	b = binary.AppendUvarint(b, uint64(len(f.aliases)))
	for _, alias := range f.aliases {
		b = appendText(b, alias)
	}
	return b
}

// factsBytes is how long most facts are.
const factsBytes = 160

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// errFacts means that what was derived of a door cannot be read.
var errFacts = errors.New("facts of a door")

func (f *doorFacts) decode(b []byte) error {
	d := factsReader{left: b}
	f.class, f.grade, f.kind = domain.CadenceClass(d.uvarint()), domain.Grade(d.uvarint()), domain.KindOfPremises(d.uvarint())
	f.mine = d.uvarint() == 1
	f.paperSeen = domain.UnixMilli(d.varint())
	for _, id := range f.ids() {
		copy(id[:], d.bytes(uint64(len(id))))
	}
	for _, text := range f.texts() {
		*text = string(d.bytes(d.uvarint()))
	}
	for range d.uvarint() {
		if d.short {
			break
		}
		f.aliases = append(f.aliases, string(d.bytes(d.uvarint())))
	}
	if d.short || len(d.left) > 0 {
		return errors.Join(errFacts, ErrDamaged)
	}
	return nil
}

// factsReader reads what encode wrote; short says that there was too little.
type factsReader struct {
	left  []byte
	short bool
}

func (d *factsReader) uvarint() uint64 {
	n, size := binary.Uvarint(d.left)
	return take(d, n, size)
}

func (d *factsReader) varint() int64 {
	n, size := binary.Varint(d.left)
	return take(d, n, size)
}

func take[T any](d *factsReader, n T, size int) (none T) {
	if size <= 0 {
		d.short = true
		return none
	}
	d.left = d.left[size:]
	return n
}

func (d *factsReader) bytes(n uint64) []byte {
	if n > uint64(len(d.left)) {
		d.short = true
		return nil
	}
	var out []byte
	out, d.left = d.left[:n], d.left[n:]
	return out
}
