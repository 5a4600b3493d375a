package identity

import (
	"fmt"

	"onedoor/internal/wire"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Role is the number of a recordv1.Role. A number that this software does not
// know is carried and grants nothing.
type Role = uint32

// UserState says whether a user may work.
type UserState uint8

// The states of a user.
const (
	// UserActive may enrol devices and use tokens.
	UserActive UserState = UserState(storedv1.UserState_USER_STATE_ACTIVE)
	// UserClosed has left: devices revoked, tokens and codes void, grants empty.
	UserClosed UserState = UserState(storedv1.UserState_USER_STATE_CLOSED)
)

// User is a person who works in the realm.
type User struct {
	ID syncengine.ID
	// Name is what colleagues read.
	Name string
	Role Role
	// TerritoryID is where the user works; zero for a role without a territory.
	TerritoryID syncengine.ID
	State       UserState
	// Department names where a handler works; cases are routed to it by this name. Empty for none.
	Department string
}

// PutUser writes a user. The caller refreshes the grants afterwards, since they
// follow from role, territory and state.
func PutUser(w store.Writer, u User) error {
	if u.ID.IsZero() {
		return fmt.Errorf("user without an id: %w", ErrInvalid)
	}
	if err := checkName("user", u.Name, UserNameCharsMax); err != nil {
		return err
	}
	if err := checkRole(u.Role); err != nil {
		return err
	}
	if u.State != UserActive && u.State != UserClosed {
		return fmt.Errorf("user %s: state %d: %w", u.ID, u.State, ErrInvalid)
	}
	if u.Department != "" {
		if err := checkName("department", u.Department, DepartmentNameCharsMax); err != nil {
			return err
		}
	}
	if err := checkTerritory(w, u.TerritoryID); err != nil {
		return err
	}
	return put(w, bucketUsers, u.ID[:], &storedv1.User{
		Name:        u.Name,
		Role:        u.Role,
		TerritoryId: wire.BytesOf(u.TerritoryID),
		State:       storedv1.UserState(u.State),
		Department:  u.Department,
	})
}

// GetUser reads a user, or [ErrUserUnknown].
func GetUser(r store.Reader, id syncengine.ID) (User, error) {
	m := &storedv1.User{}
	ok, err := get(r, bucketUsers, id[:], m)
	if err != nil {
		return User{}, err
	}
	if !ok {
		return User{}, fmt.Errorf("user %s: %w", id, ErrUserUnknown)
	}
	return userOf(id, m)
}

// Users lists all users in id order, which is the order they were made in.
func Users(r store.Reader) ([]User, error) {
	var out []User
	err := walk(r, bucketUsers, nil, newOf[storedv1.User], func(key []byte, m *storedv1.User) error {
		u, err := userOf(syncengine.ID(key), m)
		out = append(out, u)
		return err
	})
	return out, err
}

// WalkUsers calls f for the users above an id, in id order, until f returns false.
func WalkUsers(r store.Reader, after syncengine.ID, f func(User) bool) error {
	return walkAfter(r, bucketUsers, after, newOf[storedv1.User], func(key []byte, m *storedv1.User) (bool, error) {
		u, err := userOf(syncengine.ID(key), m)
		return err == nil && f(u), err
	})
}

// SetUserState lets a user work or closes it. Closing revokes the devices;
// opening again leaves them revoked, because a new code makes a new device.
func SetUserState(w store.Writer, id syncengine.ID, state UserState, at syncengine.UnixMilli) error {
	u, err := GetUser(w, id)
	if err != nil {
		return err
	}
	u.State = state
	if err := PutUser(w, u); err != nil {
		return err
	}
	if state == UserClosed {
		if err := revokeDevices(w, id); err != nil {
			return err
		}
	}
	_, err = RefreshGrants(w, id, at)
	return err
}

func revokeDevices(w store.Writer, user syncengine.ID) error {
	devices, err := DevicesOfUser(w, user)
	if err != nil {
		return err
	}
	for _, d := range devices {
		if err := RevokeDevice(w, d.Incarnation); err != nil {
			return err
		}
	}
	return nil
}

func userOf(id syncengine.ID, m *storedv1.User) (User, error) {
	territory, err := idOf(m.GetTerritoryId())
	return User{ID: id, Name: m.GetName(), Role: m.GetRole(), TerritoryID: territory, State: UserState(m.GetState()), Department: m.GetDepartment()}, err
}

// activeUser reads a user who may work.
func activeUser(r store.Reader, id syncengine.ID) (User, error) {
	u, err := GetUser(r, id)
	if err != nil {
		return u, err
	}
	if u.State != UserActive {
		return u, fmt.Errorf("user %s: %w", id, ErrUserClosed)
	}
	return u, nil
}

// checkRole wants a role that this software knows, so that a slip of the
// operator is not stored as a role that grants nothing.
func checkRole(role Role) error {
	if _, ok := recordv1.Role_name[int32(role)]; !ok || role == uint32(recordv1.Role_ROLE_UNSPECIFIED) {
		return fmt.Errorf("role %d: %w", role, ErrRoleUnknown)
	}
	return nil
}

// newOf makes an empty message; it names the type for walk.
func newOf[M any]() *M { return new(M) }
