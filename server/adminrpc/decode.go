package adminrpc

import (
	"fmt"

	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// idOf reads a 16-byte id that must be there.
func idOf(what string, b []byte) (syncengine.ID, error) {
	id, ok := syncengine.IDFromBytes(b)
	if !ok || id.IsZero() {
		return id, fmt.Errorf("%s of %d bytes, an id has 16: %w", what, len(b), errInvalid)
	}
	return id, nil
}

// optionalID reads an id that may be absent.
func optionalID(what string, b []byte) (syncengine.ID, error) {
	if len(b) == 0 {
		return syncengine.ID{}, nil
	}
	return idOf(what, b)
}

// idsOf reads ids, none of which may be absent.
func idsOf(what string, list [][]byte) ([]syncengine.ID, error) {
	out := make([]syncengine.ID, len(list))
	for i, b := range list {
		var err error
		if out[i], err = idOf(what, b); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// territoryOf finds the territory of a code; an empty code is none.
func territoryOf(r store.Reader, code string) (syncengine.ID, error) {
	if code == "" {
		return syncengine.ID{}, nil
	}
	t, err := identity.TerritoryByCode(r, code)
	return t.ID, err
}

// codeOf gives the code of a territory; empty for none.
func codeOf(tree *identity.Tree, id syncengine.ID) string {
	t, _ := tree.ByID(id)
	return t.Code
}
