package sim

import (
	"fmt"
	"strings"

	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// known are the records of the run by the names that the trace gives them: visit3 is the third visit that was made.
type known struct {
	byKind map[string][]syncengine.ID
	names  map[syncengine.ID]string
	// list holds what has a name, in the order it got it.
	list []syncengine.ID
}

func newKnown() *known {
	return &known{byKind: map[string][]syncengine.ID{}, names: map[syncengine.ID]string{}}
}

// name gives an id its name.
func (k *known) name(id syncengine.ID, name string) {
	if _, ok := k.names[id]; !ok {
		k.list = append(k.list, id)
	}
	k.names[id] = name
}

// made names a record that was just made; one that was known before keeps its name.
func (k *known) made(kind string, id syncengine.ID) {
	if _, ok := k.names[id]; ok {
		return
	}
	k.byKind[kind] = append(k.byKind[kind], id)
	k.name(id, fmt.Sprintf("%s%d", kind, len(k.byKind[kind])))
}

// of gives the name of an id.
func (k *known) of(id syncengine.ID) string {
	if name, ok := k.names[id]; ok {
		return name
	}
	return id.String()[:8]
}

// named puts names in the place of ids in a text.
func (k *known) named(text string) string {
	for _, id := range k.list {
		text = strings.ReplaceAll(text, id.String(), k.names[id])
	}
	return text
}

// conflictID reads a conflict's id; zero for one that is none.
func conflictID(text string) (id syncengine.ConflictID) {
	if named, err := wire.ParseID(text); err == nil {
		id = syncengine.ConflictID(named)
	}
	return id
}
