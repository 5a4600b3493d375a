package adminrpc

import (
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// actor is the caller as the access ledger names it.
func (c *caller) actor() accessledger.Actor {
	return accessledger.Actor{User: c.UserID, Operator: operators(c.Principal)}
}

// act writes into the access ledger what a caller does, in the transaction that does it.
func (s *Service) act(w store.Writer, c *caller, e accessledger.Entry) error {
	e.At, e.Actor = s.now(), c.actor()
	_, err := accessledger.Append(w, e)
	return err
}

// placeOf lists codes, as many as a place has room for.
func placeOf(codes ...string) string {
	text := strings.Join(codes, " ")
	for utf8.RuneCountInString(text) > accessledger.PlaceCharsMax {
		text = text[:max(0, strings.LastIndexByte(text, ' '))]
	}
	return text
}

// someone lists an id; none for an absent one.
func someone(id syncengine.ID) []syncengine.ID {
	if id.IsZero() {
		return nil
	}
	return []syncengine.ID{id}
}

// ReadAccessLedger gives entries of the access ledger. Each page is read in a
// transaction of its own, so that a slow reader holds none open.
func (s *Service) ReadAccessLedger(req *adminv1.ReadAccessLedgerRequest, stream grpc.ServerStreamingServer[adminv1.ReadAccessLedgerResponse]) error {
	_, err := answer(stream.Context(), s, overseers, func(c *caller) (struct{}, error) {
		filter, err := filterOf(req)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.sendLedger(c, req, filter, stream)
	})
	return err
}

// sendLedger sends the entries that are wanted, a page after the other.
func (s *Service) sendLedger(c *caller, req *adminv1.ReadAccessLedgerRequest, filter accessledger.Filter, stream grpc.ServerStreamingServer[adminv1.ReadAccessLedgerResponse]) error {
	before, left := req.GetBeforeNumber(), int(req.GetLimit())
	for {
		page, err := s.ledgerPage(c, filter, before, req.GetNewestFirst(), left)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, m := range page {
			if err := stream.Send(&adminv1.ReadAccessLedgerResponse{Entry: m}); err != nil {
				return err
			}
		}
		if left > 0 {
			if left -= len(page); left == 0 {
				return nil
			}
		}
		last := page[len(page)-1].GetNumber()
		if req.GetNewestFirst() {
			before = last
		} else {
			filter.After = last
		}
	}
}

func filterOf(req *adminv1.ReadAccessLedgerRequest) (f accessledger.Filter, err error) {
	f = accessledger.Filter{
		Since: syncengine.UnixMilli(req.GetSinceMs()), Until: syncengine.UnixMilli(req.GetUntilMs()), After: req.GetAfterNumber(),
	}
	for _, a := range req.GetActions() {
		f.Actions = append(f.Actions, accessledger.Action(a))
	}
	if f.Record, err = optionalID("record", req.GetRecordId()); err != nil {
		return f, err
	}
	if f.User, err = optionalID("user", req.GetUserId()); err != nil {
		return f, err
	}
	f.Device, err = optionalID("device", req.GetDeviceId())
	return f, err
}

// ledgerPage reads the next entries that are wanted, at most as many as limit; 0 means as many as a page has room for.
func (s *Service) ledgerPage(c *caller, f accessledger.Filter, before uint64, newestFirst bool, limit int) (page []*adminv1.AccessEntry, err error) {
	if limit == 0 || limit > pageMax {
		limit = pageMax
	}
	err = s.realm.View(c.ctx, func(r store.Reader) error {
		names, bytes := map[syncengine.ID]string{}, 0
		take := func(e accessledger.Entry) bool {
			if before != 0 && e.Number >= before {
				return false
			}
			m := wireAccess(e, nameIn(r, names, e.Actor.User))
			page, bytes = append(page, m), bytes+proto.Size(m)
			return len(page) < limit && bytes < replyBytesMax
		}
		if newestFirst {
			return accessledger.WalkBack(r, f, before, take)
		}
		return accessledger.Walk(r, f, take)
	})
	return page, err
}

// nameIn gives the name of a user, empty where it is not known.
func nameIn(r store.Reader, names map[syncengine.ID]string, user syncengine.ID) string {
	name, ok := names[user]
	if !ok && !user.IsZero() {
		u, _ := identity.GetUser(r, user) // A user that a restore has lost has no name.
		name = u.Name
		names[user] = name
	}
	return name
}

func wireAccess(e accessledger.Entry, name string) *adminv1.AccessEntry {
	m := &adminv1.AccessEntry{
		Number: e.Number, AtMs: int64(e.At), Action: adminv1.AccessAction(e.Action), UserId: wire.BytesOf(e.Actor.User), UserName: name,
		DeviceId: wire.BytesOf(e.Actor.Device), Operator: e.Actor.Operator, AboutUsers: wire.BytesOfAll(e.Users), AboutDevices: wire.BytesOfAll(e.Devices),
		Reason: e.Reason, Place: e.Place,
	}
	if e.Number > 1 {
		m.Previous = e.Previous[:]
	}
	for _, t := range e.Records {
		m.Records = append(m.Records, &adminv1.AccessedRecords{
			RecordKind: recordv1.Kind(t.Kind), Fields: fieldNumbers(t.Fields), RecordIds: wire.BytesOfAll(t.IDs),
		})
	}
	return m
}

func fieldNumbers(list []syncengine.FieldNumber) []uint32 {
	out := make([]uint32, len(list))
	for i, f := range list {
		out[i] = uint32(f)
	}
	return out
}
