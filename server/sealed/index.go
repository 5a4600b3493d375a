package sealed

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// The index has one document for each change and each telephone number in it. Its
// key is the data key's number (4 bytes, big endian), the first 16 bytes of
// HMAC-SHA-256 over the number's digits, the record (16) and the seq (8).

// hashBytes is what is kept of a number's hash.
const hashBytes = 16

// ErrNoIndex: the reader is not one of a sealed store.
var ErrNoIndex = errors.New("the store keeps no index of telephone numbers")

// Lookup gives the records of which any change that the log or the quarantine
// holds names a telephone number, by id: also where the number was replaced or only
// kept since. r is what View of a sealed store gives.
func Lookup(r store.Reader, phone string) ([]syncengine.ID, error) {
	opened, ok := r.(*reader)
	if w, is := r.(*writer); is {
		opened, ok = &w.reader, true
	}
	if !ok {
		return nil, ErrNoIndex
	}
	var out []syncengine.ID
	for _, digits := range domain.PhoneNumbers(phone) {
		for _, key := range opened.codec.ring.keys {
			prefix := phonePrefix(key, digits)
			err := opened.Reader.Documents(bucketPhones, prefix, nil, func(d store.Document) bool {
				if !bytes.HasPrefix(d.Key, prefix) || len(d.Key) != len(prefix)+24 {
					return false
				}
				out = append(out, syncengine.ID(d.Key[len(prefix):len(prefix)+16]))
				return true
			})
			if err != nil {
				return nil, err
			}
		}
	}
	slices.SortFunc(out, func(a, b syncengine.ID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(out), nil
}

// phonePrefix is what the keys of a number begin with.
func phonePrefix(k *dataKey, digits string) []byte {
	mac := hmac.New(sha256.New, k.phone)
	mac.Write([]byte(digits))
	return append(binary.BigEndian.AppendUint32(nil, k.number), mac.Sum(nil)[:hashBytes]...)
}

// phoneKey is the key of a number in a change.
func phoneKey(k *dataKey, digits string, e *store.Entry) []byte {
	return binary.BigEndian.AppendUint64(append(phonePrefix(k, digits), e.RecordID[:]...), uint64(e.Seq))
}

// list puts a change into the index.
func (w *writer) list(e *store.Entry) error {
	for _, digits := range w.codec.phonesOf(e) {
		if err := w.w.PutDocument(bucketPhones, phoneKey(w.codec.ring.active, digits, e), []byte{1}); err != nil {
			return err
		}
	}
	return nil
}

// unlist takes a change out of the index, under whichever key it stands there.
func (w *writer) unlist(e *store.Entry) error {
	for _, digits := range w.codec.phonesOf(e) {
		for _, key := range w.codec.ring.keys {
			if err := w.w.DeleteDocument(bucketPhones, phoneKey(key, digits, e)); err != nil {
				return err
			}
		}
	}
	return nil
}

// phonesOf lists the telephone numbers in the contacts that a change writes; none
// of a change that this software cannot read.
func (c *codec) phonesOf(e *store.Entry) (out []string) {
	kind, ok := c.schema.Kind(e.Kind)
	fields := c.kind(e.Kind).fields
	if !ok || fields == nil {
		return nil
	}
	change, err := wire.DecodeChange(e.Body)
	if err != nil {
		return nil
	}
	cells, err := wire.Cells(kind, change.Create, change.Patch)
	if err != nil {
		return nil
	}
	for _, w := range cells {
		m := kind.Type.New()
		if !fields[w.Key.Field] || proto.Unmarshal(w.Data, m.Interface()) != nil {
			continue
		}
		eachContact(m, func(c *recordv1.Contact) { out = append(out, domain.PhoneNumbers(c.GetPhone())...) })
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// eachContact calls f for every contact in a message.
func eachContact(m protoreflect.Message, f func(*recordv1.Contact)) {
	if c, ok := m.Interface().(*recordv1.Contact); ok {
		f(c)
		return
	}
	m.Range(func(d protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case d.IsMap() && d.MapValue().Message() != nil:
			v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				eachContact(v.Message(), f)
				return true
			})
		case d.IsList() && d.Message() != nil:
			for i := range v.List().Len() {
				eachContact(v.List().Get(i).Message(), f)
			}
		case !d.IsMap() && !d.IsList() && d.Message() != nil:
			eachContact(v.Message(), f)
		}
		return true
	})
}
