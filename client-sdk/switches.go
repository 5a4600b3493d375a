package client

import (
	"slices"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/syncengine"
)

// A change is judged by the grants under which it was made, whenever it is sent. The
// server knows of a switch what requests told it; where a batch holds changes from
// before the last one, the request tells all that it needs.

// grantSwitch says that all changes after one were made under a version of grants, until the next switch.
type grantSwitch struct {
	Version uint64
	After   syncengine.DeviceSeq
}

// switchGrants notes that the phone works under other grants from now on; last is the
// last change that was made so far. Versions under which nothing was made are not kept.
func (pos *position) switchGrants(from, to uint64, last syncengine.DeviceSeq) {
	kept := slices.Clone(pos.Switches)
	if len(kept) == 0 {
		kept = append(kept, grantSwitch{from, pos.GrantSwitch})
	}
	kept = slices.DeleteFunc(kept, func(s grantSwitch) bool { return s.After == last })
	pos.Switches, pos.GrantSwitch = append(kept, grantSwitch{to, last}), last
}

// forgetSwitches drops what only changes up to one were made under, which are gone from the journal.
func (pos *position) forgetSwitches(cleared syncengine.DeviceSeq) {
	n := 0
	for n+1 < len(pos.Switches) && pos.Switches[n+1].After <= cleared {
		n++
	}
	pos.Switches = slices.Clone(pos.Switches[n:])
}

// switchesOf gives the switches that concern a run of changes; none where all were
// made under the grants of now.
func (pos *position) switchesOf(first, last syncengine.DeviceSeq) (out []*syncv1.GrantSwitch) {
	if pos.GrantSwitch < first {
		return nil
	}
	for _, s := range pos.Switches {
		if s.After >= last {
			break
		}
		if s.After < first {
			out = out[:0]
		}
		out = append(out, &syncv1.GrantSwitch{Version: s.Version, After: uint64(s.After)})
	}
	return out
}
