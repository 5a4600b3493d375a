package adminrpc

import (
	"context"
	"fmt"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/server/exchange"
)

// LookUp shows one door outside of the caller's area, for minutes.
func (s *Service) LookUp(ctx context.Context, req *adminv1.LookUpRequest) (*adminv1.LookUpResponse, error) {
	return answer(ctx, s, anyone, func(c *caller) (*adminv1.LookUpResponse, error) {
		if c.UserID.IsZero() {
			return nil, fmt.Errorf("the operator's token looks no door up: %w", errNotPermitted)
		}
		door, err := optionalID("door", req.GetDoorId())
		if err != nil {
			return nil, err
		}
		looked, err := s.realm.LookUp(c.ctx, exchange.Look{User: c.UserID, Door: door, Address: req.GetAddress(), Reason: req.GetReason()})
		if err != nil {
			return nil, err
		}
		return &adminv1.LookUpResponse{DoorId: looked.Door[:], Fields: looked.Fields, UntilMs: int64(looked.Until)}, nil
	})
}
