package adminrpc

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/grpc"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// PlanHandover tells whom and what a handover concerns.
func (s *Service) PlanHandover(ctx context.Context, req *adminv1.PlanHandoverRequest) (*adminv1.PlanHandoverResponse, error) {
	return answer(ctx, s, operators, func(c *caller) (*adminv1.PlanHandoverResponse, error) {
		out := &adminv1.PlanHandoverResponse{}
		err := s.realm.View(c.ctx, func(r store.Reader) error {
			h, err := s.handover(r, req.GetHandover())
			if err != nil {
				return err
			}
			out.Plan, err = h.plan(r)
			return err
		})
		return out, err
	})
}

// HandOver gives doors to another worker, a transaction a door: the door with its
// open tasks and cases, so that a handover which is cut off leaves each door whole
// with one or the other. Asked again it goes on where it was.
func (s *Service) HandOver(req *adminv1.HandOverRequest, stream grpc.ServerStreamingServer[adminv1.HandOverResponse]) error {
	_, err := answer(stream.Context(), s, operators, func(c *caller) (struct{}, error) {
		var h *handover
		err := s.realm.View(c.ctx, func(r store.Reader) (err error) {
			h, err = s.handover(r, req.GetHandover())
			return err
		})
		if err != nil {
			return struct{}{}, err
		}
		if err := h.begin(c); err != nil {
			return struct{}{}, fmt.Errorf("begin the handover: %w", err)
		}
		for i, door := range h.doors {
			passed, err := h.pass(c, door)
			if err != nil {
				return struct{}{}, fmt.Errorf("hand over door %s, %d of %d: %w: ask again to go on", door, i+1, len(h.doors), err)
			}
			m := &adminv1.HandOverResponse{Done: uint32(i + 1), Total: uint32(len(h.doors)), DoorId: wire.BytesOf(door), PassedOn: uint32(passed)}
			if err := stream.Send(m); err != nil {
				return struct{}{}, err
			}
		}
		if err := h.end(c); err != nil {
			return struct{}{}, fmt.Errorf("end the handover: %w: ask again to go on", err)
		}
		last := &adminv1.HandOverResponse{Done: uint32(len(h.doors)), Total: uint32(len(h.doors))}
		err = s.realm.View(c.ctx, func(r store.Reader) (err error) {
			last.After, err = h.plan(r)
			return err
		})
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, stream.Send(last)
	})
	return err
}

// handover is one as it was asked for.
type handover struct {
	service *Service
	id      syncengine.ID
	to      identity.User
	// grid is zero when doors are named.
	grid  syncengine.ID
	doors []syncengine.ID
	// from are those who held the doors when it began, ascending.
	from []syncengine.ID
}

// handover reads what is asked for, and whom it began with where it was cut off.
func (s *Service) handover(r store.Reader, m *adminv1.Handover) (*handover, error) {
	h := &handover{service: s}
	to, err := idOf("user", m.GetToUserId())
	if err != nil {
		return nil, err
	}
	if h.to, err = identity.GetUser(r, to); err != nil {
		return nil, err
	}
	if h.to.State != identity.UserActive {
		return nil, fmt.Errorf("user %s: %w", to, identity.ErrUserClosed)
	}
	switch {
	case (m.GetGridCode() == "") == (len(m.GetDoorIds()) == 0):
		return nil, fmt.Errorf("name either doors or a grid: %w", errInvalid)
	case m.GetGridCode() != "":
		h.grid, h.doors, err = s.doorsOf(r, m.GetGridCode())
	default:
		h.doors, err = s.namedDoors(r, m.GetDoorIds())
	}
	if err != nil {
		return nil, err
	}
	named := h.doors
	if !h.grid.IsZero() {
		named = nil // A grid's doors may be others when it is asked for again.
	}
	h.id = identity.HandoverID(to, h.grid, named)
	begun, ok, err := identity.GetHandover(r, h.id)
	if err != nil {
		return nil, err
	}
	if ok {
		h.from = begun.From
	}
	return h, h.findHolders(r)
}

func (s *Service) namedDoors(r store.Reader, list [][]byte) ([]syncengine.ID, error) {
	if len(list) > identity.GrantRecordsMax {
		return nil, fmt.Errorf("%d doors, at most %d: hand a grid over, or doors in parts: %w", len(list), identity.GrantRecordsMax, errInvalid)
	}
	ids, err := idsOf("door", list)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(ids, compareIDs)
	ids = slices.Compact(ids)
	for _, id := range ids {
		if _, err := s.door(r, id); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

func compareIDs(a, b syncengine.ID) int { return slices.Compare(a[:], b[:]) }

// doorsOf finds a grid with its doors, ascending.
func (s *Service) doorsOf(r store.Reader, code string) (grid syncengine.ID, doors []syncengine.ID, err error) {
	if grid, err = territoryOf(r, code); err != nil {
		return grid, nil, err
	}
	tree, err := identity.LoadTree(r)
	if err != nil {
		return grid, nil, err
	}
	err = s.eachRecord(r, func(rec *syncengine.Record) error {
		if rec.Kind != kindPremises || rec.Dead() {
			return nil
		}
		at, err := territoryShown(rec)
		if tree.Covers(grid, at) {
			doors = append(doors, rec.ID)
		}
		return err
	})
	slices.SortFunc(doors, compareIDs)
	return grid, doors, err
}

// findHolders adds those who hold any of the doors now, and with a grid the workers whose own it is.
func (h *handover) findHolders(r store.Reader) error {
	for _, door := range h.doors {
		holder, err := identity.Assigned(r, identity.SlotWorker, door)
		if err != nil {
			return err
		}
		h.from = append(h.from, holder)
	}
	if !h.grid.IsZero() {
		users, err := identity.Users(r)
		if err != nil {
			return err
		}
		for _, u := range users {
			if u.TerritoryID == h.grid && u.State == identity.UserActive && u.Role == roleGridWorker {
				h.from = append(h.from, u.ID)
			}
		}
	}
	h.from = slices.DeleteFunc(h.from, func(id syncengine.ID) bool { return id.IsZero() || id == h.to.ID })
	slices.SortFunc(h.from, compareIDs)
	h.from = slices.Compact(h.from)
	return nil
}

// begin notes that it has begun; with a grid the new worker has the territory from here on.
func (h *handover) begin(c *caller) error {
	s := h.service
	return s.realm.Update(c.ctx, func(w store.Writer) error {
		begun := identity.Handover{To: h.to.ID, From: h.from, Began: s.now()}
		if err := identity.PutHandover(w, h.id, begun); err != nil {
			return err
		}
		if err := identity.CheckWorker(h.to); err != nil || h.grid.IsZero() {
			return err
		}
		return identity.TakeTerritory(w, h.to.ID, h.grid, s.now())
	})
}

// end takes the grid from those whose own it was, and the handover off the list.
func (h *handover) end(c *caller) error {
	s := h.service
	return s.realm.Update(c.ctx, func(w store.Writer) error {
		if !h.grid.IsZero() {
			for _, user := range h.from {
				if err := identity.GiveUpTerritory(w, user, h.grid, s.now()); err != nil {
					return err
				}
			}
		}
		return identity.EndHandover(w, h.id)
	})
}

// pass hands one door over with what is open about it, in one transaction, and
// tells how many tasks and cases went with it.
func (h *handover) pass(c *caller, id syncengine.ID) (passed int, err error) {
	s := h.service
	err = s.realm.UpdateAndWrite(c.ctx, c.UserID, func(w store.Writer) ([]exchange.ServerChange, error) {
		doors, changes, err := s.assignedDoors(w, []syncengine.ID{id}, h.to.ID, adminv1.Post_POST_WORKER)
		if err != nil {
			return nil, err
		}
		holder, err := identity.Assigned(w, identity.SlotWorker, id)
		if err != nil || holder == h.to.ID && len(changes) == 0 {
			return nil, errors.Join(err, errUnchanged)
		}
		open, err := h.openAbout(w, id, holder)
		if err != nil {
			return nil, err
		}
		passed = len(open)
		if err := identity.AssignDoors(w, identity.SlotWorker, h.to.ID, doors, s.now()); err != nil {
			return nil, err
		}
		users := slices.DeleteFunc([]syncengine.ID{holder, h.to.ID}, syncengine.ID.IsZero)
		return append(changes, open...), s.act(w, c, accessledger.Entry{
			Action: accessledger.Handover, Users: users, Records: accessledger.About(kindPremises, id),
		})
	})
	if errors.Is(err, errUnchanged) {
		return 0, nil
	}
	return passed, err
}

// errUnchanged ends a transaction that has nothing to do.
var errUnchanged = errors.New("nothing changes")
