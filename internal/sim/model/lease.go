package model

import (
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// What a phone was granted it is lent for a time. A change that arrives more than a fortnight after the end of the lease that its
// author worked under waits for a person (rule 4.3 of the protocol). The auditor knows which lease a phone had when it made a
// change, by the replies that it truly took. The server knows which ones it has given, and not which were heard: where a reply was
// lost it may take a change for one of the later lease, and has to let one wait only where no lease that it gave before the change
// was made reaches so far.

// lateMost is how long after the end of its lease a change is taken, by arrival. It is spelled again.
const lateMost syncengine.UnixMilli = 14 * 24 * 60 * 60_000

// lent is a lease that a phone was given when it had made so many changes.
type lent struct {
	made  syncengine.DeviceSeq
	until syncengine.UnixMilli
}

// lends notes the lease that a call brings: the one of the reply, or the longest that there is where none was told.
func (m *Model) lends(c *call, reply *syncv1.ExchangeResponse, failed bool) {
	until := syncengine.UnixMilli(reply.GetGrants().GetLeaseUntilMs())
	if failed {
		until = c.at + identity.LeaseDefault
	}
	if status := c.body.GetStatus(); until != 0 {
		made := syncengine.DeviceSeq(status.GetAcknowledged() + status.GetOutboxCount())
		m.leases[c.incarnation()] = append(m.leases[c.incarnation()], lent{made, until})
	}
}

// overdue reports a change that waits because its lease had ended long before it arrived, by what the rule leaves to the server.
func (m *Model) overdue(r *row, dot syncengine.Dot, e store.Entry, c *call) bool {
	if c == nil || r.lease == 0 || c.at <= r.lease+lateMost {
		return false
	}
	says := e.Type == store.EntryQuarantined && reason(e.Reason) == syncv1.QuarantineReason_QUARANTINE_REASON_LEASE_ENDED
	return says || c.at > m.lentAtMost(r, dot)+lateMost
}

// lentAtMost gives the end of the last lease that the server may take a change to have been made under. A restored server knows of
// a later one by the phone alone, and not from which change on it went.
func (m *Model) lentAtMost(r *row, dot syncengine.Dot) syncengine.UnixMilli {
	most := r.lease
	for name, leases := range m.leases {
		if name != dot.Incarnation && !m.descends(dot, syncengine.Dot{Incarnation: name}) {
			continue
		}
		for _, l := range leases {
			if l.made < r.seq || len(m.branches) > 1 {
				most = max(most, l.until)
			}
		}
	}
	return most
}

// takesLease moves the phone to the lease of a reply, with its grants or for those that it has.
func (ph *phone) takesLease(g *syncv1.Grants) {
	if g.GetVersion() == ph.grant && g.GetLeaseUntilMs() != 0 {
		ph.lease = syncengine.UnixMilli(g.GetLeaseUntilMs())
	}
}
