package compatible_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"
)

// bodyOf gives the body that a request signs.
func bodyOf(r *syncv1.ExchangeRequest) *syncv1.ExchangeBody {
	body := &syncv1.ExchangeBody{}
	if err := proto.Unmarshal(r.GetBody(), body); err != nil {
		panic(err)
	}
	return body
}

// newMessage makes the empty message that a kept one is read into.
func newMessage(t *testing.T, name string) proto.Message {
	t.Helper()
	for kind, m := range map[string]proto.Message{
		"enrol-request": &syncv1.EnrolRequest{}, "enrol-response": &syncv1.EnrolResponse{},
		"exchange-request": &syncv1.ExchangeRequest{}, "exchange-response": &syncv1.ExchangeResponse{},
	} {
		if strings.HasSuffix(name, kind) {
			return m
		}
	}
	t.Fatalf("%s is no kind of message", name)
	return nil
}

// messageListing lists a message, and for a request the body that it signs, with its changes.
func messageListing(t *testing.T, name string, m proto.Message) string {
	t.Helper()
	out := name + " " + jsonOf(t, m) + "\n"
	if req, ok := m.(*syncv1.ExchangeRequest); ok {
		body := bodyOf(req)
		out += "  body " + jsonOf(t, body) + "\n"
		for _, c := range body.GetBatch().GetChanges() {
			change := &syncv1.Change{}
			if err := proto.Unmarshal(c.GetBody(), change); err != nil {
				t.Fatal(err)
			}
			wantKnown(t, name, change.ProtoReflect())
			out += "  change " + jsonOf(t, change) + "\n"
		}
		wantKnown(t, name, body.ProtoReflect())
	}
	wantKnown(t, name, m.ProtoReflect())
	return out
}

// wantKnown wants no field that this software does not know any more.
func wantKnown(t *testing.T, name string, m protoreflect.Message) {
	t.Helper()
	if len(m.GetUnknown()) > 0 {
		t.Errorf("%s: %s holds fields that are not known: %x", name, m.Descriptor().FullName(), m.GetUnknown())
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap() && f.MapValue().Message() != nil:
			v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool { wantKnown(t, name, v.Message()); return true })
		case f.IsList() && f.Message() != nil:
			for i := range v.List().Len() {
				wantKnown(t, name, v.List().Get(i).Message())
			}
		case !f.IsMap() && !f.IsList() && f.Message() != nil:
			wantKnown(t, name, v.Message())
		}
		return true
	})
}
