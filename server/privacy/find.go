package privacy

import (
	"errors"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/internal/schema"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Digits gives the digits of a telephone number as a person types or writes it: without spaces, hyphens and the country's
// code, full-width digits as plain ones.
func Digits(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= '０' && r <= '９':
			b.WriteRune(r - '０' + '0')
		}
	}
	digits := b.String()
	if rest, ok := strings.CutPrefix(digits, "0086"); ok {
		return rest
	}
	if rest, ok := strings.CutPrefix(digits, "86"); ok && len(rest) == 11 {
		return rest
	}
	return digits
}

// FindByPhone lists the records that hold a telephone number in a field of a resident's contact, in a value that lost or is
// kept too. The store's index says where to look; a number that it does not index, such as one of a few digits, and a store
// without one are looked for in every record.
func FindByPhone(svc *exchange.Service, r store.Reader, phone string) (out []*syncengine.Record, err error) {
	want := Digits(phone)
	if want == "" {
		return nil, nil
	}
	ids, err := svc.RecordsByPhone(r, phone)
	switch {
	case errors.Is(err, exchange.ErrNoIndex) || err == nil && len(domain.PhoneNumbers(phone)) == 0:
		return scanForPhone(svc, r, want)
	case err != nil:
		return nil, err
	}
	for _, id := range ids {
		rec, err := svc.Record(r, id)
		if err != nil {
			return nil, err
		}
		if rec != nil && holdsPhone(svc, rec, want) {
			out = append(out, rec)
		}
	}
	return out, nil
}

// scanForPhone reads every record.
func scanForPhone(svc *exchange.Service, r store.Reader, want string) (out []*syncengine.Record, err error) {
	var failed error
	err = r.Records(func(row store.Record) bool {
		var rec *syncengine.Record
		if rec, failed = svc.Record(r, row.ID); failed != nil || rec == nil {
			return failed == nil
		}
		if holdsPhone(svc, rec, want) {
			out = append(out, rec)
		}
		return true
	})
	if err == nil {
		err = failed
	}
	return out, err
}

func holdsPhone(svc *exchange.Service, rec *syncengine.Record, digits string) bool {
	kind, known := svc.Schema().Kind(rec.Kind)
	if !known {
		return false
	}
	for _, f := range kind.Fields {
		if !isContact(f) {
			continue
		}
		cells := rec.Field(f.Engine.Number)
		for i := range cells {
			for _, v := range cells[i].Values {
				if textsHold(v.Data, digits) {
					return true
				}
			}
			for _, k := range cells[i].Kept {
				if textsHold(k.Value.Data, digits) {
					return true
				}
			}
		}
	}
	return false
}

func isContact(f *schema.Field) bool {
	return f.Rules.GetPerson() == recordv1.PersonData_PERSON_DATA_CONTACT
}

// textsHold looks for a number among the texts of an encoded message, inner ones too.
func textsHold(b []byte, digits string) bool {
	for len(b) > 0 {
		_, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return false
		}
		m := protowire.ConsumeFieldValue(1, typ, b[n:])
		if m < 0 {
			return false
		}
		if typ == protowire.BytesType {
			content, _ := protowire.ConsumeBytes(b[n:])
			if Digits(string(content)) == digits || textsHold(content, digits) {
				return true
			}
		}
		b = b[n+m:]
	}
	return false
}
