package exchange

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/domain"
	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

const (
	// LookFor is how long a door that was looked up may be shown: long enough to read
	// it out at a door or in a call, and too short to work from.
	LookFor syncengine.UnixMilli = 10 * 60_000
	// LooksPerDayMax bounds the doors that one user looks up within 24 hours: whoever
	// needs more works there and is granted the doors.
	LooksPerDayMax = 20
	// lookReasonCharsMin and lookReasonCharsMax bound a reason: more than a dot, and no story.
	lookReasonCharsMin, lookReasonCharsMax = 4, 200

	lookDay syncengine.UnixMilli = 24 * 60 * 60_000

	bucketLooks = "looks"
	kindOfDoors = syncengine.KindNumber(recordv1.Kind_KIND_PREMISES)
	kindOfTasks = syncengine.KindNumber(recordv1.Kind_KIND_TASK)
)

// Look asks to be shown one door outside of the user's area.
type Look struct {
	User syncengine.ID
	// Device is zero for a look from the console.
	Device syncengine.ID
	// Door or Address names the door; the other is zero.
	Door    syncengine.ID
	Address string
	// Reason is told to the territory's officer and stands in the access ledger.
	Reason string
}

// Looked is a door as it may be shown, with the fields that the user's role may
// read of a door, until a time.
type Looked struct {
	Door   syncengine.ID
	Fields []byte
	Until  syncengine.UnixMilli
}

// LookUp shows one door outside of a user's area. In the transaction that reads
// it the look is counted, noted in the access ledger, and the officer of the
// territory gets a task that says who looked and why; a second look at the same
// door before the first has ended tells nobody anew. Nothing else follows from
// it: no grant, no copy.
func (s *Service) LookUp(ctx context.Context, q Look) (out Looked, err error) {
	if err := checkLookReason(q.Reason); err != nil {
		return out, err
	}
	id, err := s.lookedFor(ctx, q)
	if err != nil {
		return out, err
	}
	err = s.inGroup(ctx, func(k *work) (err error) {
		out, err = k.look(q, id)
		return err
	})
	return out, err
}

func checkLookReason(reason string) error {
	if n := utf8.RuneCountInString(strings.TrimSpace(reason)); n < lookReasonCharsMin || n > lookReasonCharsMax {
		return fmt.Errorf("a reason of %d characters, %d to %d are needed: %w", n, lookReasonCharsMin, lookReasonCharsMax, ErrLookReason)
	}
	if found := domain.CheckFreeText("reason", reason); len(found) > 0 {
		return fmt.Errorf("%s: %w", found[0].EN, ErrLookReason)
	}
	return nil
}

// lookedFor finds the door that is meant: by its id, or the one whose address is just this.
func (s *Service) lookedFor(ctx context.Context, q Look) (id syncengine.ID, err error) {
	if (q.Address == "") == q.Door.IsZero() {
		return id, badRequest("name the door by its id or by its address")
	}
	if q.Address == "" {
		return q.Door, nil
	}
	kind, _ := s.Schema().Kind(kindOfDoors)
	address, _ := kind.FieldByName("address")
	found := 0
	err = s.store.View(ctx, func(r store.Reader) error {
		var failed error
		err := r.Records(func(row store.Record) bool {
			if row.Kind != kindOfDoors {
				return true
			}
			var rec *syncengine.Record
			if rec, failed = wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body); failed != nil {
				return false
			}
			if !rec.Dead() && addressOf(rec, address) == strings.TrimSpace(q.Address) {
				id, found = rec.ID, found+1
			}
			return true
		})
		if failed != nil {
			return failed
		}
		return err
	})
	if err == nil && found != 1 {
		err = fmt.Errorf("%d doors have just this address, one is needed: %w", found, ErrLookDoor)
	}
	return id, err
}

func addressOf(rec *syncengine.Record, address *schema.Field) string {
	cell, ok := rec.Find(syncengine.CellKey{Field: address.Engine.Number})
	if !ok || cell.Shown().Cleared {
		return ""
	}
	m := &recordv1.Premises{}
	if proto.Unmarshal(cell.Shown().Data, m) != nil {
		return ""
	}
	return strings.TrimSpace(m.GetAddress())
}

// look decides one look and makes what follows from it.
func (k *work) look(q Look, id syncengine.ID) (out Looked, err error) {
	rec, err := k.record(id)
	if err != nil {
		return out, err
	}
	if rec == nil || rec.Kind != kindOfDoors || rec.Dead() {
		return out, fmt.Errorf("no such door: %w", ErrLookDoor)
	}
	user, err := k.mayLook(q, rec)
	if err != nil {
		return out, err
	}
	open, looks, err := k.looksOf(q.User, id)
	if err != nil {
		return out, err
	}
	out = Looked{Door: id, Until: open}
	if open == 0 {
		if looks >= LooksPerDayMax {
			return Looked{}, fmt.Errorf("%d doors were looked up within a day, no more are allowed: ask to be granted the doors: %w", looks, ErrLookMany)
		}
		out.Until = k.now + LookFor
		k.put(bucketLooks, numberedKey(q.User, uint64(k.now)), &storedv1.Look{DoorId: id[:], UntilMs: int64(out.Until)})
	}
	kind, _ := k.kind(kindOfDoors)
	classes := k.schema.Access.ReadClasses(kindOfDoors, schema.RolesOf(user.Role))
	var seen accessledger.Looks
	out.Fields = shownOf(kind, rec, classes, &seen, k.schema.Access.Sealed())
	about := seen.Records()
	if len(about) == 0 {
		about = accessledger.About(kindOfDoors, id)
	}
	line := accessledger.Entry{
		At: k.now, Action: accessledger.BreakGlass, Actor: accessledger.Actor{User: q.User, Device: q.Device}, Records: about, Reason: q.Reason,
	}
	if err := line.Check(); err != nil {
		return Looked{}, err
	}
	k.note(line)
	if open != 0 {
		return out, nil
	}
	return out, k.tellOfficer(q, user, rec)
}

// mayLook wants a role that counts through breaking the glass, and a door outside of its area.
func (k *work) mayLook(q Look, rec *syncengine.Record) (identity.User, error) {
	user, err := k.svc.caches.user(k.w, q.User)
	if err != nil {
		return user, err
	}
	access := k.schema.Access
	if user.State != identity.UserActive || !access.Counts(user.Role, recordv1.Relation_RELATION_BREAK_GLASS) {
		return user, fmt.Errorf("the role %s looks nothing up outside of its area: %w", domain.Role(user.Role), ErrLookRole)
	}
	view, err := k.view(identity.Device{UserID: q.User, Incarnation: authorID(q.User, k.world.History.Epoch)}, 0)
	if err != nil {
		return user, err
	}
	if access.ReadClasses(kindOfDoors, view.Over(rec.CurrentKeys())) != 0 {
		return user, fmt.Errorf("the door lies in the user's own area: sync shows it: %w", ErrLookOwn)
	}
	return user, nil
}

// looksOf counts what a user looked up within a day, forgets what is older, and
// tells until when a look at a door is open; 0 for none.
func (k *work) looksOf(user, door syncengine.ID) (open syncengine.UnixMilli, looks int, err error) {
	var failed error
	err = k.w.Documents(bucketLooks, user[:], numberedKey(user, 1<<64-1), func(d store.Document) bool {
		if syncengine.UnixMilli(seqOfKey(d.Key[16:]))+lookDay <= k.now {
			k.drop(bucketLooks, d.Key)
			return true
		}
		m := &storedv1.Look{}
		if failed = proto.Unmarshal(d.Value, m); failed != nil {
			return false
		}
		looks++
		if until := syncengine.UnixMilli(m.GetUntilMs()); string(m.GetDoorId()) == string(door[:]) && until > k.now {
			open = until
		}
		return true
	})
	if failed != nil {
		err = failed
	}
	return open, looks, err
}

// shownOf encodes what is shown of a record in some classes, and notes which sealed fields that were.
func shownOf(kind *schema.Kind, rec *syncengine.Record, classes schema.Classes, seen *accessledger.Looks, sealed schema.Classes) (fields []byte) {
	for i := range rec.Cells {
		c := &rec.Cells[i]
		class, ok := kind.Engine.Class(c.Key.Field)
		if !ok || c.Key.Field == syncengine.LifeField || !classes.Has(class) || c.Shown().Cleared {
			continue
		}
		fields = append(fields, c.Shown().Data...)
		if sealed.Has(class) {
			seen.Add(rec.Kind, rec.ID, c.Key.Field)
		}
	}
	return fields
}

// tellOfficer makes the task by which the officer of the door's territory learns of
// a look. The reason stands in its detail, which helpers never get.
func (k *work) tellOfficer(q Look, user identity.User, rec *syncengine.Record) error {
	officer, err := k.officerOf(rec)
	if err != nil {
		return err
	}
	what, why := "应急查询告知："+user.Name+"查看了本门", "规则 break_glass：辖区外联网查询，限时"
	task := &recordv1.Task{What: &what, Why: &why, Detail: &q.Reason, PremisesId: rec.ID[:], State: recordv1.TaskState_TASK_STATE_MADE.Enum()}
	if !officer.IsZero() {
		task.ForUser = officer[:]
	}
	_, err = k.writeAll(syncengine.ID{}, []ServerChange{{RecordID: k.svc.NewID(), Kind: kindOfTasks, Create: true, Fields: task}})
	return err
}

// officerOf gives the officer whom the door names, or else the first whose
// territory it lies in; zero when there is none.
func (k *work) officerOf(rec *syncengine.Record) (syncengine.ID, error) {
	kind, _ := k.kind(kindOfDoors)
	m := &recordv1.Premises{}
	var none accessledger.Looks
	if err := proto.Unmarshal(shownOf(kind, rec, ^schema.Classes(0), &none, 0), m); err != nil {
		return syncengine.ID{}, err
	}
	if id, ok := syncengine.IDFromBytes(m.GetOfficer()); ok {
		if u, err := k.svc.caches.user(k.w, id); err == nil && u.State == identity.UserActive {
			return id, nil
		}
	}
	territory, _ := syncengine.IDFromBytes(m.GetTerritory())
	users, err := identity.Users(k.w)
	for _, u := range users {
		if recordv1.Role(u.Role) == recordv1.Role_ROLE_POLICE_OFFICER && u.State == identity.UserActive && k.tree.Covers(u.TerritoryID, territory) {
			return u.ID, err
		}
	}
	return syncengine.ID{}, err
}

// LookUpSigned answers a phone's look-up. A nonce that is not fresh shows nothing
// and costs one more trip, so that a captured request reads nothing.
func (s *Service) LookUpSigned(ctx context.Context, req *syncv1.LookUpRequest) (*syncv1.LookUpResponse, error) {
	body := &syncv1.LookUpBody{}
	if err := proto.Unmarshal(req.GetBody(), body); err != nil {
		return nil, badRequest("look-up: %v", err)
	}
	if body.GetRealm() != s.realm.Code {
		return nil, fmt.Errorf("%w: the phone belongs to %06d, this server serves %06d", ErrWrongRealm, body.GetRealm(), s.realm.Code)
	}
	incarnation, ok := syncengine.IDFromBytes(body.GetIncarnation())
	if !ok {
		return nil, badRequest("incarnation of %d bytes", len(body.GetIncarnation()))
	}
	device, at, err := s.callerOf(ctx, incarnation)
	if err != nil {
		return nil, err
	}
	if !ed25519.Verify(device.PublicKey, wire.LookUpMessage(req.GetBody()), req.GetSignature()) {
		return nil, ErrBadSignature
	}
	if device.State != identity.DeviceActive {
		return nil, fmt.Errorf("the device is revoked: %w", ErrLookRefused)
	}
	state, next, err := s.useNonce(ctx, incarnation, body.GetNonce(), at)
	if err != nil {
		return nil, err
	}
	if next == nil {
		next = s.nonces.issue(incarnation)
	}
	out := &syncv1.LookUpResponse{NonceState: state, Nonce: next}
	if state != syncv1.NonceState_NONCE_STATE_UNSPECIFIED {
		return out, nil
	}
	door, _ := syncengine.IDFromBytes(body.GetDoorId())
	looked, err := s.LookUp(ctx, Look{User: device.UserID, Device: incarnation, Door: door, Address: body.GetAddress(), Reason: body.GetReason()})
	if err != nil {
		return nil, err
	}
	out.DoorId, out.Fields, out.UntilMs = looked.Door[:], looked.Fields, int64(looked.Until)
	return out, nil
}
