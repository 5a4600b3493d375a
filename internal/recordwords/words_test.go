package recordwords_test

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/recordwords"
	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// written are the kinds that people write.
var written = []string{"premises", "visit", "hazard", "dispute", "case_event", "task", "attachment"}

func TestWords_EveryFieldAndEveryValueThatPeopleWriteHasThem(t *testing.T) {
	for _, name := range written {
		kind, ok := schema.Load().KindByName(name)
		if !ok {
			t.Fatalf("no kind %s", name)
		}
		if w := recordwords.Kind(name); w.ZH == name {
			t.Errorf("kind %s has no words", name)
		}
		for _, f := range kind.Fields {
			if w := recordwords.Field(f.Name); w.ZH == f.Name || w.EN == "" {
				t.Errorf("%s.%s has no words", name, f.Name)
			}
			checkEnum(t, f.Desc)
		}
	}
}

func checkEnum(t *testing.T, d protoreflect.FieldDescriptor) {
	if d.IsMap() {
		d = d.MapValue()
	}
	if d.Kind() != protoreflect.EnumKind {
		return
	}
	values := d.Enum().Values()
	for i := range values.Len() {
		number := values.Get(i).Number()
		if w, ok := recordwords.EnumWords(d.Enum(), number); number != 0 && (!ok || w.ZH == "" || w.EN == "") {
			t.Errorf("%s of %s has no words", values.Get(i).Name(), d.FullName())
		}
	}
}

func TestWriter_WritesCellsAsPeopleReadThem(t *testing.T) {
	hazard, _ := schema.Load().KindByName("hazard")
	cell := func(m *recordv1.Hazard, field syncengine.FieldNumber) (zh, en string) {
		data, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		key := syncengine.CellKey{Field: field}
		return recordwords.Writer{}.Value(hazard, key, data, false), recordwords.Writer{Lang: "en"}.Value(hazard, key, data, false)
	}
	zh, en := cell(&recordv1.Hazard{SeverityFound: recordv1.Severity_SEVERITY_MAJOR.Enum()}, 3)
	if zh != "重大" || en != "major" {
		t.Errorf("severity: %q, %q", zh, en)
	}
	zh, en = cell(&recordv1.Hazard{Deadline: proto.Int64(1_790_000_000_000)}, 9)
	if zh != "2026年9月21日 22:13" || en != "21 Sep 2026, 22:13" {
		t.Errorf("deadline: %q, %q", zh, en)
	}
	if got := (recordwords.Writer{}).Value(hazard, syncengine.CellKey{Field: 9}, nil, true); got != "（已清空）" {
		t.Errorf("cleared: %q", got)
	}
	if got := (recordwords.Writer{}).Value(hazard, syncengine.CellKey{}, syncengine.LifeWrite(true).Data, false); got != "已删除" {
		t.Errorf("deleted: %q", got)
	}
}
