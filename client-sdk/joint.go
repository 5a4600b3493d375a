package client

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/client-sdk/internal/localdb"
	"onedoor/domain"
	"onedoor/domain/calendar"
	"onedoor/internal/recordjson"
	"onedoor/syncengine"
)

// JointPart is what one worker brings to a visit that several make together.
type JointPart struct {
	// Door is the door at which they stand. Grid is the code of a territory instead, for a patrol or a door that is not on
	// every phone yet. Exactly one is needed; a visit for a task stands at the task's door.
	Door syncengine.ID
	Grid string
	// Contribution is the worker's own text, beside those of the others; empty for having been there.
	Contribution string
	// Note is one text for the whole visit, for the first to write; empty for none.
	Note string
	// Outcome is what came of it; 0 leaves it to the others.
	Outcome recordv1.VisitOutcome
	// Date is the day of the code, such as 2026-03-10, for a phone whose clock is wrong; empty for today, and for a code also
	// the days beside it.
	Date string
}

// JointVisit is a visit that several make together, as one of them holds it.
type JointVisit struct {
	// Visit is its id, the same on the phones of all.
	Visit syncengine.ID
	// Code is what the others type, said in groups; empty for a visit that begins from a task.
	Code string
	// Date is the day of the code.
	Date string
}

// presentText is the contribution of who has nothing to say: that they were there.
const presentText = "到场"

// jointDrawsMax bounds how often a code is drawn whose visit is on the phone already. One draw in a million meets one.
const jointDrawsMax = 8

// BeginJoint begins a visit that several make together, and gives the code by which the others join it, each on their own
// phone, all without a signal. What they write meets in one visit when their phones have synced, in whatever order.
func (r *Replica) BeginJoint(part JointPart) (*JointVisit, error) {
	place, days, err := r.jointPlace(&part)
	if err != nil {
		return nil, err
	}
	day := days[0]
	for range jointDrawsMax {
		var b [8]byte
		r.draw(b[:])
		code := domain.NewJointCode(domain.ID(place), day, binary.BigEndian.Uint64(b[:]))
		id, _ := code.VisitAt(domain.ID(place), day)
		if known, err := r.holds(syncengine.ID(id)); err != nil {
			return nil, err
		} else if known {
			continue
		}
		out := &JointVisit{Visit: syncengine.ID(id), Code: code.String(), Date: dateText(day)}
		return out, r.writeJoint(out.Visit, place, &part, nil)
	}
	return nil, errors.New("the random source gives the same code again and again")
}

// JoinVisit adds this worker's part to a visit that somebody else began, by the code that they read out. The place has to be
// the same as theirs. It works before the first phone has synced and after.
func (r *Replica) JoinVisit(text string, part JointPart) (*JointVisit, error) {
	code, ok := domain.ParseJointCode(text)
	if !ok {
		return nil, refuse("code", "visit.joint_code", "口令是10位数字，请再核对一遍。", "the code has 10 digits: ask for it again")
	}
	place, days, err := r.jointPlace(&part)
	if err != nil {
		return nil, err
	}
	for _, day := range days {
		if id, fits := code.VisitAt(domain.ID(place), day); fits {
			out := &JointVisit{Visit: syncengine.ID(id), Code: code.String(), Date: dateText(day)}
			return out, r.writeJoint(out.Visit, place, &part, nil)
		}
	}
	return nil, refuse("code", "visit.joint_code_elsewhere",
		"口令与这一户、这一天对不上。请核对数字、所选房屋和手机日期；房屋只在对方手机上有时，双方都改选所在网格重新发起。",
		"the code is not of this place and day: check the digits, the door and the phone's date; where the door is on the other phone only, begin again by the grid")
}

// JoinTask adds this worker's part to the visit that several make for a task which each has on their phone. It needs no code,
// and whoever comes first begins it.
func (r *Replica) JoinTask(id syncengine.ID, part JointPart) (*JointVisit, error) {
	record, err := r.Get(id)
	if err != nil {
		return nil, err
	}
	task := &recordv1.Task{}
	if err := record.Read(task); err != nil {
		return nil, err
	}
	if door, ok := syncengine.IDFromBytes(task.GetPremisesId()); ok && part.Door.IsZero() && part.Grid == "" {
		part.Door = door
	}
	place, _, err := r.jointPlace(&part)
	if err != nil {
		return nil, err
	}
	out := &JointVisit{Visit: syncengine.ID(domain.JointVisitOfTask(domain.ID(id)))}
	return out, r.writeJoint(out.Visit, place, &part, id[:])
}

// jointPlace gives the id of the place, and the days of which a code may be, the most likely first.
func (r *Replica) jointPlace(part *JointPart) (place syncengine.ID, days []domain.Days, err error) {
	if part.Door.IsZero() == (part.Grid == "") {
		return place, nil, refuse("premises_ids", "visit.joint_place", "请选择房屋，或者所在的网格，两者选一。",
			"name the door at which you stand, or the grid: one of the two")
	}
	err = r.reading(func(tx *localdb.Tx, s *state) error {
		if place, err = r.jointPlaceIn(tx, part); err != nil {
			return err
		}
		days, err = jointDays(part.Date, domain.UnixMilli(s.time(r.now())))
		return err
	})
	return place, days, err
}

func (r *Replica) jointPlaceIn(tx *localdb.Tx, part *JointPart) (syncengine.ID, error) {
	if part.Grid != "" {
		p, err := r.placesIn(tx)
		if err != nil {
			return syncengine.ID{}, err
		}
		id, known := p.TerritoryID(part.Grid)
		if !known {
			return id, fmt.Errorf("territory %s: %w", part.Grid, ErrUnknownPlace)
		}
		return id, nil
	}
	row, ok, err := tx.Record(part.Door)
	switch {
	case err != nil:
		return part.Door, err
	case !ok || row.Kind != kindPremises:
		return part.Door, fmt.Errorf("door %s: %w", part.Door, ErrNotFound)
	}
	return part.Door, nil
}

func jointDays(date string, now domain.UnixMilli) ([]domain.Days, error) {
	if date == "" {
		today := now.ShanghaiDay()
		return []domain.Days{today, today - 1, today + 1}, nil
	}
	day, err := calendar.ParseDay(date)
	if err != nil {
		return nil, refuse("date", "plan.date", "日期请写成2026-03-10这样。", err.Error())
	}
	return []domain.Days{day}, nil
}

func dateText(day domain.Days) string { return calendar.Date(day).Format(time.DateOnly) }

// holds reports that a record is on the phone.
func (r *Replica) holds(id syncengine.ID) (known bool, err error) {
	err = r.reading(func(tx *localdb.Tx, _ *state) error {
		_, known, err = tx.Record(id)
		return err
	})
	return known, err
}

// writeJoint writes one worker's part. Of a visit that is on the phone already only that is written, so that nothing the
// others said is said again.
func (r *Replica) writeJoint(id, place syncengine.ID, part *JointPart, task []byte) error {
	known, err := r.holds(id)
	if err != nil {
		return err
	}
	own := &recordv1.Visit{Contributions: map[string]string{r.Self().UserID: cmp.Or(part.Contribution, presentText)}}
	if part.Note != "" {
		own.Note = proto.String(part.Note)
	}
	if part.Outcome != 0 {
		own.Outcome = part.Outcome.Enum()
	}
	if known {
		return r.Edit(id, own)
	}
	own.Purpose, own.TaskId = recordv1.VisitPurpose_VISIT_PURPOSE_JOINT.Enum(), task
	if part.Grid == "" {
		own.PremisesIds = [][]byte{place[:]}
	} else {
		own.Territory = place[:]
	}
	return r.AddWithID(id, own)
}

// JSON gives a joint visit as {"id", "code", "date"}; code and date are null for a visit of a task.
func (j *JointVisit) JSON() recordjson.Object {
	return recordjson.Object{}.With(recordjson.NameID, j.Visit.String()).With("code", orNull(j.Code)).With("date", orNull(j.Date))
}
