package adminrpc

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// ListDevices gives a page of the devices with what each last said of itself.
func (s *Service) ListDevices(ctx context.Context, req *adminv1.ListDevicesRequest) (*adminv1.ListDevicesResponse, error) {
	return answer(ctx, s, overseers, func(c *caller) (*adminv1.ListDevicesResponse, error) {
		begin, err := after(req.GetPageToken())
		if err != nil {
			return nil, err
		}
		user, err := optionalID("user", req.GetUserId())
		if err != nil {
			return nil, err
		}
		out := &adminv1.ListDevicesResponse{}
		err = s.realm.View(c.ctx, func(r store.Reader) error {
			devices, next, err := devicesOn(r, user, begin, pageOf(req.GetLimit()))
			if err != nil {
				return err
			}
			out.NextPageToken = wire.BytesOf(next)
			for _, d := range devices {
				m, err := wireDevice(r, d)
				if err != nil {
					return err
				}
				out.Devices = append(out.Devices, m)
			}
			return nil
		})
		return out, err
	})
}

// devicesOn gives all devices of a user, or else those of a page and where the next one begins.
func devicesOn(r store.Reader, user, begin syncengine.ID, limit int) (page []identity.Device, next syncengine.ID, err error) {
	if !user.IsZero() {
		page, err = identity.DevicesOfUser(r, user)
		return page, next, err
	}
	err = identity.WalkDevices(r, begin, func(d identity.Device) bool {
		if len(page) == limit {
			next = page[limit-1].Incarnation
			return false
		}
		page = append(page, d)
		return true
	})
	return page, next, err
}

func wireDevice(r store.Reader, d identity.Device) (*adminv1.Device, error) {
	user, err := identity.GetUser(r, d.UserID)
	if err != nil {
		return nil, err
	}
	contact, err := identity.GetContact(r, d.Incarnation)
	wiped := &syncv1.WipeReceipt{}
	if err := proto.Unmarshal(d.WipeReceipt, wiped); err != nil {
		return nil, fmt.Errorf("receipt of the wipe of %s: %w", d.Incarnation, err)
	}
	return &adminv1.Device{
		WipeOrderedMs: int64(d.WipeOrdered), WipedMs: wiped.GetWipedMs(), Loss: wireLoss(d.Loss),
		Id: d.Incarnation[:], UserId: d.UserID[:], UserName: user.Name, Name: d.Name, State: adminv1.DeviceState(d.State),
		EnrolledMs: int64(d.EnrolledAt), ParentId: wire.BytesOf(d.Parent),
		LastContactMs: int64(contact.LastContact), Pending: contact.Pending, OldestPendingMs: int64(contact.OldestPending),
		CheckpointEpoch: uint32(contact.Checkpoint.Epoch), CheckpointSeq: uint64(contact.Checkpoint.Seq), AppVersion: contact.AppVersion,
	}, err
}

// CreateJoinCode makes a code with which a user enrols one device.
func (s *Service) CreateJoinCode(ctx context.Context, req *adminv1.CreateJoinCodeRequest) (*adminv1.CreateJoinCodeResponse, error) {
	return answer(ctx, s, operators, func(c *caller) (*adminv1.CreateJoinCodeResponse, error) {
		user, err := idOf("user", req.GetUserId())
		if err != nil {
			return nil, err
		}
		out := &adminv1.CreateJoinCodeResponse{}
		err = s.realm.Update(c.ctx, func(w store.Writer) error {
			code, expires, err := identity.NewCode(w, user, s.now(), s.random)
			if err != nil {
				return err
			}
			out.Code, out.ExpiresMs = string(code), int64(expires)
			return s.act(w, c, accessledger.Entry{Action: accessledger.JoinCode, Users: []syncengine.ID{user}})
		})
		return out, err
	})
}

// wireLoss is the statement of what was on a device; nil for none.
func wireLoss(m *storedv1.DeviceLoss) *adminv1.DeviceLoss {
	if m == nil {
		return nil
	}
	out := &adminv1.DeviceLoss{
		AtMs: m.GetAtMs(), Reason: m.GetReason(), LastContactMs: m.GetLastContactMs(), Contacts: m.GetContacts(),
		Unsent: m.GetUnsent(), UnsentSinceMs: m.GetUnsentSinceMs(),
	}
	for _, c := range m.GetRecords() {
		name := recordv1.Kind(c.GetKind()).String()
		out.Records = append(out.Records, &adminv1.KindCount{Kind: strings.ToLower(strings.TrimPrefix(name, "KIND_")), Count: c.GetCount()})
	}
	return out
}

// lossText says the same shortly, for the access ledger; the device keeps it by kind.
func lossText(d identity.Device) string {
	var records uint64
	for _, c := range d.Loss.GetRecords() {
		records += c.GetCount()
	}
	text := fmt.Sprintf("%d records, %d contacts, %d unsent", records, d.Loss.GetContacts(), d.Loss.GetUnsent())
	if since := d.Loss.GetUnsentSinceMs(); since != 0 {
		text += " since " + time.UnixMilli(since).UTC().Format(time.RFC3339)
	}
	return text
}

// RevokeDevice ends the trust in a device for good, and states what was probably on
// it; it may order it to be wiped besides.
func (s *Service) RevokeDevice(ctx context.Context, req *adminv1.RevokeDeviceRequest) (*adminv1.RevokeDeviceResponse, error) {
	return answer(ctx, s, operators, func(c *caller) (*adminv1.RevokeDeviceResponse, error) {
		id, err := idOf("device", req.GetDeviceId())
		if err != nil {
			return nil, err
		}
		out := &adminv1.RevokeDeviceResponse{}
		err = s.realm.Update(c.ctx, func(w store.Writer) error {
			d, err := identity.GetDevice(w, id)
			if err != nil {
				return err
			}
			loss, err := s.realm.Lost(w, d)
			if err != nil {
				return err
			}
			loss.AtMs, loss.By, loss.Reason = int64(s.now()), wire.BytesOf(c.UserID), req.GetReason()
			if d, err = identity.EndDevice(w, id, req.GetWipe(), loss); err != nil {
				return err
			}
			if out.Device, err = wireDevice(w, d); err != nil {
				return err
			}
			action := accessledger.DeviceRevoke
			if req.GetWipe() {
				action = accessledger.DeviceWipe
			}
			return s.act(w, c, accessledger.Entry{
				Action: action, Devices: []syncengine.ID{id}, Users: []syncengine.ID{d.UserID}, Reason: req.GetReason(), Place: lossText(d),
			})
		})
		return out, err
	})
}
