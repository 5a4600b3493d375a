package adminrpc

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Publish writes the read-only records by which phones know territories and
// colleagues, where they say something else than identity does. A server calls it
// when it starts: a realm made by older software may lack some. A change of
// identity writes its records by itself, in one transaction.
func (s *Service) Publish(ctx context.Context) error {
	var territories []identity.Territory
	var users []identity.User
	err := s.realm.View(ctx, func(r store.Reader) error {
		tree, err := identity.LoadTree(r)
		if err != nil {
			return err
		}
		tree.All(func(t identity.Territory) bool {
			territories = append(territories, t)
			return true
		})
		users, err = identity.Users(r)
		return err
	})
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	wanted := append(territoryRecords(territories), staffRecords(users)...)
	return s.publish(ctx, wanted)
}

// territoryRecords are the records by which phones know territories.
func territoryRecords(list []identity.Territory) []wantedRecord {
	wanted := make([]wantedRecord, 0, len(list))
	for _, t := range list {
		level, _ := domain.ParseLevel(t.Level)
		m := &recordv1.Territory{
			Code: &t.Code, Name: &t.Name, Level: recordv1.TerritoryLevel(level).Enum(), ParentId: wire.BytesOf(t.Parent),
		}
		if t.ValidFrom != 0 {
			m.ValidFrom = proto.Int64(int64(t.ValidFrom))
		}
		if t.ValidUntil != 0 {
			m.ValidUntil = proto.Int64(int64(t.ValidUntil))
		}
		wanted = append(wanted, wantedRecord{t.ID, recordv1.Kind_KIND_TERRITORY, m})
	}
	return wanted
}

// staffRecords are the records by which phones know colleagues.
func staffRecords(list []identity.User) []wantedRecord {
	wanted := make([]wantedRecord, 0, len(list))
	for _, u := range list {
		m := &recordv1.Staff{Name: &u.Name, Role: recordv1.Role(u.Role).Enum()}
		if !u.TerritoryID.IsZero() {
			m.TerritoryIds = [][]byte{u.TerritoryID[:]}
		}
		if u.Department != "" {
			m.Department = &u.Department
		}
		wanted = append(wanted, wantedRecord{u.ID, recordv1.Kind_KIND_STAFF, m})
	}
	return wanted
}

// wantedRecord is a record as it should read.
type wantedRecord struct {
	id   syncengine.ID
	kind recordv1.Kind
	want proto.Message
}

// publish writes what differs.
func (s *Service) publish(ctx context.Context, wanted []wantedRecord) error {
	var changes []exchange.ServerChange
	err := s.realm.View(ctx, func(r store.Reader) (err error) {
		changes, err = s.changesTo(r, wanted)
		return err
	})
	if err != nil || len(changes) == 0 {
		return err
	}
	_, err = s.realm.Write(ctx, syncengine.ID{}, changes)
	return err
}

// changesTo makes the changes after which records read as wanted.
func (s *Service) changesTo(r store.Reader, wanted []wantedRecord) ([]exchange.ServerChange, error) {
	var changes []exchange.ServerChange
	for _, w := range wanted {
		rec, err := s.realm.Record(r, w.id)
		if err != nil {
			return nil, err
		}
		if c, differs := s.changeTo(rec, w); differs {
			changes = append(changes, c)
		}
	}
	return changes, nil
}

// changeTo makes the change after which a record reads as wanted; a nil record is created.
func (s *Service) changeTo(rec *syncengine.Record, w wantedRecord) (c exchange.ServerChange, differs bool) {
	c = exchange.ServerChange{RecordID: w.id, Kind: syncengine.KindNumber(w.kind), Fields: w.want}
	if rec == nil {
		c.Create = true
		return c, true
	}
	kind, _ := s.schema.Kind(c.Kind)
	c.Fields, differs = difference(kind, w.want.ProtoReflect(), shown(kind, rec))
	return c, differs
}

// shown gives the record message with the values that stand. A value that does
// not decode is left out, as the same field of a later schema would be.
func shown(kind *schema.Kind, rec *syncengine.Record) protoreflect.Message {
	var b []byte
	for i := range rec.Cells {
		c := &rec.Cells[i]
		if v := c.Shown(); c.Key.Field != syncengine.LifeField && !v.Cleared {
			b = append(b, v.Data...)
		}
	}
	m := kind.Type.New()
	if err := proto.Unmarshal(b, m.Interface()); err != nil {
		return kind.Type.New()
	}
	return m
}

// difference gives the fields of want that have reads otherwise. Elements that a
// set field lacks are added; none is taken out.
func difference(kind *schema.Kind, want, have protoreflect.Message) (patch proto.Message, differs bool) {
	out := want.New()
	want.Range(func(d protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		f, ok := kind.Field(syncengine.FieldNumber(d.Number()))
		switch {
		case ok && f.Engine.Shape == syncengine.Set:
			lacking := lackingElements(out.NewField(d).List(), v.List(), have.Get(d).List())
			if lacking.Len() > 0 {
				out.Set(d, protoreflect.ValueOfList(lacking))
				differs = true
			}
		case !have.Has(d) || !v.Equal(have.Get(d)):
			out.Set(d, v)
			differs = true
		}
		return true
	})
	return out.Interface(), differs
}

func lackingElements(into, want, have protoreflect.List) protoreflect.List {
	var standing []protoreflect.Value
	for i := range have.Len() {
		standing = append(standing, have.Get(i))
	}
	for i := range want.Len() {
		v := want.Get(i)
		if !slices.ContainsFunc(standing, v.Equal) {
			into.Append(v)
		}
	}
	return into
}
