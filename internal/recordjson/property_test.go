package recordjson_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/recordjson"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

func TestDecode_ReadsWhatEncodeWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(schema.Load().Kinds).Draw(t, "kind")
		m := drawRecord(t, kind)
		p, err := recordjson.Decode(kind, written(t, kind, m), oneGrid{})
		if err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(p.Message, m.Interface()) || len(p.Cleared)+len(p.Removed) != 0 {
			t.Fatalf("read %v, written %v", p, m)
		}
	})
}

// The model is RFC 7396 on plain JSON, which knows nothing of fields; what the
// edit writes is applied as a server does, cell by cell.
func TestDecodeEdit_DoesWhatAMergePatchOfTheTextsDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(schema.Load().Kinds).Draw(t, "kind")
		shown := drawRecord(t, kind)
		edit := withNulls(t, plain(t, written(t, kind, drawRecord(t, kind)))).(map[string]any)
		text, err := json.Marshal(edit)
		if err != nil {
			t.Fatal(err)
		}
		p, err := recordjson.DecodeEdit(kind, text, wireForm(t, shown), oneGrid{})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		got := canonical(kind, plain(t, written(t, kind, applied(t, kind, shown, p))))
		want := canonical(kind, mergePatch(plain(t, written(t, kind, shown)), edit))
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s on %v\n got %v\nwant %v", text, shown, got, want)
		}
	})
}

func written(t *rapid.T, kind *schema.Kind, m protoreflect.Message) []byte {
	o, err := recordjson.Encode(kind, m.Interface(), oneGrid{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := o.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func wireForm(t *rapid.T, m protoreflect.Message) []byte {
	b, err := proto.Marshal(m.Interface())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// plain reads JSON without any knowledge of records.
func plain(t *rapid.T, text []byte) map[string]any {
	var out map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// withNulls replaces some values of objects, at any depth, by null.
func withNulls(t *rapid.T, v any) any {
	object, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if rapid.IntRange(0, 3).Draw(t, name+" is null") == 0 {
			out[name] = nil
			continue
		}
		out[name] = withNulls(t, object[name])
	}
	return out
}

// mergePatch is the function of RFC 7396, section 2.
func mergePatch(target, patch any) any {
	edit, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	out := map[string]any{}
	if object, ok := target.(map[string]any); ok {
		for name, v := range object {
			out[name] = v
		}
	}
	for name, v := range edit {
		if v == nil {
			delete(out, name)
		} else {
			out[name] = mergePatch(out[name], v)
		}
	}
	return out
}

// canonical sorts sets and drops empty sets and maps: a record has no such thing.
func canonical(kind *schema.Kind, record any) any {
	out := record.(map[string]any)
	for _, f := range kind.Fields {
		switch v := out[f.Name].(type) {
		case []any:
			if f.Engine.Shape == syncengine.Set {
				slices.SortFunc(v, func(a, b any) int { return slices.Compare([]byte(a.(string)), []byte(b.(string))) })
			}
		case map[string]any:
			if f.Engine.Shape == syncengine.Map && len(v) == 0 {
				delete(out, f.Name)
			}
		}
	}
	return out
}

// applied applies a patch to what is shown as the protocol's cells.
func applied(t *rapid.T, kind *schema.Kind, shown protoreflect.Message, p *recordjson.Patch) protoreflect.Message {
	patch, err := p.Wire()
	if err != nil {
		t.Fatal(err)
	}
	cells := map[syncengine.CellKey][]byte{}
	for _, patch := range []*syncv1.Patch{{Fields: wireForm(t, shown)}, patch} {
		writes, err := wire.Cells(kind, false, patch)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range writes {
			cells[w.Key] = w.Data
		}
	}
	var fields []byte
	for _, data := range cells {
		fields = append(fields, data...)
	}
	m := kind.Type.New()
	if err := proto.Unmarshal(fields, m.Interface()); err != nil {
		t.Fatal(err)
	}
	return m
}
