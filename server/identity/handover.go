package identity

import (
	"crypto/sha256"
	"slices"

	"onedoor/internal/wire"
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Handover is a handover of doors that has begun: kept until it has ended, so that
// one that was cut off goes on with the people it began with.
type Handover struct {
	// To gets the doors, From held them when it began.
	To    syncengine.ID
	From  []syncengine.ID
	Began syncengine.UnixMilli
}

// HandoverID names a handover by what it is: asked for again it is the same.
func HandoverID(to, territory syncengine.ID, doors []syncengine.ID) (id syncengine.ID) {
	sorted := slices.Clone(doors)
	slices.SortFunc(sorted, compareIDs)
	sum := sha256.Sum256(append(append([]byte("onedoor handover 1"), join(to, territory)...), packIDs(sorted)...))
	copy(id[:], sum[:])
	return id
}

// GetHandover reads one that has begun; ok is false when there is none.
func GetHandover(r store.Reader, id syncengine.ID) (h Handover, ok bool, err error) {
	m := &storedv1.Handover{}
	if ok, err = get(r, bucketHandovers, id[:], m); err != nil || !ok {
		return h, false, err
	}
	h.Began = syncengine.UnixMilli(m.GetBeganMs())
	if h.To, err = idOf(m.GetToUserId()); err != nil {
		return h, false, err
	}
	for _, b := range m.GetFromUserIds() {
		from, err := idOf(b)
		if err != nil {
			return h, false, err
		}
		h.From = append(h.From, from)
	}
	return h, true, nil
}

// PutHandover writes one that begins.
func PutHandover(w store.Writer, id syncengine.ID, h Handover) error {
	return put(w, bucketHandovers, id[:], &storedv1.Handover{ToUserId: h.To[:], FromUserIds: wire.BytesOfAll(h.From), BeganMs: int64(h.Began)})
}

// EndHandover takes a handover off the list.
func EndHandover(w store.Writer, id syncengine.ID) error {
	return wrapAt(w.DeleteDocument(bucketHandovers, id[:]), bucketHandovers, id[:])
}

// TakeTerritory grants a user a territory in the own role, unless role, teams or
// grants cover it already.
func TakeTerritory(w store.Writer, user, territory syncengine.ID, at syncengine.UnixMilli) error {
	u, err := activeUser(w, user)
	if err != nil {
		return err
	}
	derived, err := DeriveGrants(w, user, at)
	if err != nil {
		return err
	}
	tree, err := LoadTree(w)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(derived, func(g DerivedGrant) bool { return tree.Covers(g.Territory, territory) && g.Until == 0 }) {
		return nil
	}
	further, err := FurtherGrants(w, user)
	if err != nil {
		return err
	}
	if err := PutFurtherGrants(w, user, append(further, Grant{Role: u.Role, Territory: territory})); err != nil {
		return err
	}
	_, err = RefreshGrants(w, user, at)
	return err
}

// GiveUpTerritory takes from a user a territory that was the own one or was
// granted besides. What a territory above it or a team gives stays.
func GiveUpTerritory(w store.Writer, user, territory syncengine.ID, at syncengine.UnixMilli) error {
	u, err := GetUser(w, user)
	if err != nil {
		return err
	}
	if u.TerritoryID == territory {
		u.TerritoryID = syncengine.ID{}
		if err := PutUser(w, u); err != nil {
			return err
		}
	}
	further, err := FurtherGrants(w, user)
	if err != nil {
		return err
	}
	kept := slices.DeleteFunc(slices.Clone(further), func(g Grant) bool { return g.Territory == territory })
	if len(kept) != len(further) {
		if err := PutFurtherGrants(w, user, kept); err != nil {
			return err
		}
	}
	_, err = RefreshGrants(w, user, at)
	return err
}
