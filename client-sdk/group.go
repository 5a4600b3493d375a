package client

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// Group makes edits that belong together: one commit, one group, seen by others
// all at once. Nothing is written when f or any of the edits fails.
func (r *Replica) Group(f func(*Group) error) error {
	g := &Group{r: r}
	if err := f(g); err != nil {
		return err
	}
	return r.commit(g.asked)
}

// Group gathers the edits of one commit. It is used inside of [Replica.Group] only.
type Group struct {
	r     *Replica
	asked []change
}

// Add makes a record and returns its id, which the group's later edits may name.
func (g *Group) Add(m proto.Message) (syncengine.ID, error) {
	id := g.r.newID(g.r.now())
	return id, g.AddWithID(id, m)
}

// AddWithID is [Replica.AddWithID] within the group.
func (g *Group) AddWithID(id syncengine.ID, m proto.Message) error {
	kind, patch, err := g.r.messagePatch(m, nil)
	if err != nil {
		return err
	}
	g.change(change{id: id, kind: kind, create: true, patch: patch})
	return nil
}

// Edit is [Replica.Edit] within the group.
func (g *Group) Edit(id syncengine.ID, m proto.Message, cleared ...string) error {
	kind, patch, err := g.r.messagePatch(m, cleared)
	if err != nil {
		return err
	}
	g.change(change{id: id, kind: kind, patch: patch})
	return nil
}

// Remove takes elements out of a set field, or keys out of a map field; ids are
// given as their 16 bytes.
func (g *Group) Remove(id syncengine.ID, kind, field string, elements ...string) error {
	k, ok := g.r.schema.KindByName(kind)
	if !ok {
		return fmt.Errorf("%q: %w", kind, ErrUnknownKind)
	}
	f, ok := k.FieldByName(field)
	if !ok || f.Engine.Shape == syncengine.Single {
		return fmt.Errorf("%s.%s is no set or map: %w", kind, field, ErrNothing)
	}
	patch := &syncv1.Patch{}
	for _, e := range elements {
		element := &syncv1.Element{Field: uint32(f.Engine.Number), Element: []byte(e)}
		if f.Engine.Shape == syncengine.Set {
			patch.SetRemoved = append(patch.SetRemoved, element)
		} else {
			patch.MapRemoved = append(patch.MapRemoved, element)
		}
	}
	g.change(change{id: id, kind: k, patch: patch})
	return nil
}

// Delete is [Replica.Delete] within the group.
func (g *Group) Delete(id syncengine.ID) {
	g.change(change{id: id, patch: &syncv1.Patch{Life: syncv1.Life_LIFE_DEAD}})
}

func (g *Group) change(c change) { g.asked = append(g.asked, c) }

// messagePatch writes a record message as a patch.
func (r *Replica) messagePatch(m proto.Message, cleared []string) (*schema.Kind, *syncv1.Patch, error) {
	kind, ok := r.kindOf(m)
	if !ok {
		return nil, nil, fmt.Errorf("%T: %w", m, ErrUnknownKind)
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return nil, nil, refuse("", "edit.malformed", "内容里有无法识别的字符，请检查后再保存。", oneLine(err.Error()))
	}
	patch := &syncv1.Patch{Fields: b}
	for _, name := range cleared {
		f, ok := kind.FieldByName(name)
		if !ok {
			return nil, nil, fmt.Errorf("%s.%s: %w", kind.Name, name, ErrNothing)
		}
		patch.Cleared = append(patch.Cleared, uint32(f.Engine.Number))
	}
	return kind, patch, nil
}

// kindOf gives the kind whose record message m is.
func (r *Replica) kindOf(m proto.Message) (*schema.Kind, bool) {
	name := m.ProtoReflect().Descriptor().FullName()
	for _, k := range r.schema.Kinds {
		if k.Message.FullName() == name {
			return k, true
		}
	}
	return nil, false
}
