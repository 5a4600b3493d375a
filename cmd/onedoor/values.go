package main

import (
	"encoding/json"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/command"
	"onedoor/internal/recordjson"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// short gives an enum value as the command line spells it: grid_worker, out_of_scope.
// "Not told" is empty, and a number that this software does not know stays one.
func short(e protoreflect.Enum) string {
	if e.Number() == 0 {
		return ""
	}
	return strings.ToLower(recordjson.EnumName(e.Descriptor(), e.Number()))
}

// territories tells territories and their codes apart; it implements recordjson.Resolver.
type territories struct {
	codes map[syncengine.ID]string
	ids   map[string]syncengine.ID
}

// TerritoryCode gives the code of a territory.
func (t territories) TerritoryCode(id syncengine.ID) (string, bool) {
	code, ok := t.codes[id]
	return code, ok
}

// TerritoryID gives the territory that has a code.
func (t territories) TerritoryID(code string) (syncengine.ID, bool) {
	id, ok := t.ids[code]
	return id, ok
}

// values asks the server for the tree, by which it writes values.
func (c *client) values() (values, error) {
	out := territories{map[syncengine.ID]string{}, map[string]syncengine.ID{}}
	m, err := c.ListTerritories(c.ctx, &adminv1.ListTerritoriesRequest{})
	for _, t := range m.GetTerritories() {
		if id, ok := syncengine.IDFromBytes(t.GetId()); ok {
			out.codes[id], out.ids[t.GetCode()] = t.GetCode(), id
		}
	}
	return values{out}, err
}

// values writes what the server sends of records.
type values struct{ places territories }

// cellJSON addresses a cell: its field and, of a set or a map, the element or key behind a dot.
type cellJSON struct {
	Field string `json:"field"`
	// Hidden says that the token may not read the field here.
	Hidden bool `json:"hidden,omitempty"`
}

// key gives the kind, nil where it is not known, and the key of a cell.
func key(kind recordv1.Kind, c *adminv1.Cell) (*schema.Kind, syncengine.CellKey) {
	k, _ := schema.Load().Kind(syncengine.KindNumber(kind))
	return k, syncengine.CellKey{Field: syncengine.FieldNumber(c.GetField()), Key: string(c.GetKey())}
}

func (v values) cell(kind recordv1.Kind, c *adminv1.Cell) cellJSON {
	k, key := key(kind, c)
	if k != nil && c.GetHidden() {
		// The element of a hidden cell is not sent, so the field alone has a name.
		if f, ok := k.Field(key.Field); ok {
			return cellJSON{Field: f.Name, Hidden: true}
		}
	}
	return cellJSON{Field: recordjson.CellName(k, key, v.places), Hidden: c.GetHidden()}
}

// value writes a cell's value; nil where it is hidden.
func (v values) value(kind recordv1.Kind, c *adminv1.Cell, data []byte, cleared bool) json.RawMessage {
	if c.GetHidden() {
		return nil
	}
	k, key := key(kind, c)
	return recordjson.Value(k, key, data, cleared, v.places)
}

// valueJSON is one value of a cell with who wrote it.
type valueJSON struct {
	Value    json.RawMessage `json:"value,omitempty"`
	Author   string          `json:"author"`
	AuthorID string          `json:"author_id,omitempty"`
	Time     json.RawMessage `json:"time"`
	// Suspect says that the phone's clock was out, so that the time was bounded.
	Suspect bool   `json:"suspect,omitempty"`
	Seq     uint64 `json:"seq"`
}

func (v values) written(kind recordv1.Kind, c *adminv1.Cell, w *adminv1.Value) valueJSON {
	return valueJSON{
		Value: v.value(kind, c, w.GetData(), w.GetCleared()), Author: authorText(w.GetAuthor()), AuthorID: idText(w.GetAuthor().GetUserId()),
		Time: command.TimeJSON(w.GetStampMs()), Suspect: w.GetSuspect(), Seq: w.GetSeq(),
	}
}

func (v values) all(kind recordv1.Kind, c *adminv1.Cell, list []*adminv1.Value) []valueJSON {
	out := make([]valueJSON, 0, len(list))
	for _, w := range list {
		out = append(out, v.written(kind, c, w))
	}
	return out
}

// authorText names an author: the user, or the server where there is none.
func authorText(a *adminv1.Author) string {
	switch {
	case a.GetUserName() != "":
		return a.GetUserName()
	case len(a.GetUserId()) > 0:
		return idText(a.GetUserId())
	}
	return "server"
}

// valueText shows a value to people; a hidden or removed one as such.
func valueText(raw json.RawMessage) string {
	var text string
	switch {
	case raw == nil:
		return "(hidden)"
	case string(raw) == "null":
		return "(removed)"
	case json.Unmarshal(raw, &text) == nil:
		return text
	}
	return string(raw)
}

// changeJSON is what a change writes into one cell.
type changeJSON struct {
	cellJSON
	Value json.RawMessage `json:"value,omitempty"`
}

func (v values) changes(kind recordv1.Kind, list []*adminv1.WrittenCell) []changeJSON {
	out := make([]changeJSON, 0, len(list))
	for _, w := range list {
		out = append(out, changeJSON{v.cell(kind, w.GetCell()), v.value(kind, w.GetCell(), w.GetData(), w.GetCleared())})
	}
	return out
}
