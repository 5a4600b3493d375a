package identity

import (
	"encoding/binary"
	"errors"
	"fmt"

	"onedoor/internal/wire"
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Territory is one node of the tree: a province down to a residents' group.
// Territories are never removed, so that records can refer to one by id for
// ever; a code that is withdrawn gets an end of validity.
type Territory struct {
	ID syncengine.ID
	// Parent is the territory above; zero for a root.
	Parent syncengine.ID
	// Code is the territory file's: digits as text, unique in the realm.
	Code string
	Name string
	// Level is the level's name: province … microgrid.
	Level string
	// ValidFrom and ValidUntil bound the validity of name and code: from 0 always, until 0 open.
	ValidFrom, ValidUntil syncengine.UnixMilli
}

// TerritoryDepthMax bounds the walk to the root. There are seven levels; twice
// that leaves room for a district that divides more finely.
const TerritoryDepthMax = 14

// PutTerritory writes a territory whose parent is there already. Writing what
// stands changes nothing.
func PutTerritory(w store.Writer, t Territory) error {
	if err := checkPlace(w, t); err != nil {
		return fmt.Errorf("territory %q: %w", t.Code, err)
	}
	standing, err := GetTerritory(w, t.ID)
	switch {
	case err == nil && standing == t:
		return nil
	case err == nil && standing.Code != t.Code:
		if err := w.DeleteDocument(bucketTerritoryCodes, []byte(standing.Code)); err != nil {
			return wrapAt(err, bucketTerritoryCodes, []byte(standing.Code))
		}
	case err != nil && !errors.Is(err, ErrTerritoryUnknown):
		return err
	}
	if err := wrapAt(w.PutDocument(bucketTerritoryCodes, []byte(t.Code), t.ID[:]), bucketTerritoryCodes, []byte(t.Code)); err != nil {
		return err
	}
	if err := bumpTree(w); err != nil {
		return err
	}
	return put(w, bucketTerritories, t.ID[:], &storedv1.Territory{
		Parent:       wire.BytesOf(t.Parent),
		Code:         t.Code,
		Name:         t.Name,
		Level:        t.Level,
		ValidFromMs:  int64(t.ValidFrom),
		ValidUntilMs: int64(t.ValidUntil),
	})
}

// GetTerritory reads a territory, or [ErrTerritoryUnknown].
func GetTerritory(r store.Reader, id syncengine.ID) (Territory, error) {
	m := &storedv1.Territory{}
	ok, err := get(r, bucketTerritories, id[:], m)
	if err != nil {
		return Territory{}, err
	}
	if !ok {
		return Territory{}, fmt.Errorf("territory %s: %w", id, ErrTerritoryUnknown)
	}
	return territoryOf(id, m)
}

// TerritoryByCode reads the territory that has the code, or [ErrTerritoryUnknown].
func TerritoryByCode(r store.Reader, code string) (Territory, error) {
	value, ok, err := r.Document(bucketTerritoryCodes, []byte(code))
	if err != nil {
		return Territory{}, wrapAt(err, bucketTerritoryCodes, []byte(code))
	}
	id, whole := syncengine.IDFromBytes(value)
	if !ok {
		return Territory{}, fmt.Errorf("territory code %q: %w", code, ErrTerritoryUnknown)
	}
	if !whole {
		return Territory{}, fmt.Errorf("territory code %q: %w", code, ErrDamaged)
	}
	return GetTerritory(r, id)
}

// Territories lists all territories in id order.
func Territories(r store.Reader) ([]Territory, error) {
	var out []Territory
	err := walk(r, bucketTerritories, nil, newOf[storedv1.Territory], func(key []byte, m *storedv1.Territory) error {
		t, err := territoryOf(syncengine.ID(key), m)
		out = append(out, t)
		return err
	})
	return out, err
}

// TreeRevision counts the changes of the tree, so that a loaded [Tree] can be
// kept for as long as the number stands.
func TreeRevision(r store.Reader) (uint64, error) {
	value, ok, err := r.Document(bucketTree, onlyKey)
	if err != nil || !ok {
		return 0, wrapAt(err, bucketTree, onlyKey)
	}
	if len(value) != 8 {
		return 0, wrapAt(ErrDamaged, bucketTree, onlyKey)
	}
	return binary.BigEndian.Uint64(value), nil
}

func bumpTree(w store.Writer) error {
	n, err := TreeRevision(w)
	if err != nil {
		return err
	}
	return wrapAt(w.PutDocument(bucketTree, onlyKey, binary.BigEndian.AppendUint64(nil, n+1)), bucketTree, onlyKey)
}

// checkPlace wants a code of its own and a parent from which the way up ends
// without meeting the territory itself.
func checkPlace(r store.Reader, t Territory) error {
	if t.ID.IsZero() || t.Code == "" || t.Level == "" {
		return fmt.Errorf("id, code and level are needed: %w", ErrInvalid)
	}
	if err := checkName("territory", t.Name, TerritoryNameCharsMax); err != nil {
		return err
	}
	if holder, err := TerritoryByCode(r, t.Code); err == nil && holder.ID != t.ID {
		return fmt.Errorf("held by %s: %w", holder.ID, ErrCodeTaken)
	} else if err != nil && !errors.Is(err, ErrTerritoryUnknown) {
		return err
	}
	depth := 1
	for id := t.Parent; !id.IsZero(); depth++ {
		if id == t.ID || depth == TerritoryDepthMax {
			return fmt.Errorf("the way up is a circle or longer than %d: %w", TerritoryDepthMax, ErrTreeBroken)
		}
		parent, err := GetTerritory(r, id)
		if err != nil {
			return fmt.Errorf("parent: %w", err)
		}
		id = parent.Parent
	}
	return nil
}

// checkTerritory wants a territory that is there, or none.
func checkTerritory(r store.Reader, id syncengine.ID) error {
	if id.IsZero() {
		return nil
	}
	_, err := GetTerritory(r, id)
	return err
}

func territoryOf(id syncengine.ID, m *storedv1.Territory) (Territory, error) {
	parent, err := idOf(m.GetParent())
	return Territory{
		ID:         id,
		Parent:     parent,
		Code:       m.GetCode(),
		Name:       m.GetName(),
		Level:      m.GetLevel(),
		ValidFrom:  syncengine.UnixMilli(m.GetValidFromMs()),
		ValidUntil: syncengine.UnixMilli(m.GetValidUntilMs()),
	}, err
}
