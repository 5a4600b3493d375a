// Package directory holds the read-only records by which phones know the realm's
// territories and the colleagues who serve them. They say what identity's documents
// say: a change of identity writes them in the same transaction, a server that starts
// writes what differs, and verify holds the two against each other.
//
// It decides nothing about rights and reads nothing but those records and documents.
// Read this file first; toward.go makes the changes, verify.go compares.
package directory

import (
	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/internal/wire"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// A Page is a record of the directory as it should read.
type Page struct {
	ID   syncengine.ID
	Kind syncengine.KindNumber
	// Want is the record's message with every field that has a value.
	Want proto.Message
}

// All gives every page that the realm's documents ask for.
func All(r store.Reader) ([]Page, error) {
	tree, err := identity.LoadTree(r)
	if err != nil {
		return nil, err
	}
	var territories []identity.Territory
	tree.All(func(t identity.Territory) bool {
		territories = append(territories, t)
		return true
	})
	users, err := identity.Users(r)
	return append(Territories(territories), Colleagues(users)...), err
}

// Territories are the pages of territories.
func Territories(list []identity.Territory) []Page {
	out := make([]Page, 0, len(list))
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
		out = append(out, Page{t.ID, syncengine.KindNumber(recordv1.Kind_KIND_TERRITORY), m})
	}
	return out
}

// Colleagues are the pages of users. One who has left stays, marked so: the values
// that they wrote still read as theirs.
func Colleagues(list []identity.User) []Page {
	out := make([]Page, 0, len(list))
	for _, u := range list {
		m := &recordv1.Staff{Name: &u.Name, Role: recordv1.Role(u.Role).Enum()}
		if !u.TerritoryID.IsZero() {
			m.TerritoryIds = [][]byte{u.TerritoryID[:]}
		}
		if u.Department != "" {
			m.Department = &u.Department
		}
		if u.State == identity.UserClosed {
			m.Left = proto.Bool(true)
		}
		out = append(out, Page{u.ID, syncengine.KindNumber(recordv1.Kind_KIND_STAFF), m})
	}
	return out
}
