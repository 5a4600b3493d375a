package client

import (
	"cmp"
	"slices"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/domain"
	"onedoor/internal/recordjson"
	"onedoor/syncengine"
)

// Colleague is somebody who works in the realm, as a screen offers them for a task or
// names them beside a value. Nothing here tells what they did or where they are.
type Colleague struct {
	ID   syncengine.ID
	Name string
	Role domain.Role
	// Department is a handler's; empty for others.
	Department string
	// Left says that they have left: they are named and offered for nothing new.
	Left bool
}

// Colleagues lists the realm's people in the order of their roles and names. Those who
// have left come last.
func (r *Replica) Colleagues() (out []Colleague, err error) {
	err = r.reading(func(tx *localdb.Tx, _ *state) error {
		for row, err := range tx.List(localdb.Query{Kind: kindStaff}) {
			if err != nil {
				return err
			}
			m := &recordv1.Staff{}
			if err := r.readMessage(&row, m); err != nil {
				return err
			}
			out = append(out, Colleague{
				ID: row.ID, Name: m.GetName(), Role: domain.Role(m.GetRole()), Department: m.GetDepartment(), Left: m.GetLeft(),
			})
		}
		return nil
	})
	slices.SortFunc(out, compareColleagues)
	return out, err
}

func compareColleagues(a, b Colleague) int {
	if a.Left != b.Left {
		if b.Left {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.Role, b.Role), cmp.Compare(a.Name, b.Name), slices.Compare(a.ID[:], b.ID[:]))
}

// ColleaguesObject gives colleagues as {"colleagues": [{"id", "name", "role", "department", "left"}]}.
func ColleaguesObject(list []Colleague) recordjson.Object {
	out := make([]recordjson.Object, len(list))
	for i := range list {
		c := &list[i]
		out[i] = recordjson.Object{}.With(recordjson.NameID, c.ID.String()).With("name", c.Name).
			With("role", c.Role.String()).With("department", c.Department).With("left", c.Left)
	}
	return recordjson.Object{}.With("colleagues", out)
}
