package adminrpc

import (
	"fmt"
	"slices"

	"google.golang.org/grpc"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/server/accessledger"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// ListAffected gives the records whose sealed fields a device or an account has
// seen, and those that it wrote: whose data a leak of either could show (Personal
// Information Protection Law, article 57).
func (s *Service) ListAffected(req *adminv1.ListAffectedRequest, stream grpc.ServerStreamingServer[adminv1.ListAffectedResponse]) error {
	_, err := answer(stream.Context(), s, overseers, func(c *caller) (struct{}, error) {
		list, err := s.affected(c, req)
		for _, x := range list {
			if err != nil {
				break
			}
			err = stream.Send(wireExposure(x))
		}
		return struct{}{}, err
	})
	return err
}

func (s *Service) affected(c *caller, req *adminv1.ListAffectedRequest) ([]accessledger.Exposure, error) {
	user, err := optionalID("user", req.GetUserId())
	if err != nil {
		return nil, err
	}
	device, err := optionalID("device", req.GetDeviceId())
	if err != nil {
		return nil, err
	}
	if user.IsZero() == device.IsZero() {
		return nil, fmt.Errorf("name either the device or the user: %w", errInvalid)
	}
	since, until := syncengine.UnixMilli(req.GetSinceMs()), syncengine.UnixMilli(req.GetUntilMs())
	found := accessledger.NewExposures()
	err = s.realm.View(c.ctx, func(r store.Reader) error {
		devices, err := devicesOf(r, user, device)
		if err != nil {
			return err
		}
		for _, d := range devices {
			err := s.realm.WrittenSealed(r, d, func(e store.Entry, fields []syncengine.FieldNumber) {
				if e.Stamp >= since && (until == 0 || e.Stamp < until) {
					found.Wrote(e.RecordID, e.Kind, fields, e.Stamp)
				}
			})
			if err != nil {
				return err
			}
		}
		return found.Read(r, since, until, func(a accessledger.Actor) bool {
			return !user.IsZero() && a.User == user || slices.Contains(devices, a.Device)
		})
	})
	return found.List(), err
}

// devicesOf gives the devices of a user, or a device with the copies of its database.
func devicesOf(r store.Reader, user, device syncengine.ID) ([]syncengine.ID, error) {
	all, err := identity.Devices(r)
	if err != nil {
		return nil, err
	}
	if !user.IsZero() {
		var out []syncengine.ID
		for _, d := range all {
			if d.UserID == user {
				out = append(out, d.Incarnation)
			}
		}
		return out, nil
	}
	out := []syncengine.ID{device}
	for i := 0; i < len(out); i++ {
		for _, d := range all {
			if d.Parent == out[i] && !slices.Contains(out, d.Incarnation) {
				out = append(out, d.Incarnation)
			}
		}
	}
	return out, nil
}

func wireExposure(x accessledger.Exposure) *adminv1.ListAffectedResponse {
	return &adminv1.ListAffectedResponse{
		RecordId: x.Record[:], RecordKind: recordv1.Kind(x.Kind), Fields: fieldNumbers(x.Fields),
		FirstMs: int64(x.First), LastMs: int64(x.Last), Times: uint32(x.Times), Written: x.Written,
	}
}
