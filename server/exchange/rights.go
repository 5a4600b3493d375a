package exchange

import (
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/internal/schema"
	"onedoor/server/identity"
	"onedoor/syncengine"
)

// versionAt gives the grant version in force for one change of an incarnation:
// the one the phone had switched to before it. No clock decides. Two copies of a
// database share a name until one of them is found out: what the one has confirmed
// is no word of the other, so no version above most counts; 0 for no bound.
func versionAt(p *storedv1.Progress, seq syncengine.DeviceSeq, most uint64) (version uint64) {
	for _, s := range p.GetSwitches() {
		if s.GetAfter() < uint64(seq) && (most == 0 || s.GetVersion() <= most) {
			version = s.GetVersion()
		}
	}
	return version
}

// rolesNowOrAt gives the roles that a view holds over a record's keys now, and
// over those of now or of the time of base.
func (k *work) rolesNowOrAt(view identity.View, rec *syncengine.Record, base syncengine.Coordinate) (now, either schema.Roles) {
	now = rolesOver(view, rec.CurrentKeys())
	either = now
	if seq, ok := k.world.History.Current(base); ok {
		for _, s := range rec.Keys {
			if rec.InKeyAt(s.Key, seq) {
				either |= rolesOver(view, []syncengine.ScopeKey{s.Key})
			}
		}
	}
	return now, either
}

// readableBy gives the classes that the author of a change could read in a
// record, under the grants in force for that change.
func (k *work) readableBy(rec *syncengine.Record, device identity.Device, seq syncengine.DeviceSeq, base syncengine.Coordinate) (schema.Classes, error) {
	progress, err := k.progressOf(device.Incarnation)
	if err != nil {
		return 0, err
	}
	view, err := k.view(device, versionAt(progress, seq, 0))
	if err != nil {
		return 0, err
	}
	_, roles := k.rolesNowOrAt(view, rec, base)
	return k.svc.schema.Access.ReadClasses(rec.Kind, roles), nil
}

func unreadable(kind *schema.Kind, readable schema.Classes) func(syncengine.FieldNumber) bool {
	return func(n syncengine.FieldNumber) bool {
		class, ok := kind.Engine.Class(n)
		return ok && !readable.Has(class)
	}
}

// unreadableBits is the set of classes that are not readable, as the log keeps it.
func unreadableBits(readable schema.Classes) uint32 {
	return uint32(^readable) & (1<<syncengine.ClassMax - 1)
}
