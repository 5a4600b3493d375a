package model

import (
	"slices"

	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/syncengine"
)

// The states of a quarantined row, as a phone lists them.
const (
	waiting  = "waiting"
	released = "released"
	rejected = "rejected"
)

// took takes what a phone durably took in.
func (m *Model) took(p PhoneID, id CallID, reply *syncv1.ExchangeResponse) {
	ph, c := m.phones[p], m.calls[id]
	pending, heard := int(ph.end()-ph.mark), ph.mark
	if f := reply.GetFork(); f != nil {
		ph.noteQuarantined(c, reply)
		ph.names = append(ph.names[:len(ph.names):len(ph.names)], ph.incarnation)
		ph.incarnation, ph.mark = syncengine.ID(f.GetIncarnation()), syncengine.DeviceSeq(f.GetLastCommon())
		ph.rewind()
		ph.comparing, ph.showing = false, true
	} else {
		m.tookBarriers(ph, c, reply)
		ph.memory.branchedOff(reply)
		ph.advance(c, reply)
		m.takeGrants(ph, c, reply)
		renewed := ph.takeEpoch(syncengine.Epoch(reply.GetEpoch()))
		if renewed {
			ph.bringAbsent(reply)
			ph.hearAgain(m.forks[ph.incarnation].last, heard)
		}
		ph.comparing = len(reply.GetOutcomes().GetResults()) == 0 && (ph.comparing || renewed && reply.GetExpected() > 1)
		ph.showing = renewed || ph.showing && !ph.shows(c)
		ph.noteQuarantined(c, reply)
		if !m.begunAnew(ph, c, reply) {
			m.takePage(ph, c, reply)
		}
	}
	ph.remember(c, reply)
	m.countRound(ph, pending, reply)
}

func (ph *phone) end() syncengine.DeviceSeq { return syncengine.DeviceSeq(len(ph.rows)) }

// advance moves the phone's mark. What the server has beyond it was never
// answered: sent again, it is.
func (ph *phone) advance(c *call, reply *syncv1.ExchangeResponse) {
	if a := c.body.GetAbsent(); a != nil {
		ph.mark = max(ph.mark, syncengine.DeviceSeq(a.GetTo()))
	}
	if n := len(reply.GetOutcomes().GetResults()); n > 0 {
		ph.mark = c.dot(n - 1).Seq
	}
	if e := reply.GetExpected(); e > 0 {
		ph.mark = min(ph.mark, syncengine.DeviceSeq(e)-1)
	}
}

// bringAbsent has the phone send again what another copy of its database has declared
// absent and it still has, with the change before that.
func (ph *phone) bringAbsent(reply *syncv1.ExchangeResponse) {
	from, to := syncengine.DeviceSeq(reply.GetAbsent().GetFrom()), syncengine.DeviceSeq(reply.GetAbsent().GetTo())
	if from > 0 && min(to, ph.end()) >= ph.first {
		ph.mark = min(ph.mark, max(max(from, 2)-2, max(ph.first, 1)-1))
	}
}

// takeGrants moves the phone to newer grants. In another history it keeps those that it has, however new, until it has shown
// them: they bear the realm's signature, and a restored server takes them up. What it is told then counts, whatever its version.
func (m *Model) takeGrants(ph *phone, c *call, reply *syncv1.ExchangeResponse) {
	said := c.body.GetStatus().GetGrantVersion()
	wiped := said == 0 && m.people.revoked[ph.incarnation]
	m.at(ph.id, syncengine.ID{}).want(said == ph.grant || wiped, I21, "it says that it works under grants %d, the last it was to take are %d", said, ph.grant)
	if g := reply.GetGrants(); g != nil && (ph.shows(c) || g.GetVersion() > ph.grant) {
		ph.grant = g.GetVersion()
	}
	ph.takesLease(reply.GetGrants())
}

// shows reports a call that showed the grants of before another history was told.
func (ph *phone) shows(c *call) bool {
	return ph.showing && syncengine.Epoch(c.body.GetEpoch()) == ph.epoch
}

// takeEpoch notes an answer of another epoch than the last one: what that history
// does not have is to be sent again, and lies over base when base is replaced.
func (ph *phone) takeEpoch(epoch syncengine.Epoch) (renewed bool) {
	if epoch == 0 || epoch == ph.epoch {
		return false
	}
	if renewed = ph.epoch != 0; renewed {
		ph.rewind()
		ph.renewed = true
	}
	ph.epoch = epoch
	return renewed
}

// rewind notes that the server has own changes up to the mark only.
func (ph *phone) rewind() {
	if !ph.rewinding || ph.mark < ph.rewound {
		ph.rewound = ph.mark
	}
	ph.rewinding = true
}

// noteQuarantined notes what was quarantined; another history may judge anew.
func (ph *phone) noteQuarantined(c *call, reply *syncv1.ExchangeResponse) {
	for i, o := range reply.GetOutcomes().GetResults() {
		seq := c.dot(i).Seq
		if o.GetCode() == syncv1.OutcomeCode_OUTCOME_CODE_QUARANTINED {
			ph.quarantined[seq] = waiting
		} else if ph.rewinding {
			delete(ph.quarantined, seq)
		}
	}
}

// takePage moves what the phone stands on when it has caught up. A part of the
// keys that is filled in the middle of a pull has the pull begin anew.
func (m *Model) takePage(ph *phone, c *call, reply *syncv1.ExchangeResponse) {
	fresh := reply.GetNonceState() == syncv1.NonceState_NONCE_STATE_UNSPECIFIED
	ph.revoked = fresh && len(reply.GetCursor()) == 0
	if !fresh || ph.revoked || !ph.takeView(reply.GetView()) {
		return
	}
	if !slices.Contains(ph.told, c.branch) {
		ph.told = append(ph.told, c.branch)
	}
	for _, d := range reply.GetPage().GetDecisions() {
		if _, set := ph.quarantined[syncengine.DeviceSeq(d.GetDeviceSeq())]; set {
			ph.quarantined[syncengine.DeviceSeq(d.GetDeviceSeq())] = decidedAs(d.GetReleased())
		}
	}
	ph.pulling = !reply.GetCaughtUp()
	if reply.GetCaughtUp() {
		ph.settle()
		view := c.view
		ph.stood = append(slices.Clip(ph.stood), c.position)
		ph.checkpoint, ph.at, ph.view = c.position, coordinate(reply.GetPosition()), &view
		ph.lost, ph.cleaned, ph.destroyed = nil, nil, false
	}
}

// takeView takes over other keys; false tells that the pull begins anew.
func (ph *phone) takeView(v *syncv1.View) bool {
	if v == nil {
		return true
	}
	ph.moving = true
	whole := len(v.GetFilled()) == len(v.GetKeys())
	if ph.pulling {
		ph.pulling = false
		if !whole {
			return false
		}
	}
	if whole && ph.renewed {
		// The fill tells what this history has decided; what an earlier one did is open again.
		for seq := range ph.quarantined {
			if seq <= ph.rewound {
				ph.quarantined[seq] = waiting
			}
		}
	}
	return true
}

// settle moves base: own rows up to the mark are in it, those that this history
// does not have lie over it again.
func (ph *phone) settle() {
	if ph.rewinding {
		ph.settled = min(ph.settled, ph.rewound)
		ph.rewinding, ph.renewed = false, false
		for seq := range ph.quarantined {
			if seq > ph.mark {
				delete(ph.quarantined, seq)
			}
		}
	}
	ph.settled, ph.moving = max(ph.settled, ph.mark), false
}

func decidedAs(free bool) string {
	if free {
		return released
	}
	return rejected
}

// roundsIdleMax is how many exchanges in a row may drain nothing of an outbox
// once faults have stopped: a fresh nonce after a restart, a gap told, a new name.
const roundsIdleMax = 4

func (m *Model) heal() {
	m.healed = true
	for _, ph := range m.phones {
		ph.idle = 0
	}
}

// countRound wants an outbox to drain while nothing fails.
func (m *Model) countRound(ph *phone, pending int, reply *syncv1.ExchangeResponse) {
	if !m.healed || pending == 0 || reply.GetFork() != nil {
		return
	}
	if int(ph.end()-ph.mark) < pending {
		ph.idle = 0
	} else {
		ph.idle++
	}
	m.at(ph.id, syncengine.ID{}).want(ph.idle <= roundsIdleMax, I14, "%d exchanges in a row drained nothing of %d changes", ph.idle, pending)
}

// baseOf gives a record as the phone's base has it, with the classes it may read;
// nil where base does not hold it.
func (m *Model) baseOf(ph *phone, id syncengine.ID) (*record, schema.Classes) {
	if ph.view == nil || ph.checkpoint.branch == nil || ph.destroyed {
		return nil, 0
	}
	rec := ph.checkpoint.branch.recordAt(id, ph.checkpoint.seq)
	if rec == nil {
		return nil, 0
	}
	classes := m.schema.Access.ReadClasses(rec.kind.Number, m.overNow(ph.view, rec))
	if classes == 0 {
		return nil, 0
	}
	return m.cleanedBase(ph, rec), classes
}
