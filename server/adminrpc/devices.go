package adminrpc

import (
	"context"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// ListDevices gives all devices with what each last said of itself.
func (s *Service) ListDevices(ctx context.Context, _ *adminv1.ListDevicesRequest) (*adminv1.ListDevicesResponse, error) {
	return answer(ctx, s, overseers, func(c *caller) (*adminv1.ListDevicesResponse, error) {
		out := &adminv1.ListDevicesResponse{}
		err := s.realm.View(c.ctx, func(r store.Reader) error {
			devices, err := identity.Devices(r)
			if err != nil {
				return err
			}
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

func wireDevice(r store.Reader, d identity.Device) (*adminv1.Device, error) {
	user, err := identity.GetUser(r, d.UserID)
	if err != nil {
		return nil, err
	}
	contact, err := identity.GetContact(r, d.Incarnation)
	return &adminv1.Device{
		Id: d.Incarnation[:], UserId: d.UserID[:], UserName: user.Name, Name: d.Name, State: adminv1.DeviceState(d.State),
		EnrolledMs: int64(d.EnrolledAt), ParentId: bytesOf(d.Parent),
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

// RevokeDevice ends the trust in a device for good.
func (s *Service) RevokeDevice(ctx context.Context, req *adminv1.RevokeDeviceRequest) (*adminv1.RevokeDeviceResponse, error) {
	return answer(ctx, s, operators, func(c *caller) (*adminv1.RevokeDeviceResponse, error) {
		id, err := idOf("device", req.GetDeviceId())
		if err != nil {
			return nil, err
		}
		err = s.realm.Update(c.ctx, func(w store.Writer) error {
			if err := identity.RevokeDevice(w, id); err != nil {
				return err
			}
			return s.act(w, c, accessledger.Entry{Action: accessledger.DeviceRevoke, Devices: []syncengine.ID{id}})
		})
		return &adminv1.RevokeDeviceResponse{}, err
	})
}
