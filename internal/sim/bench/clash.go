package bench

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
)

// Values that the two phones of W3 write: phone 0 the rooms of every record,
// phone 1 the rooms of the first half and the headcount of the other.
func roomsOf(phone, n int) uint32 { return uint32(1 + phone*10 + n%9) }

func headcountOf(n int) uint32 { return uint32(2 + n%7) }

// clash lets both phones edit the same records offline.
func (p *phonesPart) clash() error {
	if len(p.phones) != 2 {
		return fmt.Errorf("two phones clash, not %d", len(p.phones))
	}
	half := len(p.records) / 2
	for i, ph := range p.phones {
		err := ph.inGroups(len(p.records), func(g *client.Group, n int) error {
			m := &recordv1.Premises{Rooms: proto.Uint32(roomsOf(i, n))}
			if i == 1 && n >= half {
				m = &recordv1.Premises{Headcount: proto.Uint32(headcountOf(n))}
			}
			return g.Edit(p.records[n], m)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// shown lists what one phone can find of the two fields: the value on the
// screen, and every value that a conflict or kept entry names.
func (p *phonesPart) shown(ph *benchPhone) (answer, error) {
	listed := map[string]map[string][]string{}
	conflicts, err := ph.replica.Conflicts()
	if err != nil {
		return answer{}, err
	}
	for _, c := range conflicts {
		id := c.RecordID
		if listed[id] == nil {
			listed[id] = map[string][]string{}
		}
		for _, o := range c.Others {
			listed[id][c.Field] = append(listed[id][c.Field], string(o.JSON))
		}
	}
	var a answer
	for _, id := range p.records {
		rec, err := ph.replica.Get(id)
		if err != nil {
			return a, err
		}
		m := &recordv1.Premises{}
		if err := rec.Read(m); err != nil {
			return a, err
		}
		a.Rows = append(a.Rows, contested{
			ID:        id.String(),
			Rooms:     append(listed[id.String()]["rooms"], fmt.Sprint(m.GetRooms())),
			Headcount: append(listed[id.String()]["headcount"], fmt.Sprint(m.GetHeadcount())),
		})
	}
	return a, nil
}

// judgeClash counts, from the values alone that each phone was made to write,
// what neither phone shows or lists any more. It does not ask the engine.
func judgeClash(w *W3, first, second []contested) {
	w.Agree = len(first) == len(second)
	half := len(first) / 2
	for n := range first {
		views := [2]contested{first[n], second[n]}
		w.Agree = w.Agree && shows(views[0]) == shows(views[1])
		both := true
		for _, v := range views {
			rooms := slices.Contains(v.Rooms, fmt.Sprint(roomsOf(0, n)))
			other := slices.Contains(v.Rooms, fmt.Sprint(roomsOf(1, n)))
			if n >= half {
				other = slices.Contains(v.Headcount, fmt.Sprint(headcountOf(n)))
				both = both && rooms && other
			}
			for _, found := range []bool{rooms, other} {
				if !found {
					w.SilentlyLost++
				}
			}
		}
		if n >= half && both {
			w.BothVisible++
		}
	}
}

func shows(c contested) string {
	return fmt.Sprint(c.Rooms[len(c.Rooms)-1], c.Headcount[len(c.Headcount)-1])
}
