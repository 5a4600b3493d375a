package exchange

import (
	"context"
	"slices"
	"time"

	storedv1 "onedoor/proto/gen/onedoor/stored/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/internal/wire"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// What a phone was granted it may use for the length of a lease without asking
// again. The server keeps, for each phone, until when the leases went that it gave,
// and which changes the phone had made when it was given each: so a change is
// judged by the lease it was made under, whatever was given since.

const (
	// lateMax is how long after the end of its lease a change is still taken, by
	// arrival: a fortnight finds a phone that lay in a drawer over a holiday and an
	// illness. What comes later a person looks at.
	lateMax syncengine.UnixMilli = 14 * 24 * 60 * 60_000
	// leasesMax is how many leases are kept apart for a phone. Leases that no waiting
	// change was made under are of no use, and a phone has at most the one that it
	// works on and a few whose replies were lost.
	leasesMax = 16
)

// SetLease changes how long leases last that are given from now on.
func (s *Service) SetLease(ctx context.Context, length time.Duration) error {
	return s.Update(ctx, func(w store.Writer) error {
		realm, err := identity.GetRealm(w)
		if err != nil {
			return err
		}
		realm.Lease = syncengine.UnixMilli(length.Milliseconds())
		return identity.PutRealm(w, realm)
	})
}

// lend decides whether a call's reply brings a lease: where the phone asks for
// one, or its grants are others now. The end of it is noted with what the group
// writes, so that it is durable before the phone hears of it.
func (s *Service) lend(r store.Reader, c *call) error {
	if c.push.device.State != identity.DeviceActive {
		return nil
	}
	current, err := s.caches.grants(r, c.push.device.UserID)
	if err != nil || current.Version == c.body.GetStatus().GetGrantVersion() && !c.body.GetWantsLease() {
		return err
	}
	length, err := s.caches.lease(r)
	c.push.lent = c.push.received + length
	return err
}

// noteLent notes the lease that the reply brings, and one that the phone shows with
// the realm's signature and a restore has lost.
func (k *work) noteLent(p *push, progress *storedv1.Progress) {
	noteLease(progress, progress.GetMark(), p.shown)
	status := p.body.GetStatus()
	made := progress.GetMark() + status.GetOutboxCount()
	if status != nil && status.Acknowledged != nil {
		made = status.GetAcknowledged() + status.GetOutboxCount()
	}
	noteLease(progress, made, p.lent)
}

// noteLease adds a lease that begins after a change. Leases are kept in the order in which they begin, and each ends later than
// those before it: one that begins no earlier than another and ends no later says nothing. What a phone shows after a restore
// begins before what it was given in the same breath, which it asked for as one who had made all that is lost.
func noteLease(p *storedv1.Progress, after uint64, until syncengine.UnixMilli) {
	at := 0
	for at < len(p.Leases) && p.Leases[at].GetAfter() < after {
		at++
	}
	told := at > 0 && p.Leases[at-1].GetUntilMs() >= int64(until)
	told = told || at < len(p.Leases) && p.Leases[at].GetAfter() == after && p.Leases[at].GetUntilMs() >= int64(until)
	if until == 0 || told {
		return
	}
	behind := slices.DeleteFunc(slices.Clone(p.Leases[at:]), func(l *storedv1.Lease) bool { return l.GetUntilMs() <= int64(until) })
	p.Leases = append(append(p.Leases[:at:at], &storedv1.Lease{After: after, UntilMs: int64(until)}), behind...)
	if over := len(p.Leases) - leasesMax; over > 0 {
		p.Leases = p.Leases[over:]
	}
}

// leaseOf gives the end of the lease that a change was made under; 0 for a phone
// of older software, which has none.
func leaseOf(p *storedv1.Progress, seq syncengine.DeviceSeq) (until syncengine.UnixMilli) {
	for i, l := range p.GetLeases() {
		if i == 0 || l.GetAfter() < uint64(seq) {
			until = syncengine.UnixMilli(l.GetUntilMs())
		}
	}
	return until
}

// tooLate reports a change that arrives long after the end of its lease.
func (j *judging) tooLate() bool {
	until := leaseOf(j.progress, j.seq)
	return until != 0 && j.push.received > until+lateMax
}

// lapsed tells a change outside of its author's grants from one inside of a grant
// that had ended by itself, long before the change arrived.
func (j *judging) lapsed(view identity.View, rec *syncengine.Record, why reason) (reason, error) {
	if why != syncv1.QuarantineReason_QUARANTINE_REASON_OUT_OF_SCOPE {
		return why, nil
	}
	var roles schema.Roles
	if rec == nil {
		grounds, err := j.work.grounds(j.kind, j.merged.Record)
		if err != nil {
			return none, err
		}
		roles = view.Over(grounds)
	} else {
		_, roles = j.work.rolesNowOrAt(view, rec, j.base)
	}
	if roles != 0 {
		return syncv1.QuarantineReason_QUARANTINE_REASON_LEASE_ENDED, nil
	}
	return why, nil
}

// endGrants takes from a user the grants whose own end has come.
func (s *Service) endGrants(ctx context.Context, user syncengine.ID) error {
	ended := false
	err := s.store.View(ctx, func(r store.Reader) (err error) {
		ended, err = s.grantsEnded(r, user)
		return err
	})
	if err != nil || !ended {
		return err
	}
	return s.takeEnded(ctx, user)
}

// grantsEnded reports that a user holds grants whose own end has come.
func (s *Service) grantsEnded(r store.Reader, user syncengine.ID) (bool, error) {
	current, err := s.caches.grants(r, user)
	end := current.EndOf()
	return end != 0 && end <= s.now(), err
}

// takeEnded takes them away.
func (s *Service) takeEnded(ctx context.Context, user syncengine.ID) error {
	return s.Update(ctx, func(w store.Writer) error {
		_, err := identity.RefreshGrants(w, user, s.now())
		return err
	})
}

// EndGrants takes from everybody the grants whose own end has come. A phone that
// calls is seen to at once; this is for consoles and for those who do not call.
func (s *Service) EndGrants(ctx context.Context) error {
	var users []identity.User
	err := s.store.View(ctx, func(r store.Reader) (err error) {
		users, err = identity.Users(r)
		return err
	})
	for _, u := range users {
		if err == nil {
			err = s.endGrants(ctx, u.ID)
		}
	}
	return err
}

// signedGrants are a user's grants as a phone keeps them, works on until the end of
// the lease, and may hand back.
func (s *Service) signedGrants(user syncengine.ID, v identity.GrantVersion, from, until syncengine.UnixMilli) *syncv1.Grants {
	out := wireGrants(v)
	out.IssuedMs, out.LeaseUntilMs = int64(from), int64(until)
	out.Sealing = s.secrets.SealingPublic()
	s.sign(&out.Signature, wire.GrantsMessage(user[:], out))
	return out
}

// shownLease gives the end of the lease on grants that a phone shows, if they are genuine.
func (s *Service) shownLease(c *call) syncengine.UnixMilli {
	shown, user := c.body.GetGrants(), c.push.device.UserID
	if shown == nil || !wire.VerifyGrants(s.receiptPublicKey(), user[:], shown) {
		return 0
	}
	return syncengine.UnixMilli(shown.GetLeaseUntilMs())
}
