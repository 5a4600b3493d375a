package accessledger

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/domain"
	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

const (
	// ReasonCharsMax bounds a purpose or reason: two sentences.
	ReasonCharsMax = 300
	// PlaceCharsMax bounds a place: a file's name or a team's full title.
	PlaceCharsMax = 120
	// RecordsMax bounds the records that one entry names: a page of the largest
	// size has some 5,000, and an entry is read and hashed whole.
	RecordsMax = 10_000
)

// ErrRefused marks an entry that may not stand in the ledger.
var ErrRefused = errors.New("not an entry of the access ledger")

// Entry is one entry: who did what to whom, and why.
type Entry struct {
	// Number is the place in the ledger; Append sets it.
	Number uint64
	// At is when it was done, by the server's clock.
	At     syncengine.UnixMilli
	Action Action
	Actor  Actor
	// Records are those that were seen or acted on.
	Records []Touched
	// Users and Devices are those whom the act is about.
	Users, Devices []syncengine.ID
	// Reason is the purpose or reason as it was given: a person's own words.
	Reason string
	// Place is the code of the territory, or the name of the file or team, that the act is about.
	Place string
	// Previous is the hash of the entry before; Append sets it.
	Previous Hash
}

// Actor is who acted; the zero value is the server itself.
type Actor struct {
	// User acted; zero for the operator's own token.
	User syncengine.ID
	// Device is set for what a phone did.
	Device syncengine.ID
	// Operator tells that somebody acted as an operator.
	Operator bool
}

// Touched are records of one kind of which the same fields were seen.
type Touched struct {
	Kind syncengine.KindNumber
	// Fields are the sealed fields that were seen, ascending; none where the act is not about fields.
	Fields []syncengine.FieldNumber
	// IDs are ascending.
	IDs []syncengine.ID
}

// Hash is the SHA-256 of an entry.
type Hash [sha256.Size]byte

// hashOf is the hash of an entry as it is stored.
func hashOf(value []byte) (h Hash) {
	d := sha256.New()
	d.Write([]byte("onedoor access 1"))
	d.Write(value)
	d.Sum(h[:0])
	return h
}

// About names records of one kind without fields, for an act on them.
func About(kind syncengine.KindNumber, ids ...syncengine.ID) []Touched {
	if len(ids) == 0 {
		return nil
	}
	ids = slices.Clone(ids)
	slices.SortFunc(ids, compareIDs)
	return []Touched{{Kind: kind, IDs: slices.Compact(ids)}}
}

// Looks gathers which sealed fields were shown in one answer. Its zero value is ready.
type Looks struct{ seen []look }

type look struct {
	kind  syncengine.KindNumber
	id    syncengine.ID
	field syncengine.FieldNumber
}

// Add notes that a field of a record was shown.
func (l *Looks) Add(kind syncengine.KindNumber, id syncengine.ID, field syncengine.FieldNumber) {
	l.seen = append(l.seen, look{kind, id, field})
}

// Empty reports that nothing was shown.
func (l *Looks) Empty() bool { return len(l.seen) == 0 }

// Len counts what was noted.
func (l *Looks) Len() int { return len(l.seen) }

// Forget takes back what was noted since there were n.
func (l *Looks) Forget(n int) { l.seen = l.seen[:n] }

// Records gives what was shown, records with the same fields together, in a stable order.
func (l *Looks) Records() (out []Touched) {
	slices.SortFunc(l.seen, func(a, b look) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), compareIDs(a.id, b.id), cmp.Compare(a.field, b.field))
	})
	l.seen = slices.Compact(l.seen)
	for from := 0; from < len(l.seen); {
		first := l.seen[from]
		var fields []syncengine.FieldNumber
		for ; from < len(l.seen) && l.seen[from].id == first.id && l.seen[from].kind == first.kind; from++ {
			fields = append(fields, l.seen[from].field)
		}
		out = addTouched(out, first, fields)
	}
	return out
}

// addTouched adds a record to those with the same fields.
func addTouched(out []Touched, l look, fields []syncengine.FieldNumber) []Touched {
	i := slices.IndexFunc(out, func(t Touched) bool { return t.Kind == l.kind && slices.Equal(t.Fields, fields) })
	if i < 0 {
		i = len(out)
		out = append(out, Touched{Kind: l.kind, Fields: fields})
	}
	out[i].IDs = append(out[i].IDs, l.id)
	return out
}

// Check refuses what may not stand in the ledger.
func (e *Entry) Check() error {
	records := 0
	for _, t := range e.Records {
		records += len(t.IDs)
	}
	switch {
	case e.Action == 0 || e.At == 0:
		return fmt.Errorf("%w: action %d at %d, both are needed", ErrRefused, e.Action, e.At)
	case records > RecordsMax:
		return fmt.Errorf("%w: %d records, %d are allowed: make several entries", ErrRefused, records, RecordsMax)
	}
	if found := domain.FindIdentifiers(e.Reason); len(found) > 0 {
		return fmt.Errorf("%w: the reason holds %s, which the ledger would keep for years: name the record instead",
			ErrRefused, found[0].Kind.LabelEN())
	}
	return errors.Join(checkText("reason", e.Reason, ReasonCharsMax), checkText("place", e.Place, PlaceCharsMax))
}

func checkText(what, text string, most int) error {
	if n := utf8.RuneCountInString(text); n > most || !utf8.ValidString(text) {
		return fmt.Errorf("%w: a %s of %d characters, %d of UTF-8 are allowed", ErrRefused, what, n, most)
	}
	return nil
}

// FileName gives a file's name as a place; nothing for one that may not stand in
// the ledger, since an act must not fail for the name of its file.
func FileName(name string) string {
	if len(domain.FindIdentifiers(name)) > 0 || checkText("place", name, PlaceCharsMax) != nil {
		return ""
	}
	return name
}

// encode gives the bytes that are stored and hashed.
func (e *Entry) encode() ([]byte, error) {
	m := &storedv1.AccessEntry{
		Number: e.Number, AtMs: int64(e.At), Action: uint32(e.Action), UserId: wire.BytesOf(e.Actor.User), DeviceId: wire.BytesOf(e.Actor.Device),
		Operator: e.Actor.Operator, AboutUsers: wire.BytesOfAll(e.Users), AboutDevices: wire.BytesOfAll(e.Devices), Reason: e.Reason, Place: e.Place,
	}
	if e.Number > 1 {
		m.Previous = e.Previous[:]
	}
	for _, t := range e.Records {
		r := &storedv1.AccessedRecords{Kind: uint32(t.Kind)}
		for _, f := range t.Fields {
			r.Fields = append(r.Fields, uint32(f))
		}
		for _, id := range t.IDs {
			r.Ids = append(r.Ids, id[:]...)
		}
		m.Records = append(m.Records, r)
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(m)
}

// decode reads an entry as it is stored.
func decode(value []byte) (e Entry, err error) {
	m := &storedv1.AccessEntry{}
	if err := proto.Unmarshal(value, m); err != nil {
		return e, fmt.Errorf("access ledger: %w: %w", store.ErrDamaged, err)
	}
	e = Entry{
		Number: m.GetNumber(), At: syncengine.UnixMilli(m.GetAtMs()), Action: Action(m.GetAction()), Reason: m.GetReason(), Place: m.GetPlace(),
		Actor: Actor{Operator: m.GetOperator()}, Users: wire.IDsOf(m.GetAboutUsers()), Devices: wire.IDsOf(m.GetAboutDevices()),
	}
	e.Actor.User, _ = syncengine.IDFromBytes(m.GetUserId())
	e.Actor.Device, _ = syncengine.IDFromBytes(m.GetDeviceId())
	copy(e.Previous[:], m.GetPrevious())
	for _, r := range m.GetRecords() {
		t := Touched{Kind: syncengine.KindNumber(r.GetKind())}
		for _, f := range r.GetFields() {
			t.Fields = append(t.Fields, syncengine.FieldNumber(f))
		}
		for ids := r.GetIds(); len(ids) >= 16; ids = ids[16:] {
			t.IDs = append(t.IDs, syncengine.ID(ids[:16]))
		}
		e.Records = append(e.Records, t)
	}
	return e, nil
}

func compareIDs(a, b syncengine.ID) int { return bytes.Compare(a[:], b[:]) }
