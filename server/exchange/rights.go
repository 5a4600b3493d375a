package exchange

import (
	storedv1 "onedoor/proto/gen/onedoor/stored/v1"

	"onedoor/internal/schema"
	"onedoor/server/identity"
	"onedoor/syncengine"
)

// madeUnder gives the grant version in force for a change of a batch: the one that
// the phone had switched to before it. No clock decides, and the phone's own word
// comes before what was confirmed earlier: two copies of a database share a name
// until one of them is found out, and what the one has confirmed is no word of the
// other. No version above the one that the phone works under counts.
func (p *push) madeUnder(progress *storedv1.Progress, seq syncengine.DeviceSeq) (version uint64) {
	for _, s := range p.body.GetGrantSwitches() {
		if s.GetAfter() < uint64(seq) {
			version = s.GetVersion()
		}
	}
	if version != 0 {
		return version
	}
	now := p.body.GetStatus()
	if s := now.GetGrantSwitchDeviceSeq(); now.GetGrantVersion() != 0 && s < uint64(seq) {
		return now.GetGrantVersion()
	}
	return confirmedAt(progress, seq, now.GetGrantVersion())
}

// confirmedAt gives the newest version that an incarnation has confirmed for a
// change, none above most; 0 for no bound.
func confirmedAt(p *storedv1.Progress, seq syncengine.DeviceSeq, most uint64) (version uint64) {
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
	now = view.Over(rec.CurrentKeys())
	either = now
	if seq, ok := k.world.History.Current(base); ok {
		either |= view.Over(rec.KeysAt(seq))
	}
	return now, either
}

// readableBy gives the classes that the author of a waiting change could read in a
// record, under the grants that it was judged under; where it does not say which, as
// one of earlier software, under those that its phone has confirmed for it.
func (k *work) readableBy(rec *syncengine.Record, device identity.Device, seq syncengine.DeviceSeq, version uint64, base syncengine.Coordinate) (schema.Classes, error) {
	if version == 0 {
		progress, err := k.progressOf(device.Incarnation)
		if err != nil {
			return 0, err
		}
		version = confirmedAt(progress, seq, 0)
	}
	view, err := k.view(device, version)
	if err != nil {
		return 0, err
	}
	return k.schema.Access.ReadClasses(rec.Kind, k.rolesAtBase(view, rec, base)), nil
}

// rolesAtBase gives the roles that a view held over a record at base: what its author
// could read there is in the past of the change. Those of now stand in where base is
// of a part of an earlier history that a restore has lost.
func (k *work) rolesAtBase(view identity.View, rec *syncengine.Record, base syncengine.Coordinate) schema.Roles {
	if seq, ok := k.world.History.Current(base); ok && !base.IsZero() {
		return view.Over(rec.KeysAt(seq))
	}
	return view.Over(rec.CurrentKeys())
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
