package outbox

import (
	"cmp"
	"slices"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// part is one change to be: the cells of an edit that have one base.
type part struct {
	edit     *Edit
	base     syncengine.Coordinate
	patch    *syncv1.Patch
	cells    []syncengine.CellWrite
	resolves []syncengine.ConflictID
}

// split cuts an edit by the bases of its cells, oldest base first. A create is
// one change: it covers nothing.
func split(e *Edit, checkpoint syncengine.Coordinate) ([]part, error) {
	cells, err := wire.Cells(e.Kind, e.Create, e.Patch)
	if err != nil {
		return nil, err
	}
	whole := part{edit: e, base: checkpoint, patch: e.Patch, cells: cells, resolves: e.Resolves}
	if len(e.Resolves) > wire.ResolvesMax {
		return nil, &wire.InvalidError{Why: "too many conflicts at once; settle them in parts"}
	}
	if e.Create || len(e.Held) == 0 {
		return []part{whole}, nil
	}
	bases := e.bases(cells, checkpoint)
	if len(bases) < 2 {
		if len(bases) == 1 {
			whole.base = bases[0]
		}
		return []part{whole}, nil
	}
	var parts []part
	for _, base := range bases {
		parts = append(parts, e.at(base, cells, checkpoint))
	}
	return parts, nil
}

// base gives what the author saw in a cell. Who settles a conflict has seen the
// list of its values, so all of the checkpoint.
func (e *Edit) base(key syncengine.CellKey, checkpoint syncengine.Coordinate) syncengine.Coordinate {
	held, ok := e.Held[key]
	if !ok || slices.Contains(e.Resolves, syncengine.ConflictIDOf(e.Record, key)) {
		return checkpoint
	}
	return held
}

// bases lists the distinct bases of the cells, ascending. A conflict that is
// closed without a write needs the checkpoint among them.
func (e *Edit) bases(cells []syncengine.CellWrite, checkpoint syncengine.Coordinate) []syncengine.Coordinate {
	var out []syncengine.Coordinate
	if len(e.Resolves) > 0 {
		out = append(out, checkpoint)
	}
	for _, c := range cells {
		if base := e.base(c.Key, checkpoint); !slices.Contains(out, base) {
			out = append(out, base)
		}
	}
	slices.SortFunc(out, func(a, b syncengine.Coordinate) int {
		return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Seq, b.Seq))
	})
	return out
}

// at gives the part of an edit whose cells have one base.
func (e *Edit) at(base syncengine.Coordinate, cells []syncengine.CellWrite, checkpoint syncengine.Coordinate) part {
	p := part{edit: e, base: base}
	for _, c := range cells {
		if e.base(c.Key, checkpoint) == base {
			p.cells = append(p.cells, c)
		}
	}
	p.patch = patchOf(p.cells, e)
	if base == checkpoint {
		p.resolves = e.Resolves
	}
	return p
}

// patchOf writes cells as a patch again.
func patchOf(cells []syncengine.CellWrite, e *Edit) *syncv1.Patch {
	p := &syncv1.Patch{}
	for _, c := range cells {
		switch {
		case c.Key.Field == syncengine.LifeField:
			p.Life = e.Patch.GetLife()
		case !c.Cleared:
			p.Fields = append(p.Fields, c.Data...)
		default:
			remove(p, c.Key, e)
		}
		for _, f := range e.Patch.GetFrom() {
			if c.Key == (syncengine.CellKey{Field: syncengine.FieldNumber(f.GetField())}) {
				p.From = append(p.From, f)
			}
		}
	}
	return p
}

func remove(p *syncv1.Patch, key syncengine.CellKey, e *Edit) {
	element := &syncv1.Element{Field: uint32(key.Field), Element: []byte(key.Key)}
	f, known := e.Kind.Field(key.Field)
	switch {
	case key.Key == "":
		p.Cleared = append(p.Cleared, uint32(key.Field))
	case known && f.Engine.Shape == syncengine.Set:
		p.SetRemoved = append(p.SetRemoved, element)
	default:
		p.MapRemoved = append(p.MapRemoved, element)
	}
}
