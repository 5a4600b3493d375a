package disk

import (
	"maps"
	"path"
	"slices"
)

// Snapshot is a copy of a folder, by the names of its files below it. Nobody changes it.
type Snapshot map[string][]byte

// Snapshot copies a folder as a program does that reads its files now.
func (d *Disk) Snapshot(folder string) Snapshot {
	d.mu.Lock()
	defer d.mu.Unlock()
	copied := make(Snapshot)
	for _, name := range d.below(folder) {
		copied[name[len(path.Clean(folder)):]] = slices.Clone(d.now[name].content)
	}
	return copied
}

// PutBack makes a folder what a snapshot holds, durably, whatever was there. Files that are open there are dead. The
// snapshot may be of another folder or another disk: so a phone is cloned.
func (d *Disk) PutBack(folder string, s Snapshot) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, name := range d.below(folder) {
		d.now[name].dead = true
		delete(d.now, name)
	}
	for name, content := range s {
		d.now[path.Clean(folder)+name] = &node{disk: d, content: slices.Clone(content)}
	}
	d.synced, d.changes = maps.Clone(d.now), nil
}
