package disk

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// names are the names of the disk's files, as they are now and as the last sync of a folder left them.
type names struct {
	now, synced map[string]*node
	// changes leads from synced to now, in order.
	changes []rename
}

// rename is one change of names: a node gets the name to and loses the name from; either may be empty.
type rename struct {
	step     int
	from, to string
	node     *node
}

func newNames() names {
	return names{now: make(map[string]*node), synced: make(map[string]*node)}
}

// apply makes a change in a set of names.
func (r rename) apply(names map[string]*node) {
	if r.from != "" {
		delete(names, r.from)
	}
	if r.to != "" {
		names[r.to] = r.node
	}
}

// find gives the file of a name; mu is held.
func (d *Disk) find(doing, name string) (*node, error) {
	if err := d.powered(); err != nil {
		return nil, err
	}
	n := d.now[path.Clean(name)]
	if n == nil {
		return nil, &fs.PathError{Op: doing, Path: name, Err: fs.ErrNotExist}
	}
	return n, nil
}

// create gives the file of a name and makes an empty one where there is none; mu is held.
func (d *Disk) create(name string) (*node, error) {
	name = path.Clean(name)
	if n := d.now[name]; n != nil {
		return n, d.powered()
	}
	n := &node{disk: d}
	return n, d.change(rename{to: name, node: n})
}

// rename gives a file another name; mu is held.
func (d *Disk) rename(from, to string) error {
	n, err := d.find("rename", from)
	if err != nil {
		return err
	}
	return d.change(rename{from: path.Clean(from), to: path.Clean(to), node: n})
}

// remove takes a name away; mu is held.
func (d *Disk) remove(name string) error {
	n, err := d.find("remove", name)
	if err != nil {
		return err
	}
	return d.change(rename{from: path.Clean(name), node: n})
}

func (d *Disk) change(r rename) error {
	if err := d.begin(); err != nil {
		return err
	}
	r.step = d.steps
	r.apply(d.now)
	d.changes = append(d.changes, r)
	return nil
}

// syncNames confirms every change of names; mu is held.
func (d *Disk) syncNames() error {
	if err := d.begin(); err != nil {
		return err
	}
	d.synced, d.changes = maps.Clone(d.now), nil
	return nil
}

// Files gives the names of the files below a folder, in order; "/" is all of them.
func (d *Disk) Files(folder string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.below(folder)
}

// below is Files; mu is held.
func (d *Disk) below(folder string) []string {
	prefix := strings.TrimSuffix(path.Clean(folder), "/") + "/"
	all := slices.Sorted(maps.Keys(d.now))
	return slices.DeleteFunc(all, func(name string) bool { return !strings.HasPrefix(name, prefix) })
}
