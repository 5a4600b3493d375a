package feed

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"

	"onedoor/domain"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/casework"
	"onedoor/server/exchange"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// referenceField is the field of a kind that holds what other systems call a record.
const referenceField = "external_ref"

// Refer notes what a system outside calls a record. The same key again changes nothing; another one than stands is refused,
// since two systems would take each other's case for theirs.
func (s *Service) Refer(ctx context.Context, user, record syncengine.ID, reference string) (noted bool, err error) {
	if n := utf8.RuneCountInString(reference); n == 0 || n > casework.ReferenceCharsMax || len(domain.FindIdentifiers(reference)) > 0 {
		return false, fmt.Errorf("%w: 1 to %d characters are needed, and no number of a person", ErrReference, casework.ReferenceCharsMax)
	}
	err = s.realm.WriteAs(ctx, user, func(r store.Reader) ([]exchange.ServerChange, error) {
		kind, field, stands, err := s.referenceOf(r, user, record)
		if err != nil || stands == reference {
			return nil, err
		}
		if stands != "" {
			return nil, fmt.Errorf("%w: the record is known by another key", ErrReference)
		}
		noted = true
		m := kind.Type.New()
		m.Set(field.Desc, protoreflect.ValueOfString(reference))
		return []exchange.ServerChange{{RecordID: record, Kind: kind.Number, Fields: m.Interface()}}, nil
	})
	return noted && err == nil, err
}

// referenceOf gives the key that a record is known by, to who may read and write it.
func (s *Service) referenceOf(r store.Reader, user, id syncengine.ID) (kind *schema.Kind, field *schema.Field, stands string, err error) {
	rec, err := s.realm.Record(r, id)
	if err != nil || rec == nil || rec.Dead() {
		return nil, nil, "", errors.Join(err, ErrNoRecord)
	}
	kind, known := s.realm.Schema().Kind(rec.Kind)
	roles, err := s.realm.RolesOver(r, user, rec)
	if err != nil || !known {
		return nil, nil, "", errors.Join(err, ErrNoRecord)
	}
	access := s.realm.Schema().Access
	field, has := kind.FieldByName(referenceField)
	switch {
	case access.ReadClasses(rec.Kind, roles) == 0:
		return nil, nil, "", ErrNoRecord
	case !has:
		return nil, nil, "", fmt.Errorf("%w: a %s has none", ErrReference, kind.Name)
	case !access.WriteClasses(rec.Kind, roles).Has(field.Engine.Class):
		return nil, nil, "", ErrNotWritable
	}
	m := kind.Type.New().Interface()
	if err := wire.ReadShown(rec, m, nil); err != nil {
		return nil, nil, "", err
	}
	return kind, field, m.ProtoReflect().Get(field.Desc).String(), nil
}
