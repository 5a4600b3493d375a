package demo

import (
	"strconv"
	"strings"
	"time"
)

// RecordKind is a kind of record, spelt as in the command contract.
type RecordKind string

// The kinds the day writes.
const (
	RecordPremises  RecordKind = "premises"
	RecordVisit     RecordKind = "visit"
	RecordHazard    RecordKind = "hazard"
	RecordDispute   RecordKind = "dispute"
	RecordCaseEvent RecordKind = "case_event"
)

// Ref names a record within the script; whoever runs the script gives it an id. Premises below Day.SeedPremises are
// the street's doors, by PremisesIndex; every other record has a create in the script. Several creates of one Ref are
// one record that several phones begin with the same id, as a joint visit is.
type Ref struct {
	// Kind is the record's kind.
	Kind RecordKind
	// Number counts the records of a kind from 0.
	Number int
}

// Op is what a change does to its record.
type Op string

// The operations.
const (
	OpCreate Op = "create"
	OpEdit   Op = "edit"
	OpDelete Op = "delete"
)

// Change is one phone's patch to one record.
type Change struct {
	// Op is what it does.
	Op Op
	// Ref is the record.
	Ref Ref
	// Fields are the cells it writes, each at most once; none for a delete.
	Fields []Field
}

// Field is one cell's new value.
type Field struct {
	// Name is the record's field, lower_snake.
	Name string
	// Key is the key of a map field: a checklist's item, a party's alias, or AuthorKey for contributions; otherwise empty.
	Key string
	// Value is what is written.
	Value Value
}

// authorMark begins the keys that stand for a user.
const authorMark = "@"

// AuthorKey returns the key that stands for a user in a map by author.
func AuthorKey(user UserIndex) string { return authorMark + strconv.Itoa(int(user)) }

// KeyAuthor returns the user a key stands for, and false for any other key.
func KeyAuthor(key string) (UserIndex, bool) {
	number, marked := strings.CutPrefix(key, authorMark)
	user, err := strconv.Atoi(number)
	return UserIndex(user), marked && err == nil
}

// Value is one written value: Text, Number, Truth, Symbol, Moment, Move, Ref, Links, UserIndex, TerritoryCode, Contact or
// Party.
type Value interface {
	// String is the whole value as text; it goes into scripts and digests of scripts.
	String() string
	value()
}

type (
	// Text is free text.
	Text string
	// Number is a count.
	Number int64
	// Truth is yes or no.
	Truth bool
	// Symbol is an enum value by its short name, such as SEEN.
	Symbol string
	// Moment is a time.
	Moment time.Time
	// Move is a step of a state field. From is the state its author saw, empty in a create.
	Move struct{ From, To Symbol }
	// Links are several records.
	Links []Ref
	// Party is one party of a dispute, whose alias is the key. Consent is its answer to the offer of mediation.
	Party struct{ Consent Symbol }
)

// Same reports whether two values leave a cell with the same content. Where a move comes from is not part of it.
func Same(a, b Value) bool {
	if from, ok := a.(Move); ok {
		to, isMove := b.(Move)
		return isMove && from.To == to.To
	}
	return a.String() == b.String()
}

// String returns the text.
func (v Text) String() string { return string(v) }

// String returns the number.
func (v Number) String() string { return strconv.FormatInt(int64(v), 10) }

// String returns true or false.
func (v Truth) String() string { return strconv.FormatBool(bool(v)) }

// String returns the short name.
func (v Symbol) String() string { return string(v) }

// String returns the time as RFC 3339.
func (v Moment) String() string { return time.Time(v).Format(time.RFC3339Nano) }

// String returns both states.
func (v Move) String() string { return string(v.From) + ">" + string(v.To) }

// String returns kind and number.
func (r Ref) String() string { return string(r.Kind) + "/" + strconv.Itoa(r.Number) }

// String returns all records.
func (v Links) String() string {
	texts := make([]string, len(v))
	for i, r := range v {
		texts[i] = r.String()
	}
	return strings.Join(texts, ",")
}

// String returns the number.
func (u UserIndex) String() string { return "user/" + strconv.Itoa(int(u)) }

// String returns the code.
func (t TerritoryCode) String() string { return string(t) }

// String returns name and number.
func (c Contact) String() string { return c.Name + " " + c.Phone }

// String returns the consent.
func (v Party) String() string { return "consent " + string(v.Consent) }

func (Text) value()          {}
func (Number) value()        {}
func (Truth) value()         {}
func (Symbol) value()        {}
func (Moment) value()        {}
func (Move) value()          {}
func (Ref) value()           {}
func (Links) value()         {}
func (UserIndex) value()     {}
func (TerritoryCode) value() {}
func (Contact) value()       {}
func (Party) value()         {}

// String renders the step as one line of a script.
func (s *Step) String() string {
	var b strings.Builder
	b.WriteString(s.At.Format("15:04:05.000"))
	b.WriteString(" phone " + strconv.Itoa(int(s.Phone)) + " " + string(s.Kind))
	if s.Fault != FaultNone {
		b.WriteString(", " + string(s.Fault))
	}
	if s.Clash != ClashNone {
		b.WriteString(" (" + string(s.Clash) + ")")
	}
	for _, c := range s.Changes {
		b.WriteString("; " + string(c.Op) + " " + c.Ref.String())
		for _, f := range c.Fields {
			b.WriteString(" " + f.Name)
			if f.Key != "" {
				b.WriteString("[" + f.Key + "]")
			}
			b.WriteString("=" + f.Value.String())
		}
	}
	return b.String()
}
