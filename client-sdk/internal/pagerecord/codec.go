package pagerecord

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// Localise turns a page's record into the stored form: authors get the phone's
// own numbers, and what stands beside the form in the row is left out. It takes
// the message apart; the caller keeps what it needs of it before.
func Localise(m *syncv1.PageRecord, authors []AuthorNumber) ([]byte, error) {
	return AppendLocalised(nil, m, authors)
}

// AppendLocalised is Localise behind the bytes of dst.
func AppendLocalised(dst []byte, m *syncv1.PageRecord, authors []AuthorNumber) ([]byte, error) {
	for _, w := range m.Writes {
		if int(w.Author) >= len(authors) {
			return nil, fmt.Errorf("%w: author %d of %d", ErrDamaged, w.Author, len(authors))
		}
		w.Author = uint32(authors[w.Author])
	}
	if err := checkWrites(m); err != nil {
		return nil, err
	}
	if isPlain(m) {
		return appendPlain(dst, m), nil
	}
	for _, d := range m.Cells {
		// It is a hash of record and cell.
		d.ConflictId = nil
	}
	m.Id, m.Kind, m.Seq, m.Keys = nil, 0, 0, nil
	return proto.MarshalOptions{}.MarshalAppend(dst, m)
}

// cellsUsual is how many cells few records exceed: room for them is made at once.
const cellsUsual = 16

// checkWrites makes sure that every value names a write that is there.
func checkWrites(m *syncv1.PageRecord) error {
	n := uint32(len(m.GetWrites()))
	bad := n == 0
	for _, d := range m.GetCells() {
		bad = bad || d.GetWrite() >= n
		for _, values := range [][]*syncv1.OtherValue{d.GetOthers(), d.GetKept()} {
			for _, v := range values {
				bad = bad || v.GetWrite() >= n
			}
		}
	}
	if bad {
		return fmt.Errorf("%w: a value without its write", ErrDamaged)
	}
	return nil
}

// Decode reads the stored form. kind is nil for a kind this software does not know.
func Decode(kind *schema.Kind, id syncengine.ID, number syncengine.KindNumber, seq syncengine.Seq, stored []byte) (*Record, error) {
	var m syncv1.PageRecord
	if err := proto.Unmarshal(stored, &m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if err := checkWrites(&m); err != nil {
		return nil, err
	}
	r := &Record{ID: id, Kind: number, Seq: seq}
	writes := make([]Write, len(m.GetWrites()))
	for i, w := range m.GetWrites() {
		writes[i] = writeOf(w)
	}
	life := lifeAlive
	if m.GetDead() {
		life = lifeDead
	}
	r.Cells = append(make([]Cell, 0, cellsUsual), Cell{Shown: Value{Write: &writes[0], Data: life}})
	err := Split(kind, m.GetFields(), func(key syncengine.CellKey, data []byte) {
		r.Cells = append(r.Cells, Cell{Key: key, Shown: Value{Write: &writes[0], Data: data}})
	})
	if err != nil {
		return nil, err
	}
	r.sort()
	for _, d := range m.GetCells() {
		r.detail(kind, d, writes)
	}
	return r, nil
}

// sort brings the cells in order and joins those of one address: protobuf lets
// the occurrences of a field stand apart, and reads them as if they did not.
func (r *Record) sort() {
	ascending := true
	for i := 1; i < len(r.Cells) && ascending; i++ {
		ascending = r.Cells[i-1].Key.Compare(r.Cells[i].Key) < 0
	}
	if ascending {
		return
	}
	slices.SortStableFunc(r.Cells, func(a, b Cell) int { return a.Key.Compare(b.Key) })
	joined := r.Cells[:1]
	for _, c := range r.Cells[1:] {
		if last := &joined[len(joined)-1]; last.Key == c.Key {
			last.Shown.Data = append(last.Shown.Data, c.Shown.Data...)
		} else {
			joined = append(joined, c)
		}
	}
	r.Cells = joined
}

func writeOf(m *syncv1.Write) Write {
	return Write{
		Author: AuthorNumber(m.GetAuthor()), DeviceSeq: syncengine.DeviceSeq(m.GetDeviceSeq()),
		Stamp: syncengine.UnixMilli(m.GetStampMs()), Suspect: m.GetSuspect(), Rank: syncengine.Rank(m.GetRank()),
		At: syncengine.Coordinate{Epoch: syncengine.Epoch(m.GetEpoch()), Seq: syncengine.Seq(m.GetSeq())},
	}
}

// detail puts what a CellDetail says into its cell, made when only the detail tells of
// it: a cell without a value, or one of a field that this software does not know. What
// is told of a known field that has no such cell was written by software that did not
// know it and took it for one cell: it says who wrote the field's cells.
func (r *Record) detail(kind *schema.Kind, d *syncv1.CellDetail, writes []Write) {
	key := syncengine.CellKey{Field: syncengine.FieldNumber(d.GetField()), Key: string(d.GetKey())}
	if _, there := r.index(key); !there && !d.GetCleared() && knowsField(kind, key.Field) {
		cells := r.Field(key.Field)
		for i := range cells {
			cells[i].Shown.Write = &writes[d.GetWrite()]
		}
		return
	}
	c := r.cell(key)
	c.Shown.Write, c.Shown.Cleared = &writes[d.GetWrite()], d.GetCleared()
	c.Others, c.Kept = valuesOf(d.GetOthers(), writes), valuesOf(d.GetKept(), writes)
	c.Conflict = syncengine.ConflictKind(d.GetConflict())
}

func knowsField(kind *schema.Kind, field syncengine.FieldNumber) bool {
	if kind == nil {
		return false
	}
	_, known := kind.Field(field)
	return known
}

func valuesOf(ms []*syncv1.OtherValue, writes []Write) []Value {
	var out []Value
	for _, m := range ms {
		out = append(out, Value{Write: &writes[m.GetWrite()], Data: m.GetValue(), Cleared: m.GetCleared()})
	}
	return out
}

// cell gives the cell at key, made when missing.
func (r *Record) cell(key syncengine.CellKey) *Cell {
	i, ok := r.index(key)
	if !ok {
		r.Cells = slices.Insert(r.Cells, i, Cell{Key: key})
	}
	return &r.Cells[i]
}

// Encode makes the stored form.
func Encode(r *Record) []byte {
	e := encoder{message: &syncv1.PageRecord{Fields: r.Fields(), Dead: r.Dead()}}
	for i := range r.Cells {
		e.cell(r, &r.Cells[i])
	}
	b, err := proto.Marshal(e.message)
	if err != nil {
		// The message holds no text, so nothing in it can be refused.
		panic("pagerecord: " + err.Error())
	}
	return b
}

type encoder struct {
	message *syncv1.PageRecord
	writes  []*Write
}

func (e *encoder) cell(r *Record, c *Cell) {
	write := e.write(c.Shown.Write)
	bare := len(c.Shown.Data) == 0
	if write == 0 && !bare && len(c.Others)+len(c.Kept) == 0 && c.Conflict == syncengine.NoConflict {
		return
	}
	d := &syncv1.CellDetail{
		Field: uint32(c.Key.Field), Write: write, Cleared: c.Shown.Cleared,
		Others: e.values(c.Others), Kept: e.values(c.Kept), Conflict: syncv1.ConflictKind(c.Conflict),
	}
	if c.Key.Key != "" {
		d.Key = []byte(c.Key.Key)
	}
	e.message.Cells = append(e.message.Cells, d)
}

func (e *encoder) values(values []Value) []*syncv1.OtherValue {
	var out []*syncv1.OtherValue
	for _, v := range values {
		out = append(out, &syncv1.OtherValue{Write: e.write(v.Write), Value: v.Data, Cleared: v.Cleared})
	}
	return out
}

func (e *encoder) write(w *Write) uint32 {
	if i := slices.Index(e.writes, w); i >= 0 {
		return uint32(i)
	}
	e.writes = append(e.writes, w)
	e.message.Writes = append(e.message.Writes, &syncv1.Write{
		Author: uint32(w.Author), DeviceSeq: uint64(w.DeviceSeq), StampMs: int64(w.Stamp), Suspect: w.Suspect,
		Epoch: uint32(w.At.Epoch), Seq: uint64(w.At.Seq), Rank: uint32(w.Rank),
	})
	return uint32(len(e.writes) - 1)
}
