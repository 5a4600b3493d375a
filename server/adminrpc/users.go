package adminrpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/internal/importer"
	"onedoor/internal/wire"
	"onedoor/server/accessledger"
	"onedoor/server/directory"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// AddUser makes a user with a role over a territory.
func (s *Service) AddUser(ctx context.Context, req *adminv1.AddUserRequest) (*adminv1.AddUserResponse, error) {
	return answer(ctx, s, operators, func(c *caller) (*adminv1.AddUserResponse, error) {
		var u identity.User
		err := s.realm.UpdateAndWrite(c.ctx, c.UserID, func(w store.Writer) ([]exchange.ServerChange, error) {
			territory, err := territoryOf(w, req.GetTerritoryCode())
			if err != nil {
				return nil, err
			}
			if u, err = s.addUser(w, identity.User{Name: req.GetName(), Role: uint32(req.GetRole()), TerritoryID: territory, Department: req.GetDepartment()}); err != nil {
				return nil, err
			}
			if err := s.act(w, c, accessledger.Entry{Action: accessledger.UserAdd, Users: []syncengine.ID{u.ID}, Place: placeOf(req.GetTerritoryCode())}); err != nil {
				return nil, err
			}
			return s.toward(w, directory.Colleagues([]identity.User{u}))
		})
		if err != nil {
			return nil, fmt.Errorf("add user: %w", err)
		}
		return &adminv1.AddUserResponse{UserId: u.ID[:]}, nil
	})
}

// addUser makes a user who may work, under an id of its own.
func (s *Service) addUser(w store.Writer, u identity.User) (identity.User, error) {
	u.ID, u.State = s.realm.NewID(), identity.UserActive
	if err := identity.PutUser(w, u); err != nil {
		return u, err
	}
	_, err := identity.RefreshGrants(w, u.ID, s.now())
	return u, err
}

// ListUsers gives a page of the users in the order they were made.
func (s *Service) ListUsers(ctx context.Context, req *adminv1.ListUsersRequest) (*adminv1.ListUsersResponse, error) {
	return answer(ctx, s, anyone, func(c *caller) (*adminv1.ListUsersResponse, error) {
		begin, err := after(req.GetPageToken())
		if err != nil {
			return nil, err
		}
		named, err := idsOf("user", req.GetUserIds())
		if err != nil {
			return nil, err
		}
		if len(named) > pageMax {
			return nil, fmt.Errorf("%d users, at most %d: %w", len(named), pageMax, errInvalid)
		}
		out := &adminv1.ListUsersResponse{}
		err = s.realm.View(c.ctx, func(r store.Reader) error {
			tree, err := s.realm.Tree(r)
			if err != nil {
				return err
			}
			if len(named) > 0 {
				return namedUsers(r, tree, named, out)
			}
			return pageOfUsers(r, tree, begin, req, out)
		})
		return out, err
	})
}

// namedUsers gives the users of some ids.
func namedUsers(r store.Reader, tree *identity.Tree, ids []syncengine.ID, out *adminv1.ListUsersResponse) error {
	for _, id := range ids {
		u, err := identity.GetUser(r, id)
		if errors.Is(err, identity.ErrUserUnknown) {
			continue
		}
		if err != nil {
			return err
		}
		out.Users = append(out.Users, wireUser(tree, u))
	}
	return nil
}

// pageOfUsers gives the users above an id that fit, and says where the next ones begin.
func pageOfUsers(r store.Reader, tree *identity.Tree, begin syncengine.ID, req *adminv1.ListUsersRequest, out *adminv1.ListUsersResponse) error {
	limit, looked := pageOf(req.GetLimit()), 0
	last := begin
	return identity.WalkUsers(r, begin, func(u identity.User) bool {
		if looked == lookMax || len(out.GetUsers()) == limit {
			out.NextPageToken = wire.BytesOf(last)
			return false
		}
		if looked++; fitsUser(u, req) {
			out.Users = append(out.Users, wireUser(tree, u))
		}
		last = u.ID
		return true
	})
}

// fitsUser reports that a user is looked for.
func fitsUser(u identity.User, req *adminv1.ListUsersRequest) bool {
	return (len(req.GetRoles()) == 0 || slices.Contains(req.GetRoles(), recordv1.Role(u.Role))) &&
		(req.GetState() == 0 || adminv1.UserState(u.State) == req.GetState()) && strings.Contains(u.Name, req.GetName())
}

// SetUserState closes a user or opens one again.
func (s *Service) SetUserState(ctx context.Context, req *adminv1.SetUserStateRequest) (*adminv1.SetUserStateResponse, error) {
	return answer(ctx, s, operators, func(c *caller) (*adminv1.SetUserStateResponse, error) {
		id, err := idOf("user", req.GetUserId())
		if err != nil {
			return nil, err
		}
		err = s.realm.UpdateAndWrite(c.ctx, c.UserID, func(w store.Writer) ([]exchange.ServerChange, error) {
			if err := identity.SetUserState(w, id, identity.UserState(req.GetState()), s.now()); err != nil {
				return nil, err
			}
			entry := accessledger.Entry{Action: accessledger.UserState, Users: []syncengine.ID{id}, Reason: stateName(req.GetState())}
			if err := s.act(w, c, entry); err != nil {
				return nil, err
			}
			u, err := identity.GetUser(w, id)
			if err != nil {
				return nil, err
			}
			return s.toward(w, directory.Colleagues([]identity.User{u}))
		})
		return &adminv1.SetUserStateResponse{}, err
	})
}

// stateName names a state as the ledger tells it.
func stateName(state adminv1.UserState) string {
	return strings.ToLower(strings.TrimPrefix(state.String(), "USER_STATE_"))
}

// ImportUsers reads a file of users.
func (s *Service) ImportUsers(stream grpc.ClientStreamingServer[adminv1.ImportUsersRequest, adminv1.ImportUsersResponse]) error {
	return upload(s, stream, (*adminv1.ImportUsersRequest).GetChunk,
		func(c *caller, first *adminv1.ImportUsersRequest, file []byte) (*adminv1.ImportUsersResponse, error) {
			return s.importUsers(c, first.GetOptions(), file)
		})
}

func (s *Service) importUsers(c *caller, o *adminv1.ImportUsersOptions, file []byte) (*adminv1.ImportUsersResponse, error) {
	options, err := s.importerOptions(c.ctx, o.GetOptions(), o.GetMapYaml())
	if err != nil {
		return nil, err
	}
	rows, err := importer.ReadUsers(bytes.NewReader(file), options)
	if problems, err := problemsOf(err); problems != nil || err != nil {
		return &adminv1.ImportUsersResponse{Problems: problems}, err
	}
	out := &adminv1.ImportUsersResponse{}
	err = s.alone(func() error {
		take := func(r store.Reader, w store.Writer) ([]exchange.ServerChange, error) {
			out.Reset()
			added, err := s.takeUsers(r, w, rows, out)
			if err != nil {
				return nil, err
			}
			return s.toward(r, directory.Colleagues(added))
		}
		if o.GetOptions().GetDryRun() {
			return s.realm.View(c.ctx, func(r store.Reader) error {
				_, err := take(r, nil)
				return err
			})
		}
		return s.realm.UpdateAndWrite(c.ctx, c.UserID, func(w store.Writer) ([]exchange.ServerChange, error) {
			changes, err := take(w, w)
			if err != nil {
				return nil, err
			}
			made := make([]syncengine.ID, 0, len(out.GetUsers()))
			for _, u := range out.GetUsers() {
				made = append(made, syncengine.ID(u.GetUserId()))
			}
			return changes, s.act(w, c, accessledger.Entry{
				Action: accessledger.UsersImport, Users: made, Place: accessledger.FileName(baseName(o.GetOptions())),
			})
		})
	})
	return out, err
}

// userKey is what tells a row that names a standing user.
type userKey struct {
	name      string
	role      identity.Role
	territory syncengine.ID
}

// takeUsers makes the users that do not stand yet; without a writer it counts only.
func (s *Service) takeUsers(r store.Reader, w store.Writer, rows []importer.User, out *adminv1.ImportUsersResponse) ([]identity.User, error) {
	standing, err := identity.Users(r)
	if err != nil {
		return nil, err
	}
	known := map[userKey]bool{}
	for _, u := range standing {
		known[userKey{u.Name, u.Role, u.TerritoryID}] = u.State == identity.UserActive
	}
	var added []identity.User
	for _, row := range rows {
		territory, err := territoryOf(r, string(row.Territory))
		if err != nil {
			return nil, err
		}
		key := userKey{row.Name, uint32(row.Role), territory}
		if known[key] {
			out.Unchanged++
			continue
		}
		made := &adminv1.ImportedUser{Line: uint32(row.Line)}
		out.Users = append(out.Users, made)
		if w == nil {
			continue
		}
		u, err := s.addUser(w, identity.User{Name: key.name, Role: key.role, TerritoryID: key.territory})
		if err != nil {
			return nil, err
		}
		made.UserId = u.ID[:]
		added = append(added, u)
	}
	return added, nil
}

// importerOptions tells the importer what the realm knows.
func (s *Service) importerOptions(ctx context.Context, o *adminv1.ImportOptions, mapYAML string) (importer.Options, error) {
	out := importer.Options{File: baseName(o)}
	if err := checkOptions(o); err != nil {
		return out, err
	}
	if mapYAML != "" {
		m, err := importer.ReadMap(bytes.NewReader([]byte(mapYAML)))
		if err != nil {
			return out, err
		}
		out.Map = m
	}
	var tree *identity.Tree
	err := s.realm.View(ctx, func(r store.Reader) (err error) {
		tree, err = identity.LoadTree(r)
		return err
	})
	out.KnownTerritory = func(code domain.Code) bool {
		_, ok := tree.ByCode(string(code))
		return ok
	}
	return out, err
}
