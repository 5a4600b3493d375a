package phones

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/recordjson"
	"onedoor/internal/recordwords"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// shanghai is the time that people here live by.
var shanghai = time.FixedZone("UTC+8", 8*60*60)

// found makes a line of a record.
func (x *screen) found(rec *client.Record) found {
	return found{ID: rec.ID.String(), Kind: recordwords.Kind(rec.Kind).In(x.lang), Label: x.label(rec), State: rec.State, Conflicts: rec.Conflicts}
}

// label says what a record is called: its own address, title or code, with the address of its door.
func (x *screen) label(rec *client.Record) string {
	m, err := rec.Message()
	if err != nil {
		return rec.ID.String()
	}
	switch m := m.(type) {
	case *recordv1.Premises:
		return m.GetAddress()
	case *recordv1.Dispute:
		return m.GetTitle()
	case *recordv1.Task:
		return m.GetWhat()
	case *recordv1.Territory:
		return m.GetName()
	case *recordv1.Staff:
		return m.GetName()
	case *recordv1.CaseEvent:
		return recordwords.Enum("CaseEventKind").Of(int32(m.GetWhat())).In(x.lang)
	case *recordv1.Hazard:
		return recordwords.Enum("HazardCode").Of(int32(m.GetCode())).In(x.lang) + " · " + x.door(m.GetPremisesId())
	case *recordv1.Visit:
		if len(m.GetPremisesIds()) > 0 {
			return x.door(m.GetPremisesIds()[0])
		}
	}
	return rec.ID.String()
}

// door gives the address of a door; its id where the phone does not hold it.
func (x *screen) door(id []byte) string {
	door, ok := syncengine.IDFromBytes(id)
	if !ok {
		return "—"
	}
	rec, err := x.phone.Replica.Get(door)
	if err != nil {
		return door.String()
	}
	return x.label(rec)
}

// fieldLine is a field of a record with its value.
type fieldLine struct{ Name, Value string }

// writer writes values, with the names of colleagues and doors that the phone knows.
func (x *screen) writer() recordwords.Writer {
	names := map[syncengine.ID]string{}
	colleagues, err := x.phone.Replica.List(client.Query{Kind: "staff"})
	if err == nil {
		for _, rec := range colleagues {
			m := &recordv1.Staff{}
			if rec.Read(m) == nil {
				names[rec.ID] = m.GetName()
			}
		}
	}
	return recordwords.Writer{Lang: x.lang, Names: func(id syncengine.ID) string {
		if name := names[id]; name != "" {
			return name
		}
		rec, err := x.phone.Replica.Get(id)
		if err != nil || rec.Kind != "premises" && rec.Kind != "territory" {
			return ""
		}
		return x.label(rec)
	}}
}

// lines writes all fields of a record.
func (x *screen) lines(m proto.Message) (out []fieldLine) {
	words := x.writer()
	all := m.ProtoReflect().Descriptor().Fields()
	for i := range all.Len() {
		if d := all.Get(i); m.ProtoReflect().Has(d) {
			out = append(out, fieldLine{recordwords.Field(string(d.Name())).In(x.lang), words.Field(d, m.ProtoReflect().Get(d))})
		}
	}
	return out
}

// record shows one record with its state, what is open in it, and why each value stands.
func (x *screen) record() error {
	rec, m, err := x.read()
	if err != nil {
		return err
	}
	data := map[string]any{"Record": x.found(rec), "Lines": x.lines(m), "KindName": rec.Kind}
	if h, ok := m.(*recordv1.Hazard); ok {
		data["Hazard"] = h
		data["Severities"] = recordwords.Enum("Severity")
	}
	if _, ok := m.(*recordv1.Premises); ok {
		data["Door"] = rec.ID.String()
	}
	if x.r.URL.Query().Get("why") != "" {
		reasons, err := x.phone.Replica.Why(rec.ID)
		if err != nil {
			return err
		}
		data["Why"] = x.reasons(rec.Kind, reasons)
	}
	x.show(http.StatusOK, "record", data)
	return nil
}

func (x *screen) read() (*client.Record, proto.Message, error) {
	id, err := wire.ParseID(x.r.PathValue("id"))
	if err != nil {
		return nil, nil, client.ErrNotFound
	}
	rec, err := x.phone.Replica.Get(id)
	if err != nil {
		return nil, nil, err
	}
	m, err := rec.Message()
	return rec, m, err
}

// whyLine is one value with who wrote it.
type whyLine struct {
	Field, Rule string
	Pending     bool
	Shown       valueLine
	Losing      []valueLine
}

type valueLine struct {
	Text, Author, When string
	// Choice is the number by which it is restored.
	Choice int
}

// rules are the SDK's names of rules, in words.
var rules = map[string]recordwords.Words{
	"latest": {ZH: "最后写的为准", EN: "the latest stands"}, "greatest": {ZH: "取最大的", EN: "the greatest stands"}, "least": {ZH: "取最小的", EN: "the least stands"},
	"ranked": {ZH: "按角色高低", EN: "by role"}, "first": {ZH: "最先写的为准", EN: "the first stands"}, "states": {ZH: "进度靠后的为准", EN: "the later step stands"},
	"review": {ZH: "由人决定", EN: "a person decides"}, "add_wins": {ZH: "添加优先", EN: "adding wins"}, "dead_wins": {ZH: "删除优先", EN: "a deletion stands"},
}

func (x *screen) reasons(kind string, list []*client.Reason) (out []whyLine) {
	for _, r := range list {
		line := whyLine{Field: x.fieldName(r.Field), Rule: rules[r.Rule].In(x.lang), Pending: r.Pending, Shown: x.value(kind, r.Field, r.Shown, 0)}
		for i, v := range r.Losing {
			line.Losing = append(line.Losing, x.value(kind, r.Field, v, i+1))
		}
		out = append(out, line)
	}
	return out
}

// fieldName writes the SDK's name of a cell: a field, with a key or element behind a dot.
func (x *screen) fieldName(name string) string {
	field, key, keyed := strings.Cut(name, ".")
	out := recordwords.Field(field).In(x.lang)
	if keyed {
		out += " · " + key
	}
	return out
}

// value writes a value that the SDK gives as JSON.
func (x *screen) value(kind, name string, v client.Value, choice int) valueLine {
	out := valueLine{Author: v.Author, Choice: choice, When: time.UnixMilli(v.TimeMs).In(shanghai).Format(x.pick("1月2日 15:04", "2 Jan, 15:04"))}
	var text string
	switch {
	case string(v.JSON) == "null":
		out.Text = x.pick("（清空或删除）", "(empty or deleted)")
	case json.Unmarshal(v.JSON, &text) == nil:
		out.Text = x.enumWord(kind, name, text)
	default:
		out.Text = string(v.JSON)
	}
	return out
}

// enumWord gives the word of an enum's value by its name; other texts stay.
func (x *screen) enumWord(kind, name, text string) string {
	field, _, _ := strings.Cut(name, ".")
	if field == "life" {
		return recordwords.Writer{Lang: x.lang}.Value(nil, syncengine.CellKey{}, syncengine.LifeWrite(text == "DEAD").Data, false)
	}
	k, ok := schema.Load().KindByName(kind)
	if !ok {
		return text
	}
	f, ok := k.FieldByName(field)
	if !ok {
		return text
	}
	d := f.Desc
	if d.IsMap() {
		d = d.MapValue()
	}
	if d.Kind() != protoreflect.EnumKind {
		return text
	}
	if n, ok := recordjson.EnumNumber(d.Enum(), text); ok {
		if w, ok := recordwords.EnumWords(d.Enum(), n); ok {
			return w.In(x.lang)
		}
	}
	return text
}

// conflictCard is one conflict with its values.
type conflictCard struct {
	ID, Record, Label, Field, What string
	Shown                          valueLine
	Others                         []valueLine
}

// conflicts lists what is open in the records on this phone.
func (x *screen) conflicts() error {
	open, err := x.phone.Replica.Conflicts()
	if err != nil {
		return err
	}
	what := map[string]recordwords.Words{
		"conflict": {ZH: "有人同时写了不同的值", EN: "different values at the same time"}, "kept": {ZH: "保留了一个被盖过的值", EN: "a covered value was kept"},
		"delete_edit": {ZH: "删除遇上修改", EN: "a deletion met a change"},
	}
	var out []conflictCard
	part := partOf(x.r, len(open))
	for _, c := range of(part, open) {
		card := conflictCard{ID: c.ID, Record: c.RecordID, Label: c.RecordID, Field: x.fieldName(c.Field), What: what[c.Kind].In(x.lang), Shown: x.value(c.RecordKind, c.Field, c.Shown, 0)}
		if id, err := wire.ParseID(c.RecordID); err == nil {
			if rec, err := x.phone.Replica.Get(id); err == nil {
				card.Label = recordwords.Kind(rec.Kind).In(x.lang) + " " + x.label(rec)
			}
		}
		for i, v := range c.Others {
			card.Others = append(card.Others, x.value(c.RecordKind, c.Field, v, i+1))
		}
		out = append(out, card)
	}
	x.show(http.StatusOK, "conflicts", map[string]any{"Cards": out, "Part": part})
	return nil
}
