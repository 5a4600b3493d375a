package console

import (
	"cmp"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/recordwords"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// A correction is made in the values as they stand: the form has every text and every contact of the record that tells of a
// person and that the desk reads. What is left as it was is not written.

// correctable is one value of a record that a resident may have corrected.
type correctable struct {
	// Name is the name of the field in the form, Label what people call it.
	Name, Label, Value string
	// Long says that it has several lines.
	Long bool
	set  func(m protoreflect.Message, value string)
	rank int
}

// correction is a record as its correction finds it.
type correction struct {
	kind   *schema.Kind
	now    protoreflect.Message
	Values []correctable
}

// correctionOf reads the values of a record that may be corrected.
func (v *visit) correctionOf(id []byte) (*correction, error) {
	out, err := call(v, v.c.o.Admin.Explain, &adminv1.ExplainRequest{RecordId: id, HistoryLimit: 1})
	if err != nil {
		return nil, err
	}
	c := &correction{kind: kindOf(out.GetRecordKind())}
	if c.kind == nil {
		return nil, refused("服务器不认识这种记录，请升级。", "The kind is not known here; upgrade the server.")
	}
	c.now = c.kind.Type.New()
	hidden := map[uint32]bool{}
	for _, cell := range out.GetCells() {
		if cell.GetCell().GetField() == uint32(syncengine.LifeField) {
			continue // That the record stands is no field of its message.
		}
		hidden[cell.GetCell().GetField()] = cell.GetCell().GetHidden()
		if err := (proto.UnmarshalOptions{Merge: true}).Unmarshal(cell.GetShown().GetData(), c.now.Interface()); err != nil {
			return nil, err
		}
	}
	for _, f := range c.kind.Fields {
		if f.Salted() && !hidden[uint32(f.Engine.Number)] {
			c.add(v.lang, f)
		}
	}
	// Contacts stand first: they are what residents ask about, in the order of the parties.
	slices.SortStableFunc(c.Values, func(a, b correctable) int { return cmp.Compare(a.rank, b.rank) })
	return c, nil
}

// contactName is the message that names a person.
const contactName = "Contact"

func (c *correction) add(l language, f *schema.Field) {
	d, label := f.Desc, recordwords.Field(f.Name).In(string(l))
	switch {
	case d.IsMap() && isContact(d.MapValue()):
		c.now.Get(d).Map().Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
			c.addContact(l, label+" "+key.String(), f.Name+"."+key.String(), value.Message(), func(m protoreflect.Message) protoreflect.Message {
				return m.Mutable(d).Map().Mutable(key).Message()
			})
			return true
		})
	case isContact(d) && !d.IsList():
		c.addContact(l, label, f.Name, c.now.Get(d).Message(), func(m protoreflect.Message) protoreflect.Message { return m.Mutable(d).Message() })
	case d.Kind() == protoreflect.StringKind && !d.IsList() && f.Engine.Scope == syncengine.NoScope && c.now.Has(d):
		c.Values = append(c.Values, correctable{Name: f.Name, Label: label, Value: c.now.Get(d).String(), Long: f.Rules.GetPerson() == recordv1.PersonData_PERSON_DATA_FREE_TEXT, rank: len(partyAliases) + 1,
			set: func(m protoreflect.Message, value string) { m.Set(d, protoreflect.ValueOfString(value)) }})
	}
}

func isContact(d protoreflect.FieldDescriptor) bool {
	return d.Kind() == protoreflect.MessageKind && d.Message().Name() == contactName
}

// addContact adds name and number of a contact. The contact is written whole, as it stands with what was corrected.
func (c *correction) addContact(l language, label, name string, now protoreflect.Message, in func(protoreflect.Message) protoreflect.Message) {
	part := func(field, zh, en string) {
		d := now.Descriptor().Fields().ByName(protoreflect.Name(field))
		_, alias, _ := strings.Cut(name, ".")
		c.Values = append(c.Values, correctable{Name: name + "." + field, Label: label + " " + l.pick(zh, en), Value: now.Get(d).String(), rank: slices.Index(partyAliases, alias),
			set: func(m protoreflect.Message, value string) {
				into := in(m)
				if !into.IsValid() || proto.Size(into.Interface()) == 0 {
					proto.Merge(into.Interface(), now.Interface())
				}
				if into.Clear(d); value != "" {
					into.Set(d, protoreflect.ValueOfString(value))
				}
			}})
	}
	part("name", "姓名", "name")
	part("phone", "电话", "telephone")
}

// correctPrefix begins the names of a correction's fields in the form.
const correctPrefix = "correct."

// asked makes the request from what was typed. A text that was emptied is removed.
func (c *correction) asked(v *visit, ask *adminv1.Ask) (*adminv1.CorrectRequest, error) {
	m := c.kind.Type.New()
	out := &adminv1.CorrectRequest{Ask: ask}
	for _, value := range c.Values {
		typed := v.fields().text(correctPrefix + value.Name)
		switch {
		case typed == nil && value.Value == "" || typed != nil && *typed == value.Value:
		case typed == nil:
			f, plain := c.kind.FieldByName(value.Name)
			if !plain {
				value.set(m, "") // One part of a contact, which stands with the other.
				continue
			}
			out.Cleared = append(out.Cleared, uint32(f.Engine.Number))
		default:
			value.set(m, *typed)
		}
	}
	var err error
	out.Fields, err = proto.Marshal(m.Interface())
	if len(out.GetFields()) == 0 && len(out.GetCleared()) == 0 {
		return nil, refused("什么也没有改。", "Nothing was changed.")
	}
	return out, err
}

// correct carries a correction out.
func (v *visit) correct(ask *adminv1.Ask, records [][]byte) error {
	if len(records) != 1 {
		return refused("一次请求只更正一条记录：请按记录分别登记请求。", "One request corrects one record: write a request down for each record.")
	}
	c, err := v.correctionOf(records[0])
	if err != nil {
		return err
	}
	req, err := c.asked(v, ask)
	if err != nil {
		return err
	}
	_, err = call(v, v.c.o.Privacy.Correct, req)
	return err
}
